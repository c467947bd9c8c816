import type { Ops } from "../ops/ops";
import type { TensorSpec } from "../tree/layout";

/** Tensors of equal shape, one for each of its sites, to be laid out one after another and read as one value. */
export interface Stack {
  readonly sites: readonly string[];
  /** What comes after the site's name, for example "down.core.0". */
  readonly part: string;
  readonly shape: readonly number[];
  readonly decay: boolean;
}

/** Makes a stack's tensors in layout order: `${site}.${part}`. */
export function stackTensors({ sites, part, shape, decay }: Stack): readonly TensorSpec[] {
  return sites.map((site) => ({ name: `${site}.${part}`, shape, decay }));
}

/** Gives the whole stack as one value [R, sites, ...shape]. */
export function readStack<T>(ops: Ops<T>, { sites, part }: Stack): T {
  return ops.parameters(sites.map((site) => `${site}.${part}`));
}

/**
 * Stacks, each read (and changed) once, as a function of the site: its own tensor [R, ...shape], null elsewhere.
 * For example `const up = pickBySite(ops, stacks, (stack) => ops.scale(stack, 2)); up("layers.0.attention.query")`.
 */
export function pickBySite<T>(
  ops: Ops<T>,
  stacks: readonly Stack[],
  change: (stack: T) => T = (stack) => stack,
): (site: string) => T | null {
  const places = new Map<string, { readonly value: T; readonly index: number }>();
  for (const stack of stacks) {
    const value = change(readStack(ops, stack));
    stack.sites.forEach((site, index) => places.set(site, { value, index }));
  }
  return (site) => {
    const place = places.get(site);
    return place ? ops.pick(place.value, place.index) : null;
  };
}

/** Groups values by a key, in order of first appearance. */
export function groupBy<V, K>(values: readonly V[], key: (value: V) => K): ReadonlyMap<K, readonly V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group) group.push(value);
    else groups.set(key(value), [value]);
  }
  return groups;
}
