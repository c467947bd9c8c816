import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kindsInWords } from "../../src/check/kinds";
import { drawInto, type Here } from "../../src/estimator/direction";
import {
  beginDirections,
  checkDirections,
  directionKind,
  directionKinds,
  direction,
  gaussianDirection,
  type DirectionSpec,
} from "../../src/estimator/directions";
import { NO_STATE, type State } from "../../src/estimator/state";
import { recipes } from "../../src/optimizer/recipes";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { layoutOf } from "../../src/tree/layout";
import { norm } from "../../src/tree/vector";
import { meanAndError } from "./objectives";
import { matrices } from "../support/method-problems";
import { fitting, rowsOf } from "../support/method-runs";
import { throwsWith } from "../support/throws";

const test = suite("estimator/direction");

const at = { seed: 3, step: 5, query: 1 };

test("the Gaussian direction is the normals of (seed, direction, step, query)", () => {
  assert.equal(gaussianDirection(3, 5, 1, 10), normals(randomKey(3, "direction", 5, 1), 10));
});

test("a sphere direction is the Gaussian one at length sqrt(d)", () => {
  const sphere = direction({ kind: "sphere" }, at, 400);
  const gaussian = direction({ kind: "gaussian" }, at, 400);
  assert.ok(Math.abs(norm(sphere) - 20) < 1e-5);
  for (let i = 0; i < 400; i++) assert.ok(Math.abs(sphere[i] - (gaussian[i] * 20) / norm(gaussian)) < 1e-6);
});

test("signs are +1 and -1, half each within 4 standard errors, in every length", () => {
  const signs = direction({ kind: "sign" }, at, 100_001);
  assert.ok(signs.every((sign) => sign === 1 || sign === -1));
  const { mean } = meanAndError([...signs]);
  assert.ok(Math.abs(mean) < 4 / Math.sqrt(100_001));
  assert.equal(direction({ kind: "sign" }, at, 33), signs.slice(0, 33));
});

test("a mask keeps its share of the normals; queries of a step share it, steps do not", () => {
  const spec: DirectionSpec = { kind: "random-mask", keep: 0.25 };
  const size = 10_003;
  const masked = direction(spec, at, size);
  const gaussian = direction({ kind: "gaussian" }, at, size);
  const kept = [...masked].filter((value) => value !== 0).length / size;
  assert.ok(Math.abs(kept - 0.25) < 4 * Math.sqrt((0.25 * 0.75) / size), `kept ${kept}`);
  assert.ok(masked.every((value, i) => value === 0 || value === gaussian[i]));
  const support = (z: Float32Array) => [...z].map((value) => value !== 0);
  assert.equal(support(direction(spec, { ...at, query: 7 }, size)), support(masked));
  assert.not.equal(support(direction(spec, { ...at, step: 6 }, size)), support(masked));
  assert.equal(direction({ ...spec, keep: 1 }, at, size), gaussian);
});

test("E[z_i z_j] is the identity (times keep for a mask) within 4.5 standard errors", () => {
  const kinds: readonly (readonly [DirectionSpec, number])[] = [
    [{ kind: "gaussian" }, 1],
    [{ kind: "sphere" }, 1],
    [{ kind: "sign" }, 1],
    [{ kind: "random-mask", keep: 0.25 }, 0.25],
  ];
  for (const [spec, variance] of kinds) {
    const draws = Array.from({ length: 4000 }, (_, step) => direction(spec, { seed: 1, step, query: 0 }, 4));
    for (const [i, j] of [
      [0, 0],
      [0, 1],
      [1, 2],
      [2, 2],
    ]) {
      const { mean, error } = meanAndError(draws.map((z) => z[i] * z[j]));
      assert.ok(
        Math.abs(mean - (i === j ? variance : 0)) <= 4.5 * error,
        `${spec.kind} ${i} ${j}: ${mean} +- ${error}`,
      );
    }
  }
});

test("directions differ between seeds, steps and queries, and no length is too small", () => {
  const base = direction({ kind: "gaussian" }, at, 8);
  for (const other of [
    { ...at, seed: 4 },
    { ...at, step: 6 },
    { ...at, query: 2 },
  ]) {
    assert.not.equal(direction({ kind: "gaussian" }, other, 8), base);
  }
  for (const kind of ["gaussian", "sphere", "sign"] as const) assert.is(direction({ kind }, at, 0).length, 0);
});

test("of a layout a direction has each tensor's shape: an outer product has 2 x 2 minors of 0, a vector is normals", () => {
  const layout = layoutOf([
    { name: "w", shape: [3, 4], decay: true },
    { name: "b", shape: [5], decay: false },
  ]);
  const spec = { kind: "low-rank", rank: 1, redraw: 2 } as const;
  const z = direction(spec, at, layout);
  assert.is(z.length, 17);
  for (const [i, j] of [
    [1, 1],
    [2, 3],
  ] as const) {
    const minor = z[0]! * z[4 * i + j]! - z[j]! * z[4 * i]!;
    assert.ok(Math.abs(minor) < 1e-6, `${minor}`);
  }
  assert.equal(direction({ kind: "gaussian" }, at, layout), direction({ kind: "gaussian" }, at, 17));
  assert.equal(direction(spec, at, layout), z);
  throwsWith(() => direction({ ...spec, rank: 4 }, at, layout), "at most 3, the smaller side of w (3 x 4), got 4");
});

test("malformed specifications and indices are refused", () => {
  throwsWith(
    () => checkDirections("directions", { kind: "cube" as "sign" }),
    `directions.kind: expected ${kindsInWords(directionKinds)}, got "cube"`,
  );
  throwsWith(
    () => checkDirections("directions", { kind: "random-mask", keep: 0 }),
    "directions.keep: expected a positive number, got 0",
  );
  throwsWith(
    () => checkDirections("directions", { kind: "table", bits: 30 }),
    "directions.bits: expected at most 24 (64 MiB), got 30",
  );
  throwsWith(
    () => direction({ kind: "random-mask", keep: 1.5 }, at, 3),
    "directions.keep: expected a share of at most 1, got 1.5",
  );
  throwsWith(
    () => direction({ kind: "sign" }, { ...at, query: -1 }, 3),
    "index[1]: expected a non-negative integer, got -1",
  );
  throwsWith(() => direction({ kind: "sign" }, at, -3), "size: expected a non-negative integer, got -3");
});

/** Directions of every named method, by kind. */
const named = new Map(
  rowsOf(recipes).map((row) => {
    const { directions } = fitting(row, matrices.layout, { redraw: 3, bits: 8, steps: 6, warmUp: 1 });
    return [directions.kind, directions] as const;
  }),
);

for (const [name, spec] of [...named, ["sphere", { kind: "sphere" }] as const, ["sign", { kind: "sign" }] as const])
  test(`${name} directions say whether those of an earlier step can be drawn again`, () => {
    const kind = directionKind("directions", spec);
    const { layout } = matrices;
    const points = [0, 1, 2, 3, 4].map((step) => gaussianDirection(9, step, 0, layout.size));
    const drawn = (here: Here): string => {
      const draw = kind.formed?.(spec, here, here) ?? kind.open(spec, here);
      const z = new Float32Array(layout.size);
      drawInto(draw, 1, z);
      return Buffer.from(z.buffer).toString("hex");
    };
    let state: State = NO_STATE;
    const same = points.map((point, step) => {
      const here = { seed: 3, step, layout, point, state };
      const begun = beginDirections(spec, here);
      const learned = kind.learn?.(spec, begun, { projectedGradients: [2, -1], further: [1, 2] });
      const last = drawn(begun);
      state = { count: step + 1, vectors: learned ?? begun.state.vectors };
      return last === drawn(beginDirections(spec, { ...here, point: points[4], state: NO_STATE }));
    });
    assert.is(
      same.slice(0, 4).every((each) => each),
      kind.again === true,
    );
  });

test.run();
