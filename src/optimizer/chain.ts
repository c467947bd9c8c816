import { fail, sameLength } from "../check/check";
import type { Here } from "../estimator/direction";
import { namedFor, ownVectors, type State, type Vectors } from "../estimator/state";
import type { Entry } from "../tree/layout";
import { dot, like } from "../tree/vector";
import type { Piece, TransformHere } from "./transform";
import { transformKind, transformKinds, type TransformSpec } from "./transforms";

/** Where a step leads. */
export interface Moved {
  readonly point: Float32Array;
  readonly state: State;
}

/** What a step of a chain is made in. */
export interface ChainStep {
  readonly learningRate: number;
  /** What the method carries; only to be read. */
  readonly state: State;
  /** What an earlier step led to and nobody needs any more: its memory is written over. Default: new memory. The bits are the same. */
  readonly over?: Moved | undefined;
}

/** Numbers of a piece, where a chain does not need whole tensors. */
const PIECE = 4096;

/**
 * Checks a chain that came from outside: each link, each kind once, and only the first may form the gradient.
 * @throws naming the link and its field
 */
export function checkTransforms(what: string, chain: readonly TransformSpec[]): void {
  if (!Array.isArray(chain))
    fail(what, `a list of {kind, ...}, each one of ${Object.keys(transformKinds).join(", ")}`, chain);
  chain.forEach((spec, i) => {
    if (typeof spec !== "object" || spec === null) fail(`${what}[${i}]`, "a {kind, ...}", spec);
    const kind = transformKind(`${what}[${i}]`, spec);
    kind.check(`${what}[${i}]`, spec);
    if (chain.findIndex((other) => other.kind === spec.kind) < i)
      fail(`${what}[${i}].kind`, "each kind once in a chain", spec.kind);
    if ((kind.form !== undefined || kind.first === true) && i > 0)
      fail(
        `${what}[${i}].kind`,
        "the first place of the chain, since it looks at the gradient itself",
        `place ${i + 1}`,
      );
  });
}

/** Gives what a link of the chain may look at. @param lengthOf |g|, asked of it where a link wants it */
export function transformHere(
  { kind }: TransformSpec,
  here: Here,
  { learningRate, state }: ChainStep,
  next: Vectors = {},
  lengthOf: () => number = () => NaN,
): TransformHere {
  const own = { ...state, vectors: ownVectors(state, kind) };
  return { ...here, learningRate, count: state.count + 1, state: own, next, lengthOf };
}

/** A step that a chain is making, tensor by tensor. */
export interface OpenStep {
  /** Moves a tensor along its gradient [size of the tensor]; each tensor once, in any order. */
  move(entry: Entry, gradient: Float32Array): void;
  /** The point that all tensors together led to. */
  end(): Moved;
}

/**
 * Takes the step that a chain makes of a gradient: theta' = keep theta - lr update, each number in float64 and rounded once.
 * @param formed vectors of a first link that has formed the gradient
 * @throws when point, gradient and layout differ in length
 */
export function applyChain(
  chain: readonly TransformSpec[],
  here: Here,
  gradient: Float32Array,
  at: ChainStep,
  formed: Vectors = {},
): Moved {
  sameLength("gradient", gradient.length, here.layout.size);
  const part = ({ offset, size }: Entry): Float32Array => gradient.subarray(offset, offset + size);
  const step = openChain(
    chain,
    here,
    () => lengthOf(here.layout.entries.map((entry) => squaresOf(part(entry)))),
    at,
    formed,
  );
  for (const entry of here.layout.entries) step.move(entry, part(entry));
  return step.end();
}

/** Computes sum g_i^2 of a tensor's gradient, in float64. @example squaresOf(Float32Array.of(3, 4)) // 25 */
export function squaresOf(gradient: Float32Array): number {
  return dot(gradient, gradient);
}

/** Computes |g| from the tensors' sums of squares, in the layout's order. @example lengthOf([9, 16]) // 5 */
export function lengthOf(squares: readonly number[]): number {
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/**
 * Begins a step of a chain whose gradient comes tensor by tensor: the bits of `applyChain`.
 * @param lengthOf |g| of the whole gradient, asked for where a link looks at it
 * @throws when point and layout differ in length
 */
export function openChain(
  chain: readonly TransformSpec[],
  here: Here,
  lengthOf: () => number,
  at: ChainStep,
  formed: Vectors = {},
): OpenStep {
  const { layout, point } = here;
  sameLength("point", point.length, layout.size);
  const next = at.over?.point ?? like(point);
  sameLength("over", next.length, layout.size);
  const vectors: Record<string, Float32Array> = { ...formed };
  let whole = false;
  const followers: (() => void)[] = [];
  const links = chain.flatMap((spec) => {
    const kind = transformKind("transforms", spec);
    const before: Record<string, Float32Array> = {};
    const after: Record<string, Float32Array> = {};
    for (const [name, size] of Object.entries(kind.vectors?.(spec, layout) ?? {})) {
      const key = `${spec.kind}.${name}`;
      before[name] = at.state.vectors[key] ?? new Float32Array(size);
      const memory = at.over?.state.vectors[key];
      after[name] = memory !== undefined && memory !== before[name] ? memory : new Float32Array(size);
      sameLength(`state ${key}`, before[name].length, size);
    }
    Object.assign(vectors, namedFor(spec.kind, after));
    whole ||= kind.whole === true;
    const seen = transformHere(spec, here, at, after, lengthOf);
    const told = { ...seen, state: { ...seen.state, vectors: { ...seen.state.vectors, ...before } } };
    if (kind.follow !== undefined) followers.push(() => kind.follow?.(spec, told, next));
    const link = kind.open?.(spec, told);
    return link ? [link] : [];
  });
  let scratch = new Float64Array(0);
  return {
    move(entry, gradient) {
      sameLength(`gradient of ${entry.name}`, gradient.length, entry.size);
      const length = Math.min(entry.size, whole ? entry.size : PIECE);
      if (scratch.length < length) scratch = new Float64Array(length);
      for (let from = 0; from < entry.size; from += length) {
        const size = Math.min(length, entry.size - from);
        const begin = entry.offset + from;
        const update = scratch.subarray(0, size);
        for (let k = 0; k < size; k++) update[k] = gradient[from + k];
        const piece: Piece = { entry, begin, update, keep: 1 };
        for (const link of links) link(piece);
        for (let k = 0, i = begin; k < size; k++, i++) next[i] = piece.keep * point[i] - at.learningRate * update[k];
      }
    },
    end() {
      for (const spec of chain) transformKind("transforms", spec).settle?.(spec, here, next);
      for (const follow of followers) follow();
      return { point: next, state: { count: at.state.count + 1, vectors } };
    },
  };
}
