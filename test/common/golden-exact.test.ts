import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainHere } from "../../src/estimator/direction";
import { NO_STATE } from "../../src/estimator/state";
import { applyChain, type Moved } from "../../src/optimizer/chain";
import { adalomo, lomo } from "../../src/optimizer/recipes";
import type { TransformSpec } from "../../src/optimizer/transforms";
import { exactTraces } from "../support/golden-methods";
import { flatten, layoutOfTrace, readTrace, type Tensors, type Trace, type TraceStep } from "../support/golden";
import { near } from "../support/near";

const test = suite("common/golden-exact");

/** What these traces record besides: the gradient at the weights before the step. */
interface ExactStep extends TraceStep {
  readonly gradient: Tensors;
}

/** Walks a chain along the recorded gradients. @returns the worst difference from the recorded weights, and the state at the end */
function walk(trace: Trace, chain: readonly TransformSpec[], learningRate: number) {
  const layout = layoutOfTrace(trace, () => true);
  let moved: Moved = { point: Float32Array.from(flatten(trace.initial, layout)), state: NO_STATE };
  let worst = 0;
  for (const step of trace.steps as readonly ExactStep[]) {
    const here = { ...plainHere(0, step.step, layout.size, moved.point), layout };
    const gradient = Float32Array.from(flatten(step.gradient, layout));
    moved = applyChain(chain, here, gradient, { learningRate, state: moved.state });
    flatten(step.weights, layout).forEach((value, i) => (worst = Math.max(worst, Math.abs(value - moved.point[i]))));
  }
  return { worst, state: moved.state, layout };
}

test("LOMO's weights are the reference's, clipped at the norm", () => {
  const trace = readTrace(exactTraces[0]);
  const { learningRate, weightDecay, clipGradNorm } = trace.hyper;
  const { transforms } = lomo({ weightDecay, clipNorm: clipGradNorm });
  assert.ok(walk(trace, transforms, learningRate).worst < 1e-6);
  assert.ok(walk(trace, lomo({ weightDecay }).transforms, learningRate).worst > 1e-2, "without clipping they differ");
});

test("AdaLomo's weights and moments are the reference's, and each constant is seen", () => {
  const trace = readTrace(exactTraces[1]);
  const { learningRate, weightDecay } = trace.hyper;
  const { transforms } = adalomo({ weightDecay });
  const { worst, state, layout } = walk(trace, transforms, learningRate);
  assert.ok(worst < 1e-6, String(worst));
  const recorded = trace.steps.at(-1)!.state!;
  const named = (kind: string): readonly number[] =>
    layout.entries.flatMap(({ name }) => (recorded[kind][name] as readonly number[] | undefined) ?? []);
  near(state.vectors["factored.row"], named("row"), 1e-6);
  near(state.vectors["factored.column"], named("column"), 1e-6);
  const spoiled = transforms.map((link): TransformSpec =>
    link.kind === "factored" ? { ...link, exponent: 0.81 } : link,
  );
  assert.ok(walk(trace, spoiled, learningRate).worst > 1e-4);
  assert.ok(walk(trace, adalomo({ weightDecay: 1.1 * weightDecay }).transforms, learningRate).worst > 1e-5);
});

test.run();
