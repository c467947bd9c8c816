import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Objective } from "../../src/estimator/objective";
import { adalomo, firstOrder, lomo } from "../../src/optimizer/recipes";
import type { Method } from "../../src/optimizer/method";
import { step } from "../../src/optimizer/step";
import type { StepResult } from "../../src/optimizer/step";
import { layoutOf, view } from "../../src/tree/layout";
import { rejectsWith } from "../support/throws";

const test = suite("optimizer/block-step");

const layout = layoutOf([
  { name: "table", shape: [5, 3], decay: true },
  { name: "layer", shape: [3, 3], decay: true },
  { name: "bias", shape: [3], decay: false },
  { name: "unread", shape: [2], decay: true },
]);
const start = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i + 1));

/** L = sum c_i theta_i^2 / 2 over all but the last tensor, whose numbers the batch makes. */
function whole(batch: number): (point: Float32Array) => { readonly loss: number; readonly gradient: Float32Array } {
  return (point) => {
    const gradient = point.map((x, i) => (i < layout.size - 2 ? (1 + ((i * 7 + batch) % 5)) * x : 0));
    return { loss: gradient.reduce((sum, g, i) => sum + (g * point[i]) / 2, 0), gradient };
  };
}

const inWhole: Objective<number> = {
  losses: async (points, batch) => points.map((point) => whole(batch)(point).loss),
  derivatives: () => Promise.reject(new Error("not asked for")),
  gradient: async (point, batch) => whole(batch)(point),
};

/** The same from the top down; `passes` counts how often it was asked. */
function inBlocks(spoil: (gradient: Float32Array) => void = () => undefined) {
  const counted = { passes: 0 };
  const objective: Objective<number> = {
    ...inWhole,
    gradient: () => Promise.reject(new Error("not asked for as a whole")),
    async gradientBlocks(point, batch, take) {
      counted.passes++;
      const { loss, gradient } = whole(batch)(point);
      spoil(gradient);
      for (const tensors of [["bias", "layer"], ["table"]])
        await take({
          name: tensors.join(),
          parts: tensors.map((tensor) => ({ tensor, gradient: view(layout, gradient, tensor).slice() })),
        });
      return { loss };
    },
  };
  return { counted, objective };
}

async function steps(method: Method, objective: Objective<number>, count: number): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (let index = 0; index < count; index++) {
    const { point = start, state } = results.at(-1) ?? {};
    const over = results.at(-3);
    results.push(
      await step(method, objective, point, { seed: 0, step: index, epoch: 0, layout, batch: index, state, over }),
    );
  }
  return results;
}

const methods: readonly Method[] = [
  lomo({ learningRate: 0.05, weightDecay: 0.1 }),
  lomo({ learningRate: 0.05, clipNorm: 0.5 }),
  adalomo({ learningRate: 0.05, weightDecay: 0.1 }),
  firstOrder({ rule: "adamw", learningRate: 0.05, weightDecay: 0.1 }),
  firstOrder({ rule: "sgd", learningRate: 0.05 }),
];

for (const [index, method] of methods.entries())
  test(`${method.name} (${index}): a step in blocks has the bits of the whole gradient's, tensors without a derivative too`, async () => {
    const { counted, objective } = inBlocks();
    const expected = await steps(method, inWhole, 4);
    const found = await steps(method, objective, 4);
    const passes = method.transforms.some(({ kind }) => kind === "clip-norm") ? 2 : 1;
    found.forEach(({ point, state, estimate }, i) => {
      assert.equal(point, expected[i]!.point);
      assert.equal(state, expected[i]!.state);
      assert.is(estimate.loss, expected[i]!.estimate.loss);
      const { gradientNorm = NaN } = expected[i]!.estimate;
      assert.ok(Math.abs(estimate.gradientNorm! / gradientNorm - 1) < 1e-14);
      assert.equal([estimate.forwardPasses, estimate.backwardPasses], [passes, passes]);
    });
    assert.is(counted.passes, 4 * passes);
  });

test("a derivative that is not finite moves nothing and names the layout's first such tensor", async () => {
  for (const method of methods) {
    const { objective } = inBlocks((gradient) => {
      view(layout, gradient, "bias")[1] = NaN;
      view(layout, gradient, "layer")[0] = Infinity;
    });
    const [{ point, state, estimate }] = (await steps(method, objective, 1)) as [StepResult];
    assert.is(point, start);
    assert.is(state.count, 0);
    assert.is(estimate.notFinite, "layer");
    assert.not(Number.isFinite(estimate.gradientNorm));
  }
});

test("a tensor that comes twice is refused", async () => {
  const twice: Objective<number> = {
    ...inWhole,
    async gradientBlocks(_point, _batch, take) {
      for (const name of ["a", "b"]) await take({ name, parts: [{ tensor: "bias", gradient: new Float32Array(3) }] });
      return { loss: 1 };
    },
  };
  await rejectsWith(steps(lomo(), twice, 1), "gradient block b: expected each tensor in one block, got ");
});

test.run();
