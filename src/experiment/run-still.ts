import { fail } from "../check/check";
import type { Features, ModelSession } from "../engine/session";
import { evaluateClassifier } from "../task/classifier";
import { linearProbe } from "./linear-probe";
import type { StillArm } from "./plan";
import { FROZEN } from "./plan";
import type { Problem, Scores, Trainable } from "./problem";
import type { StillResult } from "./record";

/** What an arm without steps measured, and its one look at test. */
export interface StillScores {
  readonly still: StillResult;
  readonly test: Scores;
  /** The probe's C that was best on dev, and the dev loss of each. */
  readonly chosen: { readonly strength: number; readonly losses: readonly number[] } | null;
}

const NOTHING = new Float32Array(0);

/**
 * Measures the frozen model as it is, or with a linear probe on its features whose C is the one with the lowest loss on dev.
 * @param session the problem's model without an adapter
 * @throws when a probe is asked for on a task without classes
 */
export async function runStill(
  arm: StillArm,
  problem: Trainable<unknown>,
  session: ModelSession,
  clock: () => number,
): Promise<StillScores> {
  const begin = clock();
  const result = (dev: StillResult["dev"], parameters: number, message: string): StillResult => ({
    ...{ model: session.id, adapter: FROZEN, data: problem.dataHash, parameters, dev, message },
    elapsedMs: clock() - begin,
  });
  if (arm.kind === "zero-shot") {
    const dev = await problem.evaluate(session, NOTHING, "dev", FROZEN);
    const test = await problem.evaluate(session, NOTHING, "test", FROZEN);
    return { still: result(dev, 0, `zero-shot: dev loss ${dev.loss.toFixed(4)}`), test, chosen: null };
  }
  if (!isClassification(problem))
    return fail(`linear probe on ${problem.task.name}`, "a task with classes", problem.task.name);
  const { classes } = problem.readout;
  const features = await trainFeatures(problem, session);
  const labels = problem.train.flatMap((batch) => batch.labels);
  const probes = [];
  for (const strength of arm.strengths) {
    const readout = linearProbe(features, labels, classes, strength);
    probes.push({ strength, readout, dev: await evaluateClassifier(session, readout, NOTHING, problem.dev) });
  }
  const [first, ...rest] = probes;
  if (first === undefined) return fail(`${arm.name}: strengths`, "at least one", "none");
  const best = rest.reduce((a, b) => (b.dev.loss < a.dev.loss ? b : a), first);
  const test = await evaluateClassifier(session, best.readout, NOTHING, problem.test);
  const dev = { ...best.dev, forwardPasses: problem.dev.length };
  const parameters = classes * (features.width + 1);
  return {
    still: result(dev, parameters, `probe with C = ${best.strength}: dev loss ${dev.loss.toFixed(4)}`),
    test: { ...test, forwardPasses: problem.test.length, metrics: problem.metricsOf("test", test.predictions) },
    chosen: { strength: best.strength, losses: probes.map((probe) => probe.dev.loss) },
  };
}

function isClassification(problem: Trainable<unknown>): problem is Problem {
  return "readout" in problem;
}

async function trainFeatures({ train }: Problem, session: ModelSession): Promise<Features> {
  const all: Features[] = [];
  for (const { input } of train) all.push(await session.features([NOTHING], input));
  const texts = all.reduce((sum, part) => sum + part.texts, 0);
  const data = new Float32Array(texts * session.width);
  let at = 0;
  for (const part of all) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, points: 1, texts, width: session.width };
}
