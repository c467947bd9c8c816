import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkRule, ruleOf, type RuleSpec } from "../../src/optimizer/rules";
import { sgd } from "../../src/optimizer/sgd";
import { layoutOf } from "../../src/tree/layout";
import { throwsWith } from "../support/throws";

const test = suite("optimizer/rule");

const layout = layoutOf([
  { name: "core", shape: [2], decay: true },
  { name: "bias", shape: [1], decay: false },
]);

test("weight decay is inside the bracket, and only where the layout says so", () => {
  // core: 4 - 0.5 (1 + 0.25 * 4) = 3, -8 - 0.5 (1 - 2) = -7.5; bias: 4 - 0.5 * 1 = 3.5
  const rule = sgd({ weightDecay: 0.25 });
  const { point, state } = rule.update(rule.init(layout), Float32Array.of(4, -8, 4), Float32Array.of(1, 1, 1), {
    learningRate: 0.5,
    layout,
  });
  assert.equal(point, Float32Array.of(3, -7.5, 3.5));
  assert.is(state, null);
});

test("without decay it is w - lr g, rounded once", () => {
  const point = Float32Array.of(0.1, 0.2, 0.3);
  const gradient = Float32Array.of(1e-3, -3, 7);
  const next = ruleOf({ kind: "sgd", weightDecay: 0 }).update(null, point, gradient, {
    learningRate: 3e-3,
    layout,
  }).point;
  next.forEach((value, i) => assert.is(value, Math.fround(point[i] - 3e-3 * gradient[i])));
  assert.equal(point, Float32Array.of(0.1, 0.2, 0.3));
  assert.equal(gradient, Float32Array.of(1e-3, -3, 7));
});

const specs: readonly RuleSpec[] = [
  { kind: "sgd", weightDecay: 0.1 },
  { kind: "adamw", weightDecay: 0.1, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 },
];
for (const spec of specs)
  test(`${spec.kind} in the memory of an earlier step has the bits of one in new memory`, () => {
    const rule = ruleOf(spec);
    const gradients = Array.from({ length: 5 }, (_, step) => Float32Array.of(step - 2, 0.3, -step));
    const fresh = [{ point: Float32Array.of(0.1, -2, 3), state: rule.init(layout) }];
    const reused = [{ point: fresh[0].point, state: rule.init(layout) }];
    gradients.forEach((gradient, step) => {
      const [plain, saving] = [fresh[step], reused[step]];
      fresh.push(rule.update(plain.state, plain.point, gradient, { learningRate: 0.1, layout }));
      const over = step < 3 ? undefined : reused[step - 1];
      reused.push(rule.update(saving.state, saving.point, gradient, { learningRate: 0.1, layout, over }));
      assert.equal(reused[step + 1], fresh[step + 1]);
      if (over) assert.is(reused[step + 1].point, over.point);
    });
    assert.equal(fresh[0].point, Float32Array.of(0.1, -2, 3));
  });

test("vectors of another length, unknown rules and negative decay are refused", () => {
  const rule = sgd({ weightDecay: 0 });
  const options = { learningRate: 1, layout };
  throwsWith(
    () => rule.update(null, new Float32Array(2), new Float32Array(3), options),
    "point: expected length 3, got 2",
  );
  throwsWith(
    () => rule.update(null, new Float32Array(3), new Float32Array(2), options),
    "gradient: expected length 3, got 2",
  );
  const over = { point: new Float32Array(2), state: null };
  throwsWith(
    () => rule.update(null, new Float32Array(3), new Float32Array(3), { ...options, over }),
    "over: expected length 3",
  );
  throwsWith(
    () => checkRule("rule", { kind: "adam" } as unknown as RuleSpec),
    'rule.kind: expected "sgd" or "adamw", got "adam"',
  );
  throwsWith(
    () => checkRule("rule", { kind: "sgd", weightDecay: -1 }),
    "rule.weightDecay: expected at least 0, got -1",
  );
  throwsWith(
    () => checkRule("rule", { kind: "sgd", weightDecay: NaN }),
    "rule.weightDecay: expected a finite number, got NaN",
  );
});

test.run();
