import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beginKind, checkDirections, checkDirectionsFit } from "../../../src/estimator/directions";
import { subspace, subspaceFrom, type Subspace } from "../../../src/estimator/directions/subspace";
import { layoutOf } from "../../../src/tree/layout";
import { dot } from "../../../src/tree/vector";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";
import { meanAndError, squaredNorm } from "../objectives";
import { hereIn, mixed, numbersOf, opened, outerOf, partsOf } from "./layouts";

const test = suite("estimator/directions/subspace");

const spec: Subspace = { rank: 2, redraw: 5 };
const begun = (step: number, from: Subspace = spec) => beginKind(subspace, from, hereIn(mixed, step));
/** The columns of a matrix [rows][rank]. */
const columnsOf = (matrix: Float32Array, rank: number) =>
  Array.from({ length: rank }, (_, k) => matrix.filter((_number, i) => i % rank === k));

test("a matrix is sqrt(m n) / r U Z V^T: worked at rank 1, where U and V are unit vectors", () => {
  const layout = layoutOf([{ name: "w", shape: [2, 2], decay: true }]);
  const given: Readonly<Record<string, readonly number[]>> = { basis: [3, 4], right: [0, -2], left: [5] };
  const kind = subspaceFrom((out, _seed, stream) => (out.set(given[stream]), out));
  // 2 (0.6, 0.8) 5 (0, -1)
  near(numbersOf(opened(kind, { rank: 1, redraw: 1 }, hereIn(layout, 0)), layout), [0, -6, 0, -8], 1e-6);
});

test("both bases are orthonormal, and those of two tensors differ", () => {
  const { left, right } = begun(0).state.vectors;
  assert.is(left.length, 2 * (6 + 6 + 6));
  assert.is(right.length, 2 * (4 + 4 + 5));
  const bases = [
    left.slice(0, 12),
    left.slice(12, 24),
    left.slice(24),
    right.slice(0, 8),
    right.slice(8, 16),
    right.slice(16),
  ];
  for (const basis of bases) {
    const [u, v] = columnsOf(basis, 2);
    near([dot(u, u), dot(v, v), 1 + dot(u, v)], [1, 1, 1], 1e-6);
  }
  assert.is(new Set(bases.map(String)).size, 6);
});

test("E |z|^2 = d, as for a Gaussian direction, with and without another shape, within 4.5 standard errors", () => {
  for (const rank of [1, 2, 4])
    for (const reshape of [{}, { reshape: true } as const]) {
      const norms = Array.from({ length: 2000 }, (_, step) =>
        squaredNorm(numbersOf(opened(subspace, { rank, redraw: 50, ...reshape }, hereIn(mixed, step)), mixed)),
      );
      const { mean, error } = meanAndError(norms);
      assert.ok(Math.abs(mean - mixed.size) <= 4.5 * error, `rank ${rank}: ${mean} +- ${error}, not ${mixed.size}`);
    }
});

test("reshaped, a matrix has the pair of divisors that are nearest, the fewer as rows; vectors stay", () => {
  const shapes: readonly (readonly [readonly number[], readonly [number, number]])[] = [
    [
      [6, 4],
      [4, 6],
    ],
    [
      [3, 6],
      [3, 6],
    ],
    [
      [576, 8],
      [64, 72],
    ],
    [
      [2, 7],
      [2, 7],
    ],
    [
      [7, 2],
      [2, 7],
    ],
    [
      [2, 3, 5],
      [5, 6],
    ],
    [
      [16, 4],
      [8, 8],
    ],
  ];
  for (const [shape, [rows, columns]] of shapes) {
    const layout = layoutOf([
      { name: "w", shape, decay: true },
      { name: "bias", shape: [12], decay: false },
    ]);
    const draw = opened(subspace, { rank: 2, redraw: 1, reshape: true }, hereIn(layout, 0));
    const part = outerOf(draw, 0);
    assert.equal([part.rows, part.columns], [rows, columns], String(shape));
    assert.is(partsOf(draw)[1].kind, "dense");
  }
});

test("bases are kept for their steps and new in the next block; Z is new with each step and query", () => {
  let here = begun(0);
  for (let step = 1; step < 5; step++) {
    const next = beginKind(subspace, spec, { ...here, step });
    assert.is(next.state.vectors["left"], here.state.vectors["left"], `step ${step}`);
    here = next;
  }
  const redrawn = beginKind(subspace, spec, { ...here, step: 5 });
  assert.not.equal(redrawn.state.vectors["left"], here.state.vectors["left"]);
  assert.not.equal(redrawn.state.vectors["right"], here.state.vectors["right"]);
  const zs = [begun(3), begun(4)].flatMap((at) => [0, 1].map((query) => outerOf(subspace.open(spec, at), 0, query)));
  assert.is(new Set(zs.map(({ left }) => String(left))).size, 4);
  assert.is(new Set(zs.map(({ right }) => String(right))).size, 1);
});

test("a run that goes on in the middle of a block without its bases has their bits", () => {
  for (const step of [0, 3, 4, 5, 8]) {
    const walked = Array.from({ length: step + 1 }, (_, i) => i).reduce(
      (here, i) => beginKind(subspace, spec, { ...here, step: i }),
      hereIn(mixed, 0),
    );
    assert.equal(begun(step).state.vectors, walked.state.vectors);
    assert.equal(numbersOf(subspace.open(spec, begun(step)), mixed), numbersOf(subspace.open(spec, walked), mixed));
  }
});

test("a rank above the smaller side is refused, naming the tensor, as the shape is taken; so are settings out of range", () => {
  const thin = layoutOf([{ name: "down", shape: [24, 2], decay: true }]);
  const directions = { kind: "subspace", rank: 4, redraw: 1 } as const;
  throwsWith(
    () => checkDirectionsFit("method.directions", directions, thin),
    "method.directions.rank: expected at most 2, the smaller side of down (24 x 2), got 4",
  );
  checkDirectionsFit("method.directions", { ...directions, reshape: true }, thin);
  throwsWith(
    () => checkDirectionsFit("method.directions", { ...directions, rank: 7, reshape: true }, thin),
    "method.directions.rank: expected at most 6, the smaller side of down (6 x 8), got 7",
  );
  throwsWith(
    () => checkDirections("method.directions", { ...directions, reshape: false as unknown as true }),
    "method.directions.reshape: expected true, or absent, got false",
  );
});

test.run();
