import { fail } from "../check/check";

/** One trainable tensor: its name, shape with axes in row-major order, and whether weight decay applies to it. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decay: boolean;
}

/** A tensor's place in the flat parameter vector, in elements. */
export interface Entry extends TensorSpec {
  readonly offset: number;
  readonly size: number;
}

/** Where every named tensor lies in one flat Float32 vector theta [d]. A point is a Float32Array of length `size` = d. */
export interface Layout {
  readonly entries: readonly Entry[];
  readonly size: number;
  /** The tensors are factors of a change of others (`factorLayout`); absent: they are what is trained. */
  readonly factors?: Factors;
}

/** What a layout of factors is a change of. */
export interface Factors {
  /** The tensors that are changed. */
  readonly whole: Layout;
  /** R: columns of every left and right factor. */
  readonly rank: number;
}

/**
 * Lays tensors out one after another.
 * @example layoutOf([{ name: "a", shape: [2, 3], decay: true }]).size // 6
 * @throws when two tensors share a name
 */
export function layoutOf(specs: readonly TensorSpec[]): Layout {
  const names = new Set<string>();
  let offset = 0;
  const entries = specs.map((spec) => {
    if (names.has(spec.name)) fail("name", "distinct tensor names", spec.name);
    names.add(spec.name);
    const size = spec.shape.reduce((a, b) => a * b, 1);
    const entry = { ...spec, offset, size };
    offset += size;
    return entry;
  });
  return { entries, size: offset };
}

/** Gives the entry of that name. @throws when there is none, listing the first names there are. */
export function entryOf(layout: Layout, name: string): Entry {
  return (
    layout.entries.find((entry) => entry.name === name) ??
    fail(
      "tensor",
      `one of ${layout.entries
        .slice(0, 6)
        .map((e) => e.name)
        .join(", ")}, ...`,
      name,
    )
  );
}

/** Gives the first of some tensors that lie one after another and have one shape. @throws when they do not */
export function stackAt(layout: Layout, names: readonly string[]): Entry {
  const entries = names.map((name) => entryOf(layout, name));
  const [head] = entries;
  if (!head) return fail("parameters", "at least one name", names);
  entries.forEach((entry, i) => {
    if (entry.offset !== head.offset + i * head.size || entry.shape.join() !== head.shape.join())
      fail(`parameters[${i}]`, `${head.name}'s shape ${head.shape.join("x")}, next in the layout`, entry.name);
  });
  return head;
}

/** Makes a view (no copy) of one named tensor of a point. */
export function view(layout: Layout, point: Float32Array, name: string): Float32Array {
  const { offset, size } = entryOf(layout, name);
  return point.subarray(offset, offset + size);
}

/**
 * Gives the name of the first tensor that has a value which is not finite at that point [d]; null when all are finite.
 * @example firstNotFinite(layoutOf([{ name: "a", shape: [2], decay: true }]), Float32Array.of(1, NaN)) // "a"
 */
export function firstNotFinite(layout: Layout, point: Float32Array): string | null {
  const at = point.findIndex((value) => !Number.isFinite(value));
  const found = at < 0 ? undefined : layout.entries.find(({ offset, size }) => at >= offset && at < offset + size);
  return found?.name ?? null;
}
