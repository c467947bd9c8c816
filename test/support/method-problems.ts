import type { Objective } from "../../src/estimator/objective";
import { layoutOf, type Layout, type TensorSpec } from "../../src/tree/layout";

/** A loss that methods can be tried on, with its exact gradient: sum_i h_i f(theta_i - c_i), a batch (a step's index) shifts c. */
export interface MethodProblem {
  readonly name: string;
  readonly layout: Layout;
  /** theta [d] at the start. */
  readonly start: Float32Array;
  /** The largest h_i. */
  readonly curvature: number;
  /** The loss with no batch's shift: what is to become lower. */
  readonly whole: (point: Float32Array) => number;
  readonly objective: Objective<number>;
}

/** f and its derivative. */
interface Bowl {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** Numbers of the offset of each of two texts, and what an offset's number shifts c by. */
const TEXTS = [2, 1] as const;
const SHARE = 0.03;
const STILL = new Float32Array(1);

const square: Bowl = { value: (x) => x ** 2 / 2, slope: (x) => x };
/** Round at the bottom, straight far away: log cosh x without overflow. */
const round: Bowl = {
  value: (x) => Math.abs(x) + Math.log1p(Math.exp(-2 * Math.abs(x))) - Math.LN2,
  slope: Math.tanh,
};

function problem(
  name: string,
  tensors: readonly TensorSpec[],
  bowl: Bowl,
  height: (share: number) => number,
  shift: number,
): MethodProblem {
  const layout = layoutOf(tensors);
  const heights = Float64Array.from({ length: layout.size }, (_, i) => height(i / Math.max(layout.size - 1, 1)));
  // An offset of the inputs shifts c too, number by number in turn.
  const away = (point: Float32Array, batch: number | null, i: number, offset: Float32Array = STILL): number =>
    point[i] - 1 - (batch === null ? 0 : shift * Math.sin(3 * i + batch)) - SHARE * offset[i % offset.length];
  const loss = (point: Float32Array, batch: number | null, offset?: Float32Array): number =>
    heights.reduce((sum, h, i) => sum + h * bowl.value(away(point, batch, i, offset)), 0);
  const gradient = (point: Float32Array, batch: number, offset?: Float32Array): Float64Array =>
    heights.map((h, i) => h * bowl.slope(away(point, batch, i, offset)));
  return {
    name,
    layout,
    start: new Float32Array(layout.size),
    curvature: Math.max(...heights),
    whole: (point) => loss(point, null),
    objective: {
      losses: async (points, batch) => points.map((point) => loss(point, batch)),
      derivatives: async (point, directions, batch) => {
        const g = gradient(point, batch);
        return {
          loss: loss(point, batch),
          derivatives: directions.map((z) => g.reduce((sum, value, i) => sum + value * z[i], 0)),
        };
      },
      gradient: async (point, batch) => ({
        loss: loss(point, batch),
        gradient: Float32Array.from(gradient(point, batch)),
      }),
      // Parts of one kind: their mean is the batch's.
      split: (batch, parts) => Array.from({ length: parts }, () => ({ batch, share: 1 / parts })),
      inputs: {
        sizes: () => TEXTS,
        gradient: async (point, batch, offset, by) => {
          const byPoint = Float32Array.from(gradient(point, batch, offset));
          const byOffset = offset.map((_, k) =>
            byPoint.reduce((sum, value, i) => sum - (i % offset.length === k ? SHARE * value : 0), 0),
          );
          return { loss: loss(point, batch, offset), gradient: by === "point" ? byPoint : byOffset };
        },
      },
    },
  };
}

/** L(theta) = 1/2 |theta - 1|^2 with d = 4 from 0: loss 2, gradient -1 everywhere, second derivative |z|^2 along z. */
export const plainQuadratic = problem("a quadratic", [{ name: "x", shape: [4], decay: true }], square, () => 1, 0);

/** A quadratic with d = 16 whose second derivatives go from 1 down to 1e-4. */
export const illConditioned = problem(
  "an ill-conditioned quadratic",
  [{ name: "x", shape: [16], decay: true }],
  square,
  (share) => 10 ** (-4 * share),
  0.01,
);

/** Matrices, a tensor of three axes, a vector and a matrix of one column: d = 194, each batch another. */
export const matrices = problem(
  "matrices beside vectors",
  [
    { name: "wide", shape: [12, 9], decay: true },
    { name: "bias", shape: [5], decay: false },
    { name: "core", shape: [3, 4, 6], decay: true },
    { name: "column", shape: [9, 1], decay: true },
  ],
  round,
  (share) => 1 - 0.9 * share,
  0.1,
);

/** The problems whose losses are finite. */
export const finiteProblems: readonly MethodProblem[] = [plainQuadratic, illConditioned, matrices];

/** Which of the numbers that a step asks for is spoiled, in the order in which they are asked (null: all), and by what. */
export interface Spoiled {
  readonly nth: number | null;
  readonly value: number;
}

/** The objective of a problem, spoiled after so many numbers. An exact gradient's loss is the first number of a step, it the second. */
export function spoiled({ objective }: MethodProblem, before: number, { value, nth }: Spoiled): Objective<number> {
  let asked = 0;
  const spoil = (number: number): number => {
    const at = asked++ - before;
    return at >= 0 && (nth === null || at === nth) ? value : number;
  };
  return {
    losses: async (points, batch) => (await objective.losses(points, batch)).map(spoil),
    derivatives: async (point, directions, batch) => {
      const { loss, derivatives } = await objective.derivatives(point, directions, batch);
      return { loss, derivatives: derivatives.map(spoil) };
    },
    gradient: async (point, batch) => {
      const { loss, gradient } = await objective.gradient!(point, batch);
      const spoiledLoss = spoil(loss);
      gradient[gradient.length - 1] = spoil(gradient[gradient.length - 1]);
      return { loss: spoiledLoss, gradient };
    },
    split: objective.split!,
    inputs: {
      ...objective.inputs!,
      gradient: async (...asked) => {
        const { loss, gradient } = await objective.inputs!.gradient(...asked);
        const spoiledLoss = spoil(loss);
        gradient[gradient.length - 1] = spoil(gradient[gradient.length - 1]);
        return { loss: spoiledLoss, gradient };
      },
    },
  };
}
