import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adamw } from "../../src/optimizer/adamw";
import { checkRule, ruleOf } from "../../src/optimizer/rules";
import type { RuleSpec } from "../../src/optimizer/rules";
import { layoutOf } from "../../src/tree/layout";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { readJson } from "../support/tiny-models";

const test = suite("optimizer/adamw");
const moments = { firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 };

test("the first step from zero moments goes lr against the gradient's sign, after the decay", () => {
  // m = 0.1 g, v = 0.001 g^2; corrected: m = g, v = g^2; w <- (1 - 0.1 * 0.5) w - 0.1 sign(g)
  const layout = layoutOf([
    { name: "core", shape: [2], decay: true },
    { name: "bias", shape: [1], decay: false },
  ]);
  const rule = adamw({ weightDecay: 0.5, ...moments });
  const { point, state } = rule.update(rule.init(layout), Float32Array.of(2, 4, 8), Float32Array.of(3, -5, 0.25), {
    learningRate: 0.1,
    layout,
  });
  near(point, [2 * 0.95 - 0.1, 4 * 0.95 + 0.1, 8 - 0.1], 1e-7);
  assert.is(state.count, 1);
  near(state.first, [0.3, -0.5, 0.025], 1e-7);
  near(state.second, [9e-3, 25e-3, 6.25e-5], 1e-7);
});

const expected = readJson("test/fixtures/optimizer/adamw.json") as {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly cases: readonly { readonly name: string; readonly points: readonly (readonly number[])[] }[];
};
const rules: Readonly<Record<string, { readonly spec: RuleSpec; readonly learningRate: number }>> = {
  adamw: { spec: { kind: "adamw", weightDecay: 0.1, ...moments }, learningRate: 0.01 },
  "adamw without decay": {
    spec: { kind: "adamw", weightDecay: 0, firstDecay: 0.8, secondDecay: 0.95, epsilon: 1e-3 },
    learningRate: 0.05,
  },
  sgd: { spec: { kind: "sgd", weightDecay: 0.1 }, learningRate: 0.01 },
};
for (const { name, points } of expected.cases)
  test(`${name}: six steps are torch.optim's`, () => {
    const { spec, learningRate } = rules[name];
    const layout = layoutOf([{ name: "w", shape: [expected.start.length], decay: true }]);
    const rule = ruleOf(spec);
    let [state, point] = [rule.init(layout), Float32Array.from(expected.start)];
    expected.gradients.forEach((gradient, i) => {
      ({ point, state } = rule.update(state, point, Float32Array.from(gradient), { learningRate, layout }));
      near(point, points[i], 1e-6, `step ${i + 1}`);
    });
  });

test("state goes in and comes out: the old one is left as it was", () => {
  const layout = layoutOf([{ name: "w", shape: [1], decay: true }]);
  const rule = adamw({ weightDecay: 0, ...moments });
  const before = rule.init(layout);
  const options = { learningRate: 1, layout };
  const once = rule.update(before, Float32Array.of(1), Float32Array.of(1), options);
  assert.equal(before, { count: 0, first: Float32Array.of(0), second: Float32Array.of(0) });
  assert.equal(rule.update(before, Float32Array.of(1), Float32Array.of(1), options), once);
});

test("constants out of range, and a state that is not there, are refused", () => {
  const spec = { kind: "adamw", weightDecay: 0, ...moments } as const;
  throwsWith(
    () => checkRule("rule", { ...spec, firstDecay: 1 }),
    "rule.firstDecay: expected a number from 0 to below 1",
  );
  throwsWith(() => checkRule("rule", { ...spec, epsilon: 0 }), "rule.epsilon: expected a positive number");
  throwsWith(() => checkRule("rule", { ...spec, weightDecay: -1 }), "rule.weightDecay: expected at least 0");
  const layout = layoutOf([{ name: "w", shape: [1], decay: true }]);
  const one = Float32Array.of(1);
  throwsWith(() => ruleOf(spec).update(null, one, one, { learningRate: 1, layout }), "state: expected AdamW's moments");
});

test.run();
