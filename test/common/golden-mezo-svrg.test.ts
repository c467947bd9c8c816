import { suite } from "uvu";
import * as assert from "uvu/assert";
import { drawStored } from "../../src/estimator/direction";
import type { Objective } from "../../src/estimator/objective";
import { NO_STATE, type State } from "../../src/estimator/state";
import { mezoSvrg } from "../../src/optimizer/recipes/mezo-svrg";
import { step, type StepResult } from "../../src/optimizer/step";
import { flatten, goldenObjective, layoutOfTrace, readTrace, type Tensors, type TraceStep } from "../support/golden";
import { partTraces } from "../support/golden-methods";
import { near } from "../support/near";

/**
 * The reference of MeZO-SVRG keeps no snapshot: its w_ref is the weights themselves, and the two numbers of a step between are along different z.
 * What is the paper's in its trace: the steps on all examples, and the first number of each step between.
 */
const test = suite("common/golden-mezo-svrg");

/** The rows of the examples; null: all of them. */
type Rows = readonly number[] | null;
interface Recorded extends TraceStep {
  readonly rows: Rows;
  readonly estimates: readonly (Readonly<Record<"plus" | "minus" | "projectedGradient", number>> & {
    readonly z: Tensors;
  })[];
}

const trace = readTrace(partTraces[2]);
const steps = trace.steps as readonly Recorded[];
const layout = layoutOfTrace(trace);
const { epsilon, q, learningRateFull, learningRateMini } = trace.hyper;
const settings = { perturbationScale: epsilon, every: q, batches: 1, learningRate: learningRateFull };
const method = mezoSvrg({ ...settings, miniRate: learningRateMini / learningRateFull });
const network: Objective<Rows> = {
  losses: (points, rows) => {
    const { x, y } = trace.problem;
    const taken = rows ?? x.map((_, row) => row);
    const problem = { ...trace.problem, x: taken.map((row) => x[row]), y: taken.map((row) => y[row]) };
    return goldenObjective({ ...trace, problem }).losses(points, null);
  },
  derivatives: () => {
    throw new Error("not to be asked");
  },
};
const floats = (tensors: Tensors): Float32Array => Float32Array.from(flatten(tensors, layout));
const zOf = (index: number, estimate = 0): Float32Array => floats(steps[index].estimates[estimate].z);
/** One step of ours, along the first z of each recorded step. */
const taken = (index: number, point: Float32Array, state: State): Promise<StepResult> =>
  step(method, network, point, {
    ...{ seed: 0, step: index, epoch: 0, layout, state, batch: steps[index].rows },
    draws: {
      check: () => undefined,
      open: (_spec, here) => drawStored((_query, out) => out.set(zOf(here.step))),
    },
  });
const before = (index: number): Float32Array => floats(index === 0 ? trace.initial : steps[index - 1].weights);

test("steps on all examples have the reference's losses and weights", async () => {
  for (const index of [0, 2]) {
    const [{ plus, minus, projectedGradient }] = steps[index].estimates;
    const { point, estimate } = await taken(index, before(index), NO_STATE);
    near(estimate.further!, [plus, minus], 2e-7);
    assert.ok(Math.abs(estimate.projectedGradients[0] - projectedGradient) < 5e-5 * (1 + Math.abs(projectedGradient)));
    // What float32 points leave in p, times the rate.
    near(point, floats(steps[index].weights), 5e-6);
  }
});

test("between them the first number is the reference's, and the step is the control variate that it misses", async () => {
  for (const index of [1, 3]) {
    const [reference, here] = [before(index - 1), before(index)];
    const full = await taken(index - 1, reference, NO_STATE);
    const { point, estimate } = await taken(index, here, full.state);
    const [{ plus, minus }] = steps[index].estimates;
    near(estimate.further!.slice(0, 2), [plus, minus], 2e-7);
    const z = zOf(index);
    const ends = [epsilon, -epsilon].map((by) => reference.map((value, i) => value + by * z[i]));
    const losses = await network.losses(ends, steps[index].rows);
    const [p, there] = [(plus - minus) / (2 * epsilon), (losses[0] - losses[1]) / (2 * epsilon)];
    const large = full.estimate.projectedGradients[0];
    const zLarge = zOf(index - 1);
    near(
      point,
      here.map((value, i) => value - learningRateMini * ((p - there) * z[i] + large * zLarge[i])),
      5e-6,
    );
    const off = point.map((value, i) => Math.abs(value - flatten(steps[index].weights, layout)[i]));
    assert.ok(Math.max(...off) > 1e-2, "the slip");
  }
});

test.run();
