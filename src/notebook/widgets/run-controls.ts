import type { Method } from "../../optimizer/method";
import type { Schedule } from "../../schedule/schedule";
import type { ChangeRecord } from "../../train/records";
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
 * A Stop button and sliders for what the method has: learning rate and perturbation scale where they are constant, alpha and cap of a
 * power law, or a constant number of queries. Where nobody moves them, `steer()` is null and nothing changes.
 * @example train({ ...options, steer: controls.steer, signal: controls.signal })
 */
export function runControls(name: string, method: Method): RunControls {
  const ended = new AbortController();
  const stop = button("Stop", { look: "danger", tooltip: `ends ${name}; its record is kept` });
  stop.subscribe(() => {
    ended.abort();
    stop.configure({ disabled: true, description: "stopping ..." });
  });
  const rate = method.learningRate.kind === "constant" ? around("learning rate", method.learningRate.value) : null;
  const scale =
    method.estimator.kind === "two-sided" ? around("perturbation scale", method.estimator.perturbationScale) : null;
  const queries = queryControls(method.queries);
  const sliders = [rate, scale, ...queries.controls].filter((each): each is Control<number> => each !== null);
  let moved = false;
  for (const slider of sliders) slider.subscribe(() => (moved = true));
  return {
    view: hbox([stop, vbox(sliders)]),
    sliders,
    stop,
    signal: ended.signal,
    steer: () =>
      moved
        ? {
            ...(rate ? { learningRate: { kind: "constant", value: rate.value } } : {}),
            ...(scale ? { perturbationScale: scale.value } : {}),
            ...(queries.controls.length > 0 ? { queries: queries.schedule() } : {}),
          }
        : null,
  };
}

function around(description: string, value: number): Control<number> | null {
  return value > 0 ? logSlider(description, { value, min: value / REACH, max: value * REACH }) : null;
}

function queryControls(queries: Schedule): {
  readonly controls: readonly Control<number>[];
  schedule(): Schedule;
} {
  if (queries.kind === "constant" && Number.isInteger(queries.value)) {
    const count = integerSlider("queries", { value: queries.value, min: 1, max: Math.max(32, queries.value) });
    return { controls: [count], schedule: () => ({ kind: "constant", value: count.value }) };
  }
  if (queries.kind === "power-law" && queries.form === "current") {
    const { multiplier, cap } = queries;
    const alpha = floatSlider("alpha", { value: multiplier, min: 0.05, max: Math.max(3, multiplier), step: 0.05 });
    const most = integerSlider("cap", { value: cap, min: 1, max: Math.max(64, cap) });
    return { controls: [alpha, most], schedule: () => ({ ...queries, multiplier: alpha.value, cap: most.value }) };
  }
  return { controls: [], schedule: () => queries };
}

/** The controls of a run, shown under the cell until the run has ended; then a line says what was changed by hand. */
export interface ShownControls extends RunControls {
  end(changes: readonly ChangeRecord[]): void;
}

export function showRunControls(name: string, method: Method): ShownControls {
  const controls = runControls(name, method);
  const said = label(`${name}: what is moved here takes effect in the next step and is written to the run's record.`);
  const output = show(vbox([said, controls.view]));
  return {
    ...controls,
    end(changes) {
      const text =
        changes.length === 0 ? `${name}: nothing was changed by hand` : `${name}: ${describeChanges(changes)}`;
      output.freeze({ "text/html": `<div>${escapeHtml(text)}</div>`, "text/plain": text });
    },
  };
}

/**
 * @example describeChanges([{ kind: "change", step: 30, change: { perturbationScale: 0.01 } }]) // "changed by hand: before step 31 perturbation scale 0.01"
 */
export function describeChanges(changes: readonly ChangeRecord[]): string {
  const one = ({ step, change: { learningRate, queries, perturbationScale } }: ChangeRecord): string =>
    [
      ...(learningRate ? [`learning rate ${scheduleText(learningRate)}`] : []),
      ...(perturbationScale === undefined ? [] : [`perturbation scale ${short(perturbationScale)}`]),
      ...(queries ? [`queries ${scheduleText(queries)}`] : []),
    ].reduce((text, part, i) => `${text}${i === 0 ? " " : ", "}${part}`, `before step ${step + 1}`);
  return `changed by hand: ${changes.map(one).join("; ")}`;
}

function scheduleText(schedule: Schedule): string {
  if (schedule.kind === "constant") return short(schedule.value);
  if (schedule.kind === "power-law" && schedule.form === "current")
    return `alpha ${short(schedule.multiplier)}, cap ${schedule.cap}`;
  return schedule.kind;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
