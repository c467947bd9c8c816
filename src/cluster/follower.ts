import { fail } from "../check/check";
import type { State } from "../estimator/state";
import { createWorkspace } from "../estimator/workspace";
import { foldsBefore, step as takeStep } from "../optimizer/step";
import { methodAt } from "../train/steering";
import { walk } from "../train/replay";
import type { WalkedStep } from "../train/replay";
import type { ChangeRecord } from "../train/records";
import { headerOf } from "../train/train";
import type { TrainOptions } from "../train/train";
import type { Answer } from "./messages";
import { drawnFor, ENOUGH, sieve } from "./sieve";

/** What a run is followed with: no file, no evaluation. */
export type Followed<Batch> = Pick<
  TrainOptions<Batch>,
  "settings" | "identity" | "start" | "layout" | "objective" | "batchAt"
>;

/** A run on a machine that did not make it: walked from recorded scalars to where it stands, and asked there. */
export interface Follower {
  /** Steps that it has walked. */
  steps(): number;
  /** Walks on by steps that were recorded since. */
  follow(steps: readonly WalkedStep[], changes: readonly ChangeRecord[]): Promise<void>;
  /**
   * Computes numbers of the next step, counted through it.
   * @param known what earlier rounds of the step answered
   * @throws when the step has no such number
   */
  answer(known: readonly Answer[], wanted: readonly number[]): Promise<readonly Answer[]>;
}

/**
 * Opens a run to follow it, at its start.
 * For example `await openFollower(options).then((run) => run.answer([], [0, 1]))`: the first step's first two losses.
 */
export async function openFollower<Batch>(options: Followed<Batch>): Promise<Follower> {
  const { settings, start, layout, objective, batchAt } = options;
  const { base } = objective;
  const header = headerOf(options);
  const workspace = createWorkspace(layout.size);
  let steps: readonly WalkedStep[] = [];
  let changes: readonly ChangeRecord[] = [];
  let point = start;
  let state: State | undefined;
  /** The last step before which the weights took the change in. */
  let foldedBefore = 0;
  await base?.reset();
  const fold = async (change: Float32Array, step: number): Promise<void> => {
    if (foldedBefore >= step) return;
    await base?.fold(change);
    foldedBefore = step;
  };
  return {
    steps: () => steps.length,
    async follow(since, changed) {
      if (since.some(({ step }, i) => step !== steps.length + 1 + i))
        fail(
          "steps",
          `those after ${steps.length}, in order`,
          since.map(({ step }) => step),
        );
      changes = changed;
      if (since.length === 0) return;
      const all = [...steps, ...since];
      for (const next of walk({ header, steps: all, changes }, { step: steps.length, point, state }, layout)) {
        const index = next.step - 1;
        if (foldsBefore(methodAt(settings.method, changes, index), layout, index)) await fold(point, index);
        ({ point, state } = next);
      }
      steps = all;
    },
    async answer(known, asked) {
      const wanted = new Set(asked);
      if (wanted.size === 0) return [];
      const step = steps.length;
      const method = methodAt(settings.method, changes, step);
      const { objective: sieved, found } = sieve(objective, known, wanted, (change) => fold(change, step));
      const epoch = Math.floor(step / settings.stepsPerEpoch);
      const draws = drawnFor(method, layout, wanted);
      const at = { seed: settings.seed, step, epoch, layout, batch: await batchAt(step), batchAt, workspace, draws };
      try {
        await takeStep(method, sieved, point, { ...at, ...(state && { state }) });
      } catch (error) {
        if (error !== ENOUGH) throw error;
      }
      return asked.map((number) => found.get(number) ?? fail("number", `one of step ${step}`, number));
    },
  };
}
