import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import type { ModelSession } from "../../src/engine/session";
import { arm } from "../../src/experiment/arms";
import type { StudySettings } from "../../src/experiment/arm";
import type { ArmName } from "../../src/experiment/arms";
import type { Problem } from "../../src/experiment/problem";
import { armOptions } from "../../src/experiment/run-arm";
import type { ArmRun } from "../../src/experiment/run-arm";
import type { LabelledBatch } from "../../src/task/classifier";
import type { TrainOptions } from "../../src/train/train";
import { tinyProblem, tinySettings } from "./tiny-problem";

export interface TinyRun {
  readonly options: TrainOptions<LabelledBatch>;
  readonly session: ModelSession;
}

export interface TinyChanges {
  readonly problem?: Problem;
  readonly settings?: Partial<StudySettings>;
}

/** An arm on the ONNX engine, one thread, 12 steps of 4 texts (or a changed problem); dispose of the session. */
export async function tinyRun(
  name: ArmName,
  { problem, settings, ...run }: Partial<ArmRun> & TinyChanges = {},
): Promise<TinyRun> {
  const of = problem ?? (await tinyProblem("bert"));
  const { model } = of.loaded;
  const chosen = arm(name, tinySettings("bert", settings));
  const adapter = makeAdapter(chosen.adapter, model.sites);
  const session = await onnxSession(model, adapter, { threads: 1 });
  const options = armOptions(chosen, of, adapter, session, { seed: 5, evaluateEvery: 4, stopMargin: null, ...run });
  return { session, options: { ...options, clock: () => 0 } };
}
