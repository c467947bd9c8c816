import type { DirectionKind } from "../../src/estimator/direction";
import { learnedDiagonalFrom } from "../../src/estimator/directions/learned-diagonal";
import { lowRankUnmeasuredFrom } from "../../src/estimator/directions/low-rank-unmeasured";
import { subspaceFrom } from "../../src/estimator/directions/subspace";
import type { Noise } from "../../src/estimator/noise";
import type { Method } from "../../src/optimizer/method";
import {
  conservative,
  hizoo,
  lozoM,
  lozoReference,
  mezo,
  subzero,
  zoAdam,
  zoMomentum,
  zoSign,
} from "../../src/optimizer/recipes";
import type { Layout } from "../../src/tree/layout";
import { flat, flatten, plainDirections, type Tensors, type Trace } from "./golden";

/** How a trace is walked: the method, where its noise stands, and which numbers of its state are recorded, or follow from what is. */
export interface GoldenMethod {
  method(hyper: Trace["hyper"]): Method;
  directions(noise: Noise): DirectionKind<never>;
  /** The numbers of a stream's index. */
  draws(trace: Trace, stream: string, index: readonly number[]): readonly number[];
  decays?(name: string): boolean;
  /** Vectors that a method carries after each step, by name. */
  state?(trace: Trace, layout: Layout): readonly Readonly<Record<string, readonly number[]>>[];
}

/** z of a step, all tensors one after another. */
const plain = {
  directions: plainDirections,
  draws: ({ steps, problem }: Trace, _stream: string, [step]: readonly number[]) =>
    problem.parameterOrder.flatMap((name) => flat(steps[step].draws["z"]![name])),
};

/** A tensor's numbers: those kept for a block of steps are recorded in its first. */
function factors(purposes: Readonly<Record<string, string>>) {
  return ({ steps, hyper, problem }: Trace, stream: string, index: readonly number[]): readonly number[] => {
    const purpose = purposes[stream];
    const kept = index.length === 2;
    const tensors = steps[kept ? index[0] * hyper["interval"] : index[0]].draws[purpose] as Tensors;
    const found = tensors[problem.parameterOrder[index[index.length - 1]]];
    return flat(purpose === "Vt" ? transposed(found as number[][]) : found);
  };
}

function transposed(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return matrix[0].map((_, j) => matrix.map((row) => row[j]));
}

const shared = ({ epsilon, learningRate, weightDecay = 0 }: Trace["hyper"]) => ({
  perturbationScale: epsilon,
  learningRate,
  weightDecay,
});
/** Options of a method with ranks. */
export const ranked = (hyper: Trace["hyper"]) => ({ ...shared(hyper), rank: hyper["rank"], redraw: hyper["interval"] });

/** p z of each step. */
function estimates(trace: Trace): readonly (readonly number[])[] {
  return trace.steps.map(({ projectedGradient }, step) =>
    plain.draws(trace, "direction", [step]).map((z) => projectedGradient! * z),
  );
}

/** x <- decay x + share g from 0, after each step. */
function averages(gradients: readonly (readonly number[])[], decay: number, share: number) {
  let last = gradients[0].map(() => 0);
  return gradients.map((gradient) => (last = last.map((value, i) => decay * value + share * gradient[i])));
}

const unmeasured = {
  directions: lowRankUnmeasuredFrom,
  draws: factors({ right: "V", left: "perturb", unmeasured: "update" }),
};
const inSubspace = {
  directions: subspaceFrom,
  draws: factors({ basis: "U", right: "Vt", left: "Z" }),
};

export const goldenMethods: Readonly<Record<string, GoldenMethod>> = {
  mezo: { ...plain, method: (hyper) => mezo(shared(hyper)) },
  lozo: { ...unmeasured, method: (hyper) => lozoReference(ranked(hyper)) },
  "lozo-m": {
    ...unmeasured,
    method: (hyper) => ({
      ...lozoM({ ...ranked(hyper), decay: hyper["beta1"] }),
      directions: { kind: "low-rank-unmeasured", rank: hyper["rank"], redraw: hyper["interval"] },
    }),
    state: ({ steps }, layout) =>
      steps.map(({ state }) => ({ "low-rank-momentum.left": flatten(state!["momentum"], layout) })),
  },
  subzero: { ...inSubspace, method: (hyper) => subzero(ranked(hyper)) },
  "subzero-reshape": {
    ...inSubspace,
    method(hyper) {
      const method = subzero({ ...ranked(hyper), reshape: true });
      return { ...method, transforms: [{ kind: "momentum", decay: hyper["momentum"] }, ...method.transforms] };
    },
    state: ({ steps, initial, hyper }, layout) =>
      steps.map(({ weights }, i) => {
        const before = flatten(i === 0 ? initial : steps[i - 1].weights, layout);
        const after = flatten(weights, layout);
        return { "momentum.mean": before.map((weight, k) => (weight - after[k]) / hyper["learningRate"]) };
      }),
  },
  hizoo: {
    directions: learnedDiagonalFrom,
    draws: plain.draws,
    method: (hyper) => hizoo({ ...shared(hyper), smoothing: hyper["smooth"] }),
    decays: () => true,
    state: ({ steps }, layout) => steps.map(({ state }) => ({ "directions.sigma": flatten(state!["sigma"], layout) })),
  },
  "zo-bench-momentum": {
    ...plain,
    method: (hyper) => zoMomentum({ ...shared(hyper), decay: hyper["momentum"] }),
    state: (trace) => averages(estimates(trace), trace.hyper["momentum"], 1).map((mean) => ({ "momentum.mean": mean })),
  },
  "zo-bench-sign": { ...plain, method: (hyper) => zoSign(shared(hyper)) },
  "zo-bench-adam": {
    ...plain,
    method: (hyper) => zoAdam(shared(hyper)),
    state(trace) {
      const gradients = estimates(trace);
      const squares = gradients.map((gradient) => gradient.map((g) => g * g));
      const [first, second] = [averages(gradients, 0.9, 0.1), averages(squares, 0.999, 0.001)];
      return gradients.map((_, i) => ({ "adam.first": first[i], "adam.second": second[i] }));
    },
  },
  "zo-bench-conservative": { ...plain, method: (hyper) => conservative(shared(hyper)) },
  "zo-bench-forward": {
    ...plain,
    method: ({ learningRate, weightDecay }) => mezo({ learningRate, weightDecay, estimator: "directional" }),
  },
};

/** Traces along exact gradients, which `test/common/golden-exact.test.ts` walks. */
export const exactTraces = ["lomo", "adalomo"] as const;
