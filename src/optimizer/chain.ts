import { fail, sameLength } from "../check/check";
import type { Here } from "../estimator/direction";
import { namedFor, ownVectors, type State, type Vectors } from "../estimator/state";
import { like } from "../tree/vector";
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

/** Gives what a link of the chain may look at. */
export function transformHere(
  { kind }: TransformSpec,
  here: Here,
  { learningRate, state }: ChainStep,
  next: Vectors = {},
  gradient = new Float32Array(0),
): TransformHere {
  const own = { ...state, vectors: ownVectors(state, kind) };
  return { ...here, learningRate, count: state.count + 1, state: own, next, gradient };
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
  const { layout, point } = here;
  sameLength("point", point.length, layout.size);
  sameLength("gradient", gradient.length, layout.size);
  const next = at.over?.point ?? like(point);
  sameLength("over", next.length, layout.size);
  const vectors: Record<string, Float32Array> = { ...formed };
  let whole = false;
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
    const seen = transformHere(spec, here, at, after, gradient);
    const link = kind.open?.(spec, {
      ...seen,
      state: { ...seen.state, vectors: { ...seen.state.vectors, ...before } },
    });
    return link ? [link] : [];
  });
  const state = { count: at.state.count + 1, vectors };
  const settled = (): Moved => {
    for (const spec of chain) transformKind("transforms", spec).settle?.(spec, here, next);
    return { point: next, state };
  };
  if (links.length === 0) {
    for (let i = 0; i < layout.size; i++) next[i] = point[i] - at.learningRate * gradient[i];
    return settled();
  }
  const scratch = new Float64Array(
    Math.min(layout.size, whole ? Math.max(...layout.entries.map(({ size }) => size)) : PIECE),
  );
  for (const entry of layout.entries)
    for (let begin = entry.offset; begin < entry.offset + entry.size; begin += scratch.length) {
      const size = Math.min(scratch.length, entry.offset + entry.size - begin);
      const update = scratch.subarray(0, size);
      for (let k = 0; k < size; k++) update[k] = gradient[begin + k];
      const piece: Piece = { entry, begin, update, keep: 1 };
      for (const link of links) link(piece);
      for (let k = 0, i = begin; k < size; k++, i++) next[i] = piece.keep * point[i] - at.learningRate * update[k];
    }
  return settled();
}
