import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainHere } from "../../../src/estimator/direction";
import { NO_STATE } from "../../../src/estimator/state";
import { applyChain, type Moved } from "../../../src/optimizer/chain";
import { lamb, lambChain } from "../../../src/optimizer/recipes/lamb";
import type { TransformSpec } from "../../../src/optimizer/transforms";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";
import { readJson } from "../../support/tiny-models";

const test = suite("optimizer/recipes/lamb");

const expected = readJson("test/fixtures/optimizer/lamb.json") as {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly cases: readonly {
    readonly name: string;
    readonly lr: number;
    readonly weight_decay: number;
    readonly max_grad_norm?: number;
    readonly points: readonly (readonly number[])[];
  }[];
};
const layout = layoutOf(Object.entries(expected.shapes).map(([name, shape]) => ({ name, shape, decay: true })));

/** Walks a chain along the fixture's gradients. @returns the worst difference from the recorded weights */
function worst(chain: readonly TransformSpec[], { lr: learningRate, points }: (typeof expected.cases)[number]): number {
  let moved: Moved = { point: Float32Array.from(expected.start), state: NO_STATE };
  let found = 0;
  expected.gradients.forEach((gradient, step) => {
    const here = { ...plainHere(0, step, layout.size, moved.point), layout };
    moved = applyChain(chain, here, Float32Array.from(gradient), { learningRate, state: moved.state });
    points[step]!.forEach((value, i) => (found = Math.max(found, Math.abs(value - moved.point[i]!))));
  });
  return found;
}

for (const each of expected.cases)
  test(`${each.name}: six steps are those of timm's Lamb in float64`, () => {
    const { max_grad_norm: norm, weight_decay } = each;
    const clipped: readonly TransformSpec[] = norm === undefined ? [] : [{ kind: "clip-norm", norm }];
    const chain = [...clipped, ...lambChain(weight_decay)];
    assert.ok(worst(chain, each) < 2e-6, String(worst(chain, each)));
    assert.ok(worst(chain.slice(0, -1), each) > 1e-3, "without the ratio they differ");
    const other = chain.map((link): TransformSpec => (link.kind === "adam" ? { ...link, firstDecay: 0.8 } : link));
    assert.ok(worst(other, each) > 1e-3, "with another constant they differ");
  });

test("a tensor moves by lr times its own length; one at 0, or without a gradient, by the plain step", () => {
  const three = layoutOf(["a", "zero", "still"].map((name) => ({ name, shape: [2], decay: true })));
  const point = Float32Array.of(3, 4, 0, 0, 1, 1);
  const gradient = Float32Array.of(0, -7, 0.5, 0, 0, 0);
  const here = { ...plainHere(0, 0, three.size, point), layout: three };
  const moved = applyChain([{ kind: "trust-ratio" }], here, gradient, { learningRate: 0.1, state: NO_STATE });
  near(moved.point, [3, 4.5, -0.05, 0, 1, 1], 1e-7);
});

test("a tensor of more numbers than a piece has one ratio", () => {
  const size = 10_000;
  const one = layoutOf([{ name: "w", shape: [size], decay: true }]);
  const point = Float32Array.from({ length: size }, (_, i) => 1 + (i % 3));
  const gradient = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  const here = { ...plainHere(0, 0, size, point), layout: one };
  const { point: next } = applyChain([{ kind: "trust-ratio" }], here, gradient, { learningRate: 0.1, state: NO_STATE });
  const moved = Math.hypot(...next.map((value, i) => value - point[i]!));
  near([moved / Math.hypot(...point)], [0.1], 1e-5);
});

test("what is out of range is refused by its name", () => {
  throwsWith(() => lamb({ weightDecay: -1 }), "method.transforms[1].weightDecay: expected at least 0, got -1");
  throwsWith(() => lamb({ parts: 0 }), "method.probe.parts: expected a positive integer, got 0");
});

test.run();
