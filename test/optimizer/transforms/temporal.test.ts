import { suite } from "uvu";
import { mezo } from "../../../src/optimizer/recipes";
import { tezo, tezoAdam, tezoM } from "../../../src/optimizer/recipes/tezo";
import { checkMethod, type Method } from "../../../src/optimizer/method";
import { applyRecorded, type StepOutcome } from "../../../src/optimizer/step";
import { NO_STATE } from "../../../src/estimator/state";
import { directionOfParts } from "../../../src/estimator/tensor-parts";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/transforms/temporal");

const layout = layoutOf([
  { name: "w", shape: [3, 2], decay: true },
  { name: "bias", shape: [2], decay: false },
]);
const [w, bias] = layout.entries;
const basis = Float32Array.of(1, 2, 0, -1, 3, 1);
const right = Float32Array.of(2, 1, -1, 3);
/** tau of each step, and a vector's own numbers. */
const cores = [Float32Array.of(1, 2), Float32Array.of(-1, 0.5)];
const vectors = [Float32Array.of(4, -2), Float32Array.of(1, 1)];
const draws = {
  check: () => undefined,
  kept: "both" as const,
  open:
    (_spec: unknown, { step }: { readonly step: number }) =>
    () => {
      const core = cores[step];
      const left = basis.map((value, at) => value * core[at % 2]);
      return directionOfParts([
        { kind: "outer", entry: w, rows: 3, columns: 2, rank: 2, left, right, inner: { basis, core } },
        { kind: "dense", entry: bias, values: vectors[step] },
      ]);
    },
};

/** Two steps from 0 with p = 3 and p = 2. */
function walked(method: Method): StepOutcome {
  let at: StepOutcome = { point: new Float32Array(layout.size), state: NO_STATE };
  [3, 2].forEach((p, step) => {
    at = applyRecorded(method, at.point, {
      seed: 0,
      step,
      epoch: 0,
      layout,
      projectedGradients: [p],
      state: at.state,
      draws,
    });
  });
  return at;
}

/** U diag(t) V^T, or of the squares of both. */
const product = (t: readonly number[], power = 1): readonly number[] =>
  [0, 1, 2].flatMap((i) =>
    [0, 1].map((j) => [0, 1].reduce((sum, s) => sum + t[s] * (basis[i * 2 + s] * right[j * 2 + s]) ** power, 0)),
  );

test("momentum is kept in r numbers a matrix, and is that of the whole matrix", () => {
  // M = 0.1 * 3 tau_0, then 0.9 M + 0.1 * 2 tau_1
  const [one, two] = [[0.3, 0.6], [0.9 * 0.3 - 0.2, 0.9 * 0.6 + 0.1]]; // prettier-ignore
  const { point, state } = walked(tezoM({ rank: 2, learningRate: 1 }));
  near(state.vectors["temporal-momentum.mean"], [...two, 0.9 * 1.2 + 0.2, -0.9 * 0.6 + 0.2], 1e-6);
  const moved = product(one).map((value, i) => -value - product(two)[i]);
  near(point, [...moved, -1.2 - 1.28, 0.6 + 0.34], 1e-6);
});

test("Adam's moments are those of tau; v is made of squares", () => {
  const { point, state } = walked(tezoAdam({ rank: 2, learningRate: 1 }));
  const [t0, t1] = [[3, 6], [-2, 1]]; // prettier-ignore
  const first = t0.map((t, s) => 0.09 * t + 0.1 * t1[s]);
  const second = t0.map((t, s) => 0.999 * 0.001 * t ** 2 + 0.001 * t1[s] ** 2);
  near(state.vectors["temporal-adam.first"].slice(0, 2), first, 1e-6);
  near(state.vectors["temporal-adam.second"].slice(0, 2), second, 1e-6);
  const step = (m: readonly number[], v: readonly number[], n: number): readonly number[] =>
    product(m).map((value, i) => value / (1 - 0.9 ** n) / (Math.sqrt(product(v, 2)[i] / (1 - 0.999 ** n)) + 1e-8));
  const one = step(t0.map((t) => 0.1 * t), t0.map((t) => 0.001 * t ** 2), 1); // prettier-ignore
  const two = step(first, second, 2);
  near(point.slice(0, 6), one.map((value, i) => -value - two[i]), 1e-5); // prettier-ignore
});

test("with decay 0 momentum is TeZO, and other directions are refused", () => {
  near(walked(tezoM({ rank: 2, decay: 0 })).point, walked(tezo({ rank: 2 })).point, 1e-6);
  throwsWith(
    () => checkMethod({ ...mezo(), transforms: tezoAdam().transforms }),
    'method.directions: expected "temporal", of whose outer products temporal-adam is made, got "gaussian"',
  );
});

test.run();
