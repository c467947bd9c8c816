import { suite } from "uvu";
import * as assert from "uvu/assert";
import { simulatedMomentumFrom } from "../../src/estimator/directions/simulated-momentum";
import { NO_STATE } from "../../src/estimator/state";
import { zoAdamu } from "../../src/optimizer/recipes/zo-adamu";
import { applyRecorded, step, type StepFrom, type StepOutcome } from "../../src/optimizer/step";
import { flatten, goldenObjective, layoutOfTrace, readTrace, type Tensors } from "../support/golden";
import { partTraces } from "../support/golden-methods";
import { near } from "../support/near";

/**
 * The reference of ZO-AdaMU measures along 0.9 z'' + 0.1 z' and moves along another mix, and after its first phase its three moves of a step do
 * not cancel. What is the paper's in its trace is the update of the first phase, from recorded projected gradients.
 */
const test = suite("common/golden-zo-adamu");

const trace = readTrace(partTraces[0]);
const layout = layoutOfTrace(trace);
const first = trace.steps.filter((_, at) => at < 3);
const method = zoAdamu({
  learningRate: trace.hyper["learningRate"],
  weightDecay: trace.hyper["weightDecay"],
  perturbationScale: trace.hyper["epsilon"],
  steps: trace.hyper["maxSteps"],
  warmUp: trace.hyper["T1"],
});
const drawsOf = (at: number, purpose: "plus" | "update"): Tensors =>
  (first[at].draws[purpose] as unknown as { readonly zNew: Tensors }).zNew;
const draws = simulatedMomentumFrom((out, _seed, _stream, at) => {
  out.set(flatten(drawsOf(at, "update"), layout));
  return out;
}) as NonNullable<StepFrom["draws"]>;

test("weights and history after steps of the first phase are the reference's", () => {
  let at: StepOutcome = { point: Float32Array.from(flatten(trace.initial, layout)), state: NO_STATE };
  for (const { step: index, projectedGradient, weights, state } of first) {
    const recorded = { seed: 0, step: index, epoch: 0, layout, draws, projectedGradients: [projectedGradient!] };
    at = applyRecorded(method, at.point, { ...recorded, state: at.state });
    near(at.point, flatten(weights, layout), 1e-6);
    near(at.state.vectors["directions.uphill"], flatten(state!["hist"], layout), 1e-6);
  }
});

test("what the reference measures is not what it moves along: along what moves, the projected gradient is another", async () => {
  const [{ projectedGradient }] = first;
  const from = { seed: 0, step: 0, epoch: 0, layout, batch: null, draws };
  const { estimate } = await step(
    method,
    goldenObjective(trace),
    Float32Array.from(flatten(trace.initial, layout)),
    from,
  );
  // History is 0 in the first step: what was measured there is a tenth of z'.
  assert.equal(drawsOf(0, "plus"), drawsOf(0, "update"));
  assert.ok(
    Math.abs(estimate.projectedGradients[0] - 10 * projectedGradient!) < 1e-3 * (1 + Math.abs(10 * projectedGradient!)),
  );
});

test.run();
