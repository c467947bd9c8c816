import { fail, show as showValue } from "../../check/check";
import { shown } from "../display";
import { openWidget } from "./open-widget";
import type { OpenWidget, WidgetClass, WidgetState } from "./open-widget";
import { openLayout, openStyle } from "./view";
import type { View } from "./view";

/** A value under the user's hand: it can be read, subscribed to and awaited. Where nobody can move it, it holds its default. */
export interface Control<T> extends View {
  readonly value: T;
  /** Changes the value here and in the page. @throws when it is none that the control can have */
  set(value: T): void;
  /** Calls `listener` with every new value until the returned function is called. */
  subscribe(listener: (value: T) => void): () => void;
  /** The next new value; never settles where nobody moves the control. */
  next(): Promise<T>;
  /** Changes how it looks, not its value: enabled or not, its description. */
  configure(changed: { readonly disabled?: boolean; readonly description?: string }): void;
}

export interface ControlParts<T> {
  readonly kind: WidgetClass;
  readonly description: string;
  readonly initial: T;
  /** The field of the widget's state that has the value, and how the value lies in it; null: the page does not hear of it. */
  readonly field: string | null;
  toState(value: T): unknown;
  /** The value, or undefined for what the control cannot have. */
  fromState(state: unknown): T | undefined;
  readonly expected: string;
  readonly state: WidgetState;
  readonly style: string;
  readonly width?: string;
  /** Hears of what the page does besides changing the value. */
  readonly onCustom?: (content: WidgetState) => void;
}

/** How wide a description may be, in letters, before it takes room that the control itself needs. */
const LONG = 22;

/** The styles of a description: as wide as it is, or cut off with an ellipsis; the whole text is its tooltip. */
const describedAs = (description: string) => ({
  description_width: description.length > LONG ? "12em" : "initial",
});

/** Makes a control from its parts; `controls.ts` has the kinds. */
export function control<T>(parts: ControlParts<T>): Control<T> {
  const { kind, field, toState, fromState, expected } = parts;
  const listeners = new Set<(value: T) => void>();
  const checked = (value: T): T => {
    const found = fromState(toState(value));
    return found === undefined ? fail(parts.description, expected, value) : found;
  };
  let value = checked(parts.initial);
  let looks: WidgetState = { description: parts.description, disabled: false };
  let opened: OpenWidget | undefined;
  const tell = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of [...listeners]) listener(next);
  };
  return {
    [shown]: true,
    get value() {
      return value;
    },
    set(next) {
      const found = checked(next);
      if (field !== null) opened?.set({ [field]: toState(found) });
      tell(found);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    next: () =>
      new Promise((resolve) => {
        const once = (next: T): void => {
          listeners.delete(once);
          resolve(next);
        };
        listeners.add(once);
      }),
    configure(changed) {
      looks = { ...looks, ...changed };
      opened?.set(changed);
    },
    open: () =>
      (opened ??= openWidget(
        kind,
        {
          tooltip: parts.description,
          ...parts.state,
          ...looks,
          ...(field === null ? {} : { [field]: toState(value) }),
          layout: openLayout(parts.width === undefined ? {} : { width: parts.width }),
          style: openStyle(parts.style, parts.style === "ButtonStyle" ? {} : describedAs(parts.description)),
        },
        {
          ...(parts.onCustom && { onCustom: parts.onCustom }),
          onUpdate(changed) {
            if (field === null || !(field in changed)) return undefined;
            const next = fromState(changed[field]);
            if (next !== undefined) tell(next);
            // What the page shows is what is used, also where it said something that the control cannot have.
            return Object.is(toState(value), changed[field]) ? undefined : { [field]: toState(value) };
          },
        },
      )),
    describe: () => `${parts.description}: ${showValue(value)}`,
  };
}
