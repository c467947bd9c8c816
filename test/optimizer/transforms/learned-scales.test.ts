import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gaussianDirection } from "../../../src/estimator/directions";
import { NO_STATE } from "../../../src/estimator/state";
import { checkMethod, type Method } from "../../../src/optimizer/method";
import { conservative, firstOrder, mezo, subzero } from "../../../src/optimizer/recipes";
import { applyRecorded, type StepOutcome } from "../../../src/optimizer/step";
import type { LearnedScales } from "../../../src/optimizer/transforms/learned-scales";
import { layoutOf, type Layout } from "../../../src/tree/layout";
import { dot } from "../../../src/tree/vector";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/transforms/learned-scales");
const layout = layoutOf([
  { name: "a", shape: [2, 2], decay: true },
  { name: "b", shape: [3], decay: false },
]);

function scaled(spec: Partial<LearnedScales> = {}, options: Parameters<typeof mezo>[0] = {}): Method {
  const method = mezo({ learningRate: 1, ...options });
  return checkMethod({ ...method, transforms: [{ kind: "learned-scales", each: "tensor", decay: 0.9, ...spec }] });
}

/** Walks recorded steps of these projected gradients. */
function walked(method: Method, numbers: readonly (readonly number[])[], of: Layout = layout, seed = 4): StepOutcome {
  let at: StepOutcome = { point: new Float32Array(of.size), state: NO_STATE };
  numbers.forEach((projectedGradients, step) => {
    const { point, state } = at;
    at = applyRecorded(method, point, { seed, step, epoch: 0, layout: of, state, projectedGradients });
  });
  return at;
}

const carried = ({ state }: StepOutcome): readonly number[] => [
  ...state.vectors["learned-scales.sums"],
  ...state.vectors["learned-scales.totals"],
];

test("two steps, worked: one query, then two", () => {
  const once = walked(scaled(), [[3]]);
  const z = gaussianDirection(4, 0, 0, 7);
  const [a, b] = [dot(z.subarray(0, 4), z.subarray(0, 4)), dot(z.subarray(4), z.subarray(4))];
  // A = 9 (|z|^2 - n) / 3; the squares of one query's sum and of its terms are equal. I = 2/3, B = 2/3 * 9
  near(carried(once), [3 * (a - 4), 3 * (b - 3), 2 / 3, 6], 1e-5);
  const [scaleA, scaleB] = [
    [3 * (a - 4), 4],
    [3 * (b - 3), 3],
  ].map(([sum, n]) => {
    const [ratio, t] = [(Math.max(sum, 0) * 7) / (n * 6), (n * (2 / 3)) / 49];
    return Math.sqrt((9 * (1 + t * ratio)) / (1 + t));
  });
  near(once.point, z.map((value, i) => (-3 * value) / (i < 4 ? scaleA : scaleB)), 1e-6); // prettier-ignore

  const twice = walked(scaled(), [[3], [2, -1]]);
  const [u, v] = [0, 1].map((query) => gaussianDirection(4, 1, query, 7));
  const added = [
    [0, 4],
    [4, 7],
  ].map(([from, to]) => {
    const [x, y] = [u.subarray(from, to), v.subarray(from, to)];
    const n = to - from;
    // (4 (|u|^2 - n) + 1 (|v|^2 - n)) / 3 + <2 u, -v>
    return (4 * (dot(x, x) - n) + (dot(y, y) - n)) / 3 - 2 * dot(x, y);
  });
  // I = 0.9 2/3 + 4/3 + 1, B = 0.9 6 + (7/3) (4 + 1) / 2
  near(carried(twice), [2.7 * (a - 4) + added[0], 2.7 * (b - 3) + added[1], 0.6 + 7 / 3, 5.4 + 35 / 6], 1e-5);
});

test("what it carries is the gradient's squares, without bias, whatever the number of queries", () => {
  const gradient = Float32Array.of(2, 0, 0, -1, 0.5, 0, 0);
  for (const queries of [1, 4]) {
    const numbers = Array.from({ length: 6000 / queries }, (_, step) =>
      Array.from({ length: queries }, (_each, query) => dot(gradient, gaussianDirection(11, step, query, 7))),
    );
    const [a, b, known, all] = carried(walked(scaled({ decay: 0.99999 }), numbers, layout, 11));
    // 6000 queries: standard errors near 0.13 and 0.12, with pairs smaller
    near([a / known, b / known, all / known], [5, 0.25, 5.25], 0.4);
  }
});

test("a tensor that has all of the gradient is held back against the others, number for number", () => {
  const two = layoutOf([
    { name: "steep", shape: [4], decay: true },
    { name: "flat", shape: [4], decay: true },
  ]);
  const gradient = Float32Array.of(1, -1, 1, -1, 0, 0, 0, 0);
  const numbers = Array.from({ length: 200 }, (_, step) =>
    [0, 1, 2, 3].map((query) => dot(gradient, gaussianDirection(3, step, query, 8))),
  );
  const last = numbers.length - 1;
  const [before, after] = [numbers.slice(0, last), numbers].map((steps) => walked(scaled({ decay: 0.98 }), steps, two, 3).point); // prettier-ignore
  const plain = new Float32Array(8);
  numbers[last].forEach((p, query) =>
    gaussianDirection(3, last, query, 8).forEach((z, i) => (plain[i] += (p * z) / 4)),
  );
  const shares = plain.map((value, i) => (before[i] - after[i]) / value);
  near(shares, [0, 1].flatMap((half) => Array.from({ length: 4 }, () => shares[4 * half])), 1e-4); // prettier-ignore
  assert.ok(shares[4] > 2.5 * shares[0], `${shares[0]} of the steep one, ${shares[4]} of the flat one`);
});

test("a loss that is larger by a factor takes the same steps", () => {
  const numbers = Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 6 - 1]);
  for (const each of ["tensor", "row", "number"] as const) {
    const one = walked(scaled({ each }), numbers);
    for (const by of [2 ** -20, 2 ** 12])
      assert.equal(walked(scaled({ each }), numbers.map((ps) => ps.map((p) => by * p))).point, one.point); // prettier-ignore
  }
});

test("rows of a matrix, a vector as a whole, and single numbers have scales of their own", () => {
  const sizesOf = (each: LearnedScales["each"]) => walked(scaled({ each }), [[1]]).state.vectors["learned-scales.sums"].length; // prettier-ignore
  assert.equal([sizesOf("tensor"), sizesOf("row"), sizesOf("number")], [2, 3, 7]);
});

test("without a slope nothing moves, and numbers that no float32 square holds are not learned from", () => {
  const still = walked(scaled(), [[0, 0], [0]]);
  assert.equal(still.point, new Float32Array(7));
  const later = walked(scaled(), [[1], [1e25]]);
  assert.equal(carried(later), carried(walked(scaled(), [[1]])));
  assert.ok(later.point.every(Number.isFinite));
});

test("parts that have other moments are refused, and so are unknown parts and decays", () => {
  const { transforms } = scaled();
  const refused = (parts: Partial<Method>, message: string | RegExp): void =>
    throwsWith(() => checkMethod({ ...mezo({ queries: 3 }), transforms, ...parts }), message);
  refused({ directions: subzero().directions }, 'method.directions: expected gaussian, whose moments learned-scales learns from, got "subspace"'); // prettier-ignore
  refused({ combine: { kind: "sign" } }, 'method.combine: expected the mean, whose weights learned-scales learns from, got "sign"'); // prettier-ignore
  refused({ transforms: [{ kind: "momentum", decay: 0.9 }, ...transforms] }, "method.transforms[1].kind: expected the first place of the chain"); // prettier-ignore
  throwsWith(() => checkMethod({ ...conservative(), transforms }), 'method: expected a probe, whose numbers learned-scales learns from, got "conservative"'); // prettier-ignore
  throwsWith(() => checkMethod({ ...firstOrder(), transforms }), "method.transforms[0].kind: expected none that is made of directions"); // prettier-ignore
  throwsWith(() => scaled({ decay: 1 }), "method.transforms[0].decay: expected a number from 0 to below 1, got 1");
  throwsWith(() => scaled({ each: "column" as never }), 'method.transforms[0].each: expected tensor, row, number, got "column"'); // prettier-ignore
});

test.run();
