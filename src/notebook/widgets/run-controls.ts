import { perturbationScaleOf } from "../../optimizer/method";
import type { Method } from "../../optimizer/method";
import type { Schedule } from "../../schedule/schedule";
import type { ChangeRecord } from "../../train/records";
import { changedMethod } from "../../train/method-change";
import type { MethodChange } from "../../train/method-change";
import { escapeHtml } from "../escape-html";
import { button, floatSlider, integerSlider, label, logSlider } from "./controls";
import type { Button } from "./controls";
import type { Control } from "./control";
import { hbox, show, vbox } from "./view";
import type { View } from "./view";

/** The controls of a run that goes: Stop, and what may be changed meanwhile. */
export interface RunControls {
  readonly view: View;
  readonly sliders: readonly Control<number>[];
  readonly stop: Button;
  /** Aborted by the Stop button. */
  readonly signal: AbortSignal;
  /** What the user wants in place of the method; null until something was moved. */
  steer(): MethodChange | null;
}

/** How far a rate or scale may be moved from where it started, as a factor either way. */
const REACH = 30;

/**
 * Makes a Stop button and sliders for what the method has: learning rate and perturbation scale where they are constant, alpha and cap of a
 * power law, or a constant number of queries. Where nobody moves them, `steer()` is null and nothing changes.
 * For example `train({ ...options, steer: controls.steer, signal: controls.signal })`.
 * @param change what is in force in place of the method's own, in a run that is continued: the controls begin there
 */
export function runControls(name: string, method: Method, change: MethodChange = {}): RunControls {
  const ended = new AbortController();
  const stop = button("Stop", { look: "danger", tooltip: `ends ${name}; its record is kept` });
  stop.subscribe(() => {
    ended.abort();
    stop.configure({ disabled: true, description: "stopping ..." });
  });
  const knobs = knobsOf(changedMethod(method, change));
  const moved = new Set<Knob>();
  for (const knob of knobs) for (const slider of knob.sliders) slider.subscribe(() => moved.add(knob));
  const sliders = knobs.flatMap((knob) => knob.sliders);
  return {
    view: hbox([stop, vbox(sliders)]),
    sliders,
    stop,
    signal: ended.signal,
    steer: () =>
      moved.size === 0 ? null : [...moved].reduce((all, knob) => ({ ...all, ...knob.change() }), { ...change }),
  };
}

/** A part of the method that sliders move, and what they want of it now. */
interface Knob {
  readonly sliders: readonly Control<number>[];
  change(): MethodChange;
}

function knobsOf(method: Method): readonly Knob[] {
  const { learningRate, queries } = method;
  const epsilon = perturbationScaleOf(method);
  const rate =
    learningRate.kind === "constant"
      ? around("learning rate", learningRate.value, (value) => ({ learningRate: { kind: "constant", value } }))
      : null;
  const scale =
    epsilon !== null ? around("perturbation scale", epsilon, (perturbationScale) => ({ perturbationScale })) : null;
  return [rate, scale, queryKnob(queries)].filter((knob): knob is Knob => knob !== null);
}

function around(description: string, value: number, change: (value: number) => MethodChange): Knob | null {
  if (!(value > 0)) return null;
  const slider = logSlider(description, { value, min: round(value / REACH), max: round(value * REACH) });
  return { sliders: [slider], change: () => change(slider.value) };
}

/** An end of a scale: two digits are enough. */
function round(value: number): number {
  return Number(value.toPrecision(2));
}

function queryKnob(queries: Schedule): Knob | null {
  if (queries.kind === "constant" && Number.isInteger(queries.value)) {
    const count = integerSlider("queries", { value: queries.value, min: 1, max: Math.max(32, queries.value) });
    return { sliders: [count], change: () => ({ queries: { kind: "constant", value: count.value } }) };
  }
  if (queries.kind === "power-law" && queries.form === "current") {
    const { multiplier, cap } = queries;
    const [least, greatest] = [Math.min(0.05, multiplier), Math.max(3, multiplier)];
    const alpha = floatSlider("alpha", { value: multiplier, min: least, max: greatest, step: 0.05 });
    const most = integerSlider("cap", { value: cap, min: 1, max: Math.max(64, cap) });
    const change = (): MethodChange => ({ queries: { ...queries, multiplier: alpha.value, cap: most.value } });
    return { sliders: [alpha, most], change };
  }
  return null;
}

/** The controls of a run, shown under the cell until the run has ended; then a line says what it ran with, and what was changed by hand. */
export interface ShownControls extends RunControls {
  end(changes: readonly ChangeRecord[]): void;
}

export function showRunControls(name: string, method: Method, change?: MethodChange): ShownControls {
  const controls = runControls(name, method, change);
  const said = label(`${name}: what is moved here takes effect in the next step and is written to the run's record.`);
  const output = show(vbox([said, controls.view]));
  return {
    ...controls,
    end(changes) {
      const own = Object.entries(partsOf({}, method)).map(([part, value]) => `${part} ${value}`);
      const text = [
        `${name}: ${own.join(", ")}`,
        ...(changes.length === 0 ? [] : [describeChanges(changes, method)]),
      ].join("; ");
      output.freeze({ "text/html": `<div>${escapeHtml(text)}</div>`, "text/plain": text });
    },
  };
}

/**
 * Tells what was changed, and when: of each record what differs from what held before it.
 * @param method the run's own, which holds before the first; where it is left out all of the first record is said
 * @example describeChanges([{ kind: "change", step: 30, change: { perturbationScale: 0.01 } }]) // "changed by hand: before step 31 perturbation scale 0.01"
 */
export function describeChanges(changes: readonly ChangeRecord[], method?: Method): string {
  const one = ({ step, change }: ChangeRecord, at: number): string => {
    const before = at > 0 ? changes[at - 1]!.change : {};
    const now = partsOf(change, method);
    const then = partsOf(before, method);
    const different = Object.keys(now).filter((name) => now[name] !== then[name]);
    const parts = different.length > 0 ? different : Object.keys(now);
    return `before step ${step + 1} ${parts.map((name) => `${name} ${now[name]}`).join(", ")}`;
  };
  return `changed by hand: ${changes.map(one).join("; ")}`;
}

/** What a change leaves in force, by name, in words. */
function partsOf(change: MethodChange, method: Method | undefined): Readonly<Record<string, string>> {
  const own = (method && perturbationScaleOf(method)) ?? undefined;
  const { learningRate = method?.learningRate, perturbationScale = own, queries = method?.queries } = change;
  return {
    ...(learningRate && { "learning rate": scheduleText(learningRate) }),
    ...(perturbationScale !== undefined && { "perturbation scale": String(perturbationScale) }),
    ...(queries && { queries: scheduleText(queries) }),
  };
}

function scheduleText(schedule: Schedule): string {
  if (schedule.kind === "constant") return String(schedule.value);
  if (schedule.kind === "power-law" && schedule.form === "current")
    return `alpha ${schedule.multiplier}, cap ${schedule.cap}`;
  return schedule.kind;
}
