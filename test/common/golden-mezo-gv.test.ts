import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkMethod } from "../../src/optimizer/method";
import { mezoGv } from "../../src/optimizer/recipes/mezo-gv";
import { applyRecorded } from "../../src/optimizer/step";
import { drawStored } from "../../src/estimator/direction";
import { flatten, goldenObjective, layoutOfTrace, readTrace, type Tensors } from "../support/golden";
import { partTraces } from "../support/golden-methods";

/**
 * The reference of MeZO-GV keeps the lower candidate for the next step, and beyond the first tensor its guiding vector is not made of the
 * candidates that were measured. What is the paper's in its trace: the candidates' losses, which of them is low, and the first tensor.
 */
const test = suite("common/golden-mezo-gv");

const trace = readTrace(partTraces[1]);
const layout = layoutOfTrace(trace);
const firstTensor = layout.entries[0].size;
const { epsilon, learningRate, weightDecay } = trace.hyper;
const method = checkMethod(mezoGv({ perturbationScale: epsilon, learningRate, weightDecay }));

test("each step's first tensor goes where the reference's goes, and other tensors along another vector than was meant", async () => {
  const network = goldenObjective(trace);
  let before = trace.initial;
  for (const { step, draws, losses, weights } of trace.steps) {
    const { candidates, plus, minus } = losses as unknown as Record<"candidates", readonly number[]> &
      Record<"plus" | "minus", number>;
    const zs = (draws["candidates"] as unknown as readonly Tensors[]).map((z) => Float32Array.from(flatten(z, layout)));
    const point = Float32Array.from(flatten(before, layout));
    const own = await network.losses(zs.map((z) => point.map((value, i) => value + epsilon * z[i])), null); // prettier-ignore
    own.forEach((loss, i) => assert.ok(Math.abs(loss - candidates[i]) < 2e-7));
    const { point: after } = applyRecorded(method, point, {
      ...{ seed: 0, step, epoch: 0, layout },
      projectedGradients: [0, 0],
      further: [...candidates, plus, minus],
      draws: { check: () => undefined, open: () => drawStored((query, out) => out.set(zs[query])) },
    });
    const differences = flatten(weights, layout).map((value, i) => Math.abs(value - after[i]));
    assert.ok(Math.max(...differences.slice(0, firstTensor)) < 1e-6, `step ${step}`);
    assert.ok(Math.max(...differences.slice(firstTensor)) > 1e-3, `step ${step}: the slip`);
    before = weights;
  }
});

test.run();
