import type { DirectionKind } from "../../src/estimator/direction";
import { beginKind } from "../../src/estimator/directions";
import type { LowRank } from "../../src/estimator/directions/low-rank";
import { blocksFrom } from "../../src/estimator/directions/blocks";
import { learnedDiagonalFrom } from "../../src/estimator/directions/learned-diagonal";
import { lowRankFreshFrom } from "../../src/estimator/directions/low-rank-fresh";
import { lowRankUnmeasuredFrom } from "../../src/estimator/directions/low-rank-unmeasured";
import { quantizedFrom } from "../../src/estimator/directions/quantized";
import { projectedFrom } from "../../src/estimator/directions/projected";
import { randomMaskFrom } from "../../src/estimator/directions/random-mask";
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
import { eggroll } from "../../src/optimizer/recipes/eggroll";
import { fzoo } from "../../src/optimizer/recipes/fzoo";
import { forwardGradient } from "../../src/optimizer/recipes/forward-gradient";
import { quzo } from "../../src/optimizer/recipes/quzo";
import { requantizeFrom } from "../../src/optimizer/transforms/requantize";
import type { TransformKind } from "../../src/optimizer/transform";
import { zoBlockwise } from "../../src/optimizer/recipes/zo-blockwise";
import { zoMuon } from "../../src/optimizer/recipes/zo-muon";
import { zoSparse } from "../../src/optimizer/recipes/zo-sparse";
import type { Layout } from "../../src/tree/layout";
import type { Differences } from "./walk-trace";
import { flat, flatten, plainDirections, type Tensors, type Trace, type TraceStep } from "./golden";

/** How a trace is walked: the method, where its noise stands, and which numbers of its state are recorded, or follow from what is. */
export interface GoldenMethod {
  method(hyper: Trace["hyper"]): Method;
  directions(noise: Noise): DirectionKind<never>;
  /** The numbers of a stream's index. */
  draws(trace: Trace, stream: string, index: readonly number[]): readonly number[];
  decays?(name: string): boolean;
  /** A step's recorded losses in the order in which ours are asked; default: the file's. */
  answers?(step: TraceStep): readonly number[];
  /** A step's recorded projected gradients; default: the file's one. */
  projected?(step: TraceStep, hyper: Trace["hyper"]): readonly number[];
  /** Whether a number of a draw, in the order of the parameters, has no part in a step. */
  unseen?(step: TraceStep, stream: string, at: number): boolean;
  /** A draw's number, changed so far that it has to be seen; default 0.01 more. */
  altered?(value: number, stream: string): number;
  /** Constants that are not seen when they are off by one in a hundred. */
  readonly hidden?: readonly string[];
  /** Kinds of transforms with the file's noise, by the name of those that they stand for. */
  transforms?(noise: Noise): Readonly<Record<string, TransformKind<never>>>;
  /** What a file's own rounding needs. */
  readonly tolerances?: Partial<Differences>;
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

/** A field that a file has as a list: what there is one of for each query. */
function listed<Item = Tensors>(field: unknown): readonly Item[] {
  return field as readonly Item[];
}

/** The losses of a population, whose scores are recorded. */
function lossesOf(step: TraceStep): readonly number[] {
  return listed<number>((step as TraceStep & { readonly scores: unknown }).scores).map((score) => -score);
}

/** What a step recorded of each block. */
function blocksOf(step: TraceStep) {
  return (step as TraceStep & { readonly blocks: unknown }).blocks as readonly {
    readonly z: Partial<Tensors>;
    readonly plus: number;
    readonly minus: number;
    readonly projectedGradient: number;
  }[];
}

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

/** The end of the tensor that each number is in. */
function ends(tensors: Tensors, end: (numbers: readonly number[]) => number): readonly number[] {
  return Object.values(tensors).flatMap((tensor) => flat(tensor).map((_, __, numbers) => end(numbers)));
}

/** Uniform numbers that round up where a file has 1, and down where it has 0. */
function chanceOf(noise: Noise): Noise {
  return (out, ...from) => {
    noise(out, ...from);
    for (let i = 0; i < out.length; i++) out[i] = 1 - out[i];
    return out;
  };
}

/** As ZO-Muon's reference runs: a step that redraws P measures each query along one of its own, and moves along the last one's. */
function projectedByQuery(noise: Noise): DirectionKind<LowRank> {
  const of = (query: number): DirectionKind<LowRank> =>
    projectedFrom((out, seed, stream, ...index) =>
      noise(out, seed, stream, ...index, ...(stream === "basis" ? [query] : [])),
    );
  const last = of(1);
  return {
    ...last,
    open: (spec, here) => (query, memory) => {
      if (here.step % spec.redraw !== 0) return last.open(spec, here)(query, memory);
      return of(query).open(spec, beginKind(of(query), spec, here))(query, memory);
    },
    formed: (spec, here) => last.open(spec, here),
  };
}

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
    method: ({ learningRate, weightDecay }) => forwardGradient({ learningRate, weightDecay }),
  },
  "zo-bench-sparse": {
    directions: (noise) =>
      randomMaskFrom(noise, (out, _keep, seed, block) => {
        const hidden = noise(new Float32Array(out.length), seed, "mask", block);
        for (let i = 0; i < out.length; i++) out[i] *= hidden[i] === 0 ? 1 : hidden[i] === 1 ? 0 : NaN;
      }),
    draws: ({ steps, problem }, stream, [step]) =>
      problem.parameterOrder.flatMap((name) => flat(steps[step].draws[stream === "mask" ? "zeroed" : "z"]![name])),
    unseen: ({ draws }, stream, at) =>
      stream === "direction" && Object.values(draws["zeroed"]!).flatMap(flat)[at] === 1,
    method: (hyper) => zoSparse({ ...shared(hyper), sparsity: hyper["sparsity"], hold: 1000 }),
  },
  "zo-muon": {
    directions: projectedByQuery,
    draws: ({ steps, hyper, problem }, stream, [step, ...others]) => {
      const [query, tensor] = stream === "basis" ? [others[1], others[0]] : others;
      const name = problem.parameterOrder[tensor];
      if (stream === "basis") return flat(listed(steps[step * hyper["interval"]].draws["P"])[query][name]);
      const u = listed(steps[step].draws["u"])[query][name] as number[][];
      return typeof u[0] === "number" ? flat(u) : flat(transposed(u));
    },
    method: (hyper) =>
      zoMuon({
        ...ranked(hyper),
        queries: hyper["queries"],
        vectorRate: hyper["vectorLearningRate"] / hyper["learningRate"],
      }),
    answers: ({ losses }) => [losses!["centre"], ...listed<number>(losses!["plus"])],
    projected: ({ projectedGradient }) => listed<number>(projectedGradient),
    // A vector's rate is so small that it shows in the projected gradients alone.
    altered: (value) => value + 1,
  },
  quzo: {
    // Of one rounding for what is measured and what moves, as the reference has it.
    directions: (noise) =>
      quantizedFrom(
        noise,
        chanceOf((out, seed, stream, step, query) => noise(out, seed, stream, step, query)),
      ),
    // A hundredth of a decay of 0.01 moves no weight to another level.
    hidden: ["weightDecay"],
    transforms: (noise) => ({ requantize: requantizeFrom(chanceOf(noise)) }),
    draws: ({ steps, problem }, stream, [step]) => {
      const { [stream]: purpose } = { direction: "z", rounding: "up", settling: "weightUp" } as Record<string, string>;
      return problem.parameterOrder.flatMap((name) => flat(steps[step].draws[purpose]![name]));
    },
    method(hyper) {
      const method = quzo({ ...shared(hyper), bits: hyper["directionBits"], weightBits: null });
      const former = { kind: "requantize", bits: hyper["weightBits"], shifted: true } as const;
      return { ...method, transforms: [former, ...method.transforms] };
    },
    altered: (value, stream) => (stream === "direction" ? value + 1 : 1 - value),
    // The largest number of a tensor stands on a level whichever way it is rounded; the lowest weight may be one that is clipped, and one that a
    // direction of 0 leaves alone stands on the grid already.
    unseen: ({ draws: { z, up }, weights }, stream, at) => {
      const largest = ends(z!, (numbers) => Math.max(...numbers.map(Math.abs)));
      const [value, level] = [Object.values(z!).flatMap(flat)[at], Object.values(up!).flatMap(flat)[at]];
      const still = Math.floor((8 * value) / largest[at]) + level === 0;
      const lowest = Object.values(weights).flatMap(flat)[at] === ends(weights, (numbers) => Math.min(...numbers))[at];
      return stream === "rounding" ? Math.abs(value) === largest[at] : stream === "settling" && (still || lowest);
    },
  },
  "zo-bench-blockwise": {
    directions: blocksFrom,
    draws: ({ steps, problem }, _stream, [step, query]) =>
      problem.parameterOrder.flatMap((name) => flat(blocksOf(steps[step])[query].z[name] ?? [])),
    method: (hyper) => zoBlockwise({ ...shared(hyper), blocks: listed(hyper["blocks"]).length }),
    answers: (step) => blocksOf(step).flatMap(({ plus, minus }) => [plus, minus]),
    projected: (step) => blocksOf(step).map(({ projectedGradient }) => projectedGradient),
  },
  eggroll: {
    directions: lowRankFreshFrom,
    draws: ({ steps, problem }, stream, [step, query, tensor]) => {
      const drawn = listed<Readonly<Record<string, Tensors[string] | Tensors>>>(steps[step].draws["pairs"])[query];
      const found = drawn[problem.parameterOrder[tensor]];
      return flat(Array.isArray(found) ? found : (found as Tensors)[stream === "right" ? "B" : "A"]);
    },
    // The reference's rate acts on noise that is sigma long.
    method: ({ sigma, learningRate, population, rank }) =>
      eggroll({ perturbationScale: sigma, learningRate: learningRate * sigma, queries: population / 2, rank }),
    answers: (step) => lossesOf(step),
    projected: (step, { sigma }) =>
      lossesOf(step).flatMap((loss, i, all) => (i % 2 === 0 ? [(loss - all[i + 1]) / (2 * sigma)] : [])),
  },
  fzoo: {
    directions: plainDirections,
    draws: ({ steps, problem }, _stream, [step, query]) =>
      problem.parameterOrder.flatMap((name) => flat(listed(steps[step].draws["u"])[query][name])),
    method: ({ epsilon, learningRate, queries }) => fzoo({ perturbationScale: epsilon, learningRate, queries }),
    answers: ({ losses }) => [losses!["centre"], ...listed<number>(losses!["plus"])].map(Math.fround),
    projected: ({ losses }, { epsilon }) =>
      listed<number>(losses!["plus"]).map((plus) => (Math.fround(plus) - Math.fround(losses!["centre"])) / epsilon),
    // The reference rounds losses to float32 before it takes their differences.
    tolerances: { projectedGradient: 3e-4 },
  },
};

/** Traces along exact gradients, which `test/common/golden-exact.test.ts` walks. */
/** Traces of which a part alone can be walked: `test/common/golden-zo-adamu.test.ts` and `golden-mezo-gv.test.ts` say which. */
export const partTraces = ["zo-adamu", "mezo-gv", "mezo-svrg", "dizo"] as const;
export const exactTraces = ["lomo", "adalomo"] as const;
/** Traces of modules alone, without steps. */
export const moduleTraces = ["sherl", "r-adapter"] as const;
