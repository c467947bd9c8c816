import { fail, finiteNumber } from "../../check/check";
import { shown } from "../display";
import { escapeHtml } from "../escape-html";
import { control } from "./control";
import type { Control } from "./control";
import { openWidget } from "./open-widget";
import type { OpenWidget, WidgetState } from "./open-widget";
import { controlClass, openLayout, openStyle, ownView } from "./view";
import type { View } from "./view";

export interface SliderOptions {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** What a press of an arrow key adds, and the grid that a drag keeps to; default: about a hundredth of the range, or 1 for integers. A value that is given or typed need not lie on it. */
  readonly step?: number;
}

const WIDTH = "26em";

/**
 * Makes a slider over real numbers. The number beside it is the value to its last digit, and takes what is typed there.
 * @throws when min < max does not hold, or the value is outside
 * @example const rate = floatSlider("learning rate", { value: 3e-3, min: 0, max: 1e-2 }); rate.value // 0.003
 */
export function floatSlider(description: string, options: SliderOptions): Control<number> {
  const { min, max, step = roundStep((max - min) / 100) } = options;
  return slider("FloatSlider", description, options, { min, max, step, scale: "linear" });
}

/** Makes a slider over whole numbers. @example integerSlider("cap", { value: 8, min: 1, max: 64 }).value // 8 */
export function integerSlider(description: string, options: SliderOptions): Control<number> {
  const { min, max, step = 1 } = options;
  return slider("IntSlider", description, options, { min, max, step, scale: "linear" });
}

/**
 * Makes a slider over powers of ten: the handle moves evenly on a logarithmic scale from `min` to `max`, both positive; `step` is one of the
 * exponent.
 */
export function logSlider(description: string, options: SliderOptions): Control<number> {
  const { min, max, step = 0.02 } = options;
  if (!(min > 0)) fail(`${description}: min`, "a positive number (the scale is logarithmic)", min);
  const state = { min: Math.log10(min), max: Math.log10(max), step, base: 10, scale: "log" };
  return slider("FloatLogSlider", description, options, state);
}

/** The nearest of 1, 2, 5, 10, ... times a power of ten below a step. For example `roundStep(0.0295)`: 0.02. */
function roundStep(step: number): number {
  const power = Math.floor(Math.log10(step));
  const unit = 10 ** power;
  const times = [5, 2, 1].find((factor) => factor * unit <= step) ?? 1;
  return Number(`${times}e${power}`);
}

function slider(
  name: "FloatSlider" | "IntSlider" | "FloatLogSlider",
  description: string,
  { value, min, max }: SliderOptions,
  state: WidgetState,
): Control<number> {
  if (!(finiteNumber(`${description}: min`, min) < finiteNumber(`${description}: max`, max)))
    fail(`${description}: max`, `more than min ${min}`, max);
  const whole = name === "IntSlider";
  return control<number>({
    // ipywidgets' models, drawn by jupyter/labextensions/plotly-mime/static/number-slider.js: their own views change values by themselves.
    kind: { ...controlClass(name), ...ownView("NumberSliderView") },
    description,
    initial: value,
    field: "value",
    toState: (number) => number,
    fromState: (number) =>
      typeof number === "number" && number >= min && number <= max && (!whole || Number.isInteger(number))
        ? number
        : undefined,
    expected: `a${whole ? " whole" : ""} number from ${min} to ${max}`,
    state: {
      bounds: [min, max],
      whole,
      continuous_update: true,
      readout: true,
      orientation: "horizontal",
      ...state,
    },
    style: "SliderStyle",
    width: WIDTH,
  });
}

/**
 * Makes a choice of one of several texts.
 * @example dropdown("form", ["current", "june"], "june").value // "june"
 */
export function dropdown<const T extends string>(
  description: string,
  options: readonly T[],
  value: NoInfer<T> = options[0] as T,
): Control<T> {
  return control<T>({
    kind: controlClass("Dropdown"),
    description,
    initial: value,
    field: "index",
    toState: (text) => options.indexOf(text),
    fromState: (index) => (typeof index === "number" ? options[index] : undefined),
    expected: `one of ${options.join(", ")}`,
    state: { _options_labels: options },
    style: "DescriptionStyle",
    width: WIDTH,
  });
}

type NoInfer<T> = [T][T extends unknown ? 0 : never];

/** Makes a box to tick. @example checkbox("bias", true).value // true */
export function checkbox(description: string, value = false): Control<boolean> {
  return control<boolean>({
    kind: controlClass("Checkbox"),
    description,
    initial: value,
    field: "value",
    toState: (on) => on,
    fromState: (on) => (typeof on === "boolean" ? on : undefined),
    expected: "true or false",
    state: { indent: false },
    style: "CheckboxStyle",
  });
}

/** Makes one line of text to write in: what the field of a page cannot show, a line break, it cannot have. @example textInput("name", "mine").value // "mine" */
export function textInput(description: string, value = ""): Control<string> {
  return control<string>({
    kind: controlClass("Text"),
    description,
    initial: value,
    field: "value",
    toState: (text) => text,
    fromState: (text) => (typeof text === "string" && !/[\r\n]/.test(text) ? text : undefined),
    expected: "a text of one line",
    state: { continuous_update: true, placeholder: "" },
    style: "TextStyle",
    width: WIDTH,
  });
}

/** A button whose value is how often it was pressed. */
export interface Button extends Control<number> {
  /** Does what a press does. */
  press(): void;
}

/**
 * Makes a button whose presses a cell can wait for.
 * For example `const stop = button("Stop", { look: "danger" }); await stop.next()`.
 */
export function button(
  description: string,
  options: { readonly look?: "" | "primary" | "success" | "danger"; readonly tooltip?: string } = {},
): Button {
  const press = (): void => presses.set(presses.value + 1);
  const presses = control<number>({
    kind: controlClass("Button"),
    description,
    initial: 0,
    field: null,
    toState: (count) => count,
    fromState: (count) => (typeof count === "number" ? count : undefined),
    expected: "a count",
    state: { button_style: options.look ?? "", tooltip: options.tooltip ?? "" },
    style: "ButtonStyle",
    onCustom: ({ event }) => void (event === "click" && press()),
  });
  return Object.assign(presses, { press, describe: () => `[${description}]` });
}

/** A text that the program changes. */
export interface Label extends View {
  set(text: string): void;
}

/** Makes a text that is shown as it is. For example `const costs = label("12 passes"); costs.set("14 passes")`. */
export function label(initial: string): Label {
  let text = initial;
  let opened: OpenWidget | undefined;
  return {
    [shown]: true,
    set(next) {
      text = next;
      opened?.set({ value: escapeHtml(text) });
    },
    open: () =>
      (opened ??= openWidget(controlClass("HTML"), {
        value: escapeHtml(text),
        layout: openLayout(),
        style: openStyle("HTMLStyle"),
      })),
    describe: () => text,
  };
}

/** A bar from 0 to 1. */
export interface Progress extends View {
  set(share: number, text?: string): void;
}

/** Makes a bar that shows how far something is. For example `const bar = progressBar("AdaZeta"); bar.set(0.5, "step 120 of 240")`. */
export function progressBar(description: string): Progress {
  let state: WidgetState = { value: 0, description };
  let opened: OpenWidget | undefined;
  return {
    [shown]: true,
    set(share, text = description) {
      state = { value: Math.min(Math.max(share, 0), 1), description: text };
      opened?.set(state);
    },
    open: () =>
      (opened ??= openWidget(controlClass("FloatProgress"), {
        min: 0,
        max: 1,
        bar_style: "",
        orientation: "horizontal",
        ...state,
        layout: openLayout({ width: "40em" }),
        style: openStyle("ProgressStyle", { description_width: "initial" }),
      })),
    describe: () => `${String(state["description"])}: ${(100 * Number(state["value"])).toFixed(0)} %`,
  };
}
