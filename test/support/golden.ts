import type { DirectionKind } from "../../src/estimator/direction";
import { drawStored } from "../../src/estimator/direction";
import type { Noise } from "../../src/estimator/noise";
import type { Objective } from "../../src/estimator/objective";
import { layoutOf, type Layout } from "../../src/tree/layout";
import { readJson } from "./tiny-models";

type Nested = number | readonly Nested[];
/** Tensors by name, as nested lists. */
export type Tensors = Readonly<Record<string, Nested>>;

export interface TraceStep {
  readonly step: number;
  /** By purpose; null where a factor was kept. */
  readonly draws: Readonly<Record<string, Tensors | null>>;
  /** In the order in which they are asked for. Absent where only a derivative was. */
  readonly losses?: Readonly<Record<string, number>>;
  readonly projectedGradient?: number;
  readonly perturbEqualsUpdate?: boolean;
  readonly state?: Readonly<Record<string, Tensors>>;
  readonly weights: Tensors;
}

/** A recorded run of a reference's own step (test/fixtures/golden/README.md). */
export interface Trace {
  readonly hyper: Readonly<Record<string, number>>;
  readonly problem: {
    readonly x: readonly (readonly number[])[];
    readonly y: readonly number[];
    readonly parameterOrder: readonly string[];
  };
  readonly initial: Tensors;
  readonly steps: readonly TraceStep[];
}

export function readTrace(name: string): Trace {
  return readJson(`test/fixtures/golden/${name}.json`) as Trace;
}

/** The names rule of the references: what is called a bias or a layer norm does not decay. */
export function isDecaying(name: string): boolean {
  return !["bias", "layer_norm", "layernorm"].some((word) => name.includes(word));
}

export function layoutOfTrace({ problem, initial }: Trace, decays: (name: string) => boolean = isDecaying): Layout {
  return layoutOf(problem.parameterOrder.map((name) => ({ name, shape: shapeOf(initial[name]), decay: decays(name) })));
}

function shapeOf(nested: Nested): readonly number[] {
  return typeof nested === "number" ? [] : [nested.length, ...shapeOf(nested[0])];
}

export function flat(nested: Nested): readonly number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flat);
}

/** All tensors of a layout one after another. */
export function flatten(tensors: Tensors, { entries }: Layout): readonly number[] {
  return entries.flatMap(({ name }) => flat(tensors[name]));
}

/** Noise whose numbers stand in a trace. @param find the numbers of a stream's index; as many as are asked for, or it throws */
export function recordedNoise(find: (stream: string, index: readonly number[]) => readonly number[]): Noise {
  return (out, _seed, stream, ...index) => {
    const numbers = find(stream, index);
    if (numbers.length !== out.length)
      throw new Error(`${stream} ${index.join(", ")}: ${out.length} numbers asked for, ${numbers.length} recorded`);
    out.set(numbers);
    return out;
  };
}

/** Directions that are the noise itself. */
export function plainDirections(noise: Noise): DirectionKind<unknown> {
  return {
    check: () => undefined,
    open: (_spec, { seed, step }) => drawStored((query, out) => noise(out, seed, "direction", step, query)),
  };
}

/** The traces' network as an objective, in float64 on float32 points: mean cross-entropy of softmax(W2 tanh(W1 x + b1) + b2). */
export function goldenObjective({ problem: { x, y } }: Trace): Objective<null> {
  const derivative = (point: Float32Array): { readonly loss: number; readonly gradient: Float64Array } => {
    const [hidden, inputs, labels] = [6, x[0].length, 3];
    const [b1, w2] = [hidden * inputs, hidden * inputs + hidden];
    const b2 = w2 + labels * hidden;
    const gradient = new Float64Array(point.length);
    let loss = 0;
    x.forEach((features, n) => {
      const h = Array.from({ length: hidden }, (_, i) =>
        Math.tanh(features.reduce((sum, feature, j) => sum + point[i * inputs + j] * feature, point[b1 + i])),
      );
      const scores = Array.from({ length: labels }, (_, k) =>
        h.reduce((sum, value, i) => sum + point[w2 + k * hidden + i] * value, point[b2 + k]),
      );
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      loss += (Math.log(total) - scores[y[n]]) / x.length;
      const errors = scores.map((score, k) => (Math.exp(score) / total - (k === y[n] ? 1 : 0)) / x.length);
      errors.forEach((error, k) => {
        gradient[b2 + k] += error;
        h.forEach((value, i) => (gradient[w2 + k * hidden + i] += error * value));
      });
      h.forEach((value, i) => {
        const error = errors.reduce((sum, e, k) => sum + e * point[w2 + k * hidden + i], 0) * (1 - value ** 2);
        gradient[b1 + i] += error;
        features.forEach((feature, j) => (gradient[i * inputs + j] += error * feature));
      });
    });
    return { loss, gradient };
  };
  return {
    losses: async (points) => points.map((point) => derivative(point).loss),
    async derivatives(point, directions) {
      const { loss, gradient } = derivative(point);
      return { loss, derivatives: directions.map((z) => z.reduce((sum, zi, i) => sum + zi * gradient[i], 0)) };
    },
  };
}
