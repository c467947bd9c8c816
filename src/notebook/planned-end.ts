import type { TrainingHistory } from "../train/run-history";
import { methodAt } from "../train/steering";
import { MINUTE, passesOfStep, spent } from "../train/settings";
import type { RunSettings } from "../train/settings";

/** Steps and forward passes of a run. */
export interface RunCount {
  readonly step: number;
  readonly forwardPasses: number;
}

/** What a trajectory has of a run that goes. */
export type RunSoFar = Pick<TrainingHistory, "header" | "steps" | "changes">;

/** Says where a run will end, from where its trajectory stands, with what was changed by hand. */
function plannedEndOf({ header: { settings }, steps, changes }: RunSoFar): RunCount {
  const { step, forwardPasses, elapsedMs } = steps.at(-1) ?? { step: 0, forwardPasses: 0, elapsedMs: 0 };
  if (settings.budget.kind === "minutes")
    return atPace(step, forwardPasses, (MINUTE * settings.budget.minutes) / Math.max(elapsedMs, 1));
  return plannedEnd({ ...settings, method: methodAt(settings.method, changes, step) }, { step, forwardPasses });
}

/**
 * Says where a run that goes will end, asked at each of its steps: counted once, and again where the method was changed by hand or the budget is of minutes.
 * For example `const end = plannedEnds(); end(seen)`.
 */
export function plannedEnds(): (so: RunSoFar) => RunCount {
  let last: (RunCount & { readonly changes: number }) | null = null;
  return (so) => {
    const changes = so.changes.length; // other queries, another end
    const timed = so.header.settings.budget.kind === "minutes";
    if (last === null || last.changes !== changes || timed) last = { ...plannedEndOf(so), changes };
    return last;
  };
}

/**
 * Says where a run will end that stands at a step, by its budget and the method that is in force; of a budget of minutes that is not known, and it
 * is where the run stands.
 * For example `plannedEnd({ ...settings, method: mezo({ queries: 4 }), budget: { kind: "forward-passes", forwardPasses: 240 } }, { step: 0, forwardPasses: 0 })`: { step: 30, forwardPasses: 240 }.
 */
export function plannedEnd(settings: RunSettings, { step, forwardPasses }: RunCount): RunCount {
  if (settings.budget.kind === "minutes") return { step, forwardPasses };
  while (!spent(settings, step, forwardPasses, 0)) {
    forwardPasses += passesOfStep(settings, step);
    step++;
  }
  return { step, forwardPasses };
}

/** What a run on minutes comes to if it goes on as it went. */
function atPace(step: number, forwardPasses: number, times: number): RunCount {
  const stretch = Math.max(times, 1);
  return { step: Math.ceil(step * stretch), forwardPasses: Math.ceil(forwardPasses * stretch) };
}
