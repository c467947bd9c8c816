import type { Node } from "./graph";

/** A graph cut in two: `prefix` depends on the batch alone, `rest` on the trainable parameters as well. */
export interface CutGraph {
  readonly prefix: readonly Node[];
  readonly rest: readonly Node[];
  /** Values that the rest takes from the prefix. */
  readonly between: readonly string[];
}

/** A prefix cut in two: `trunk` makes one value with a row per token, `after` all the rest from it. */
export interface CutPrefix {
  readonly trunk: readonly Node[];
  readonly after: readonly Node[];
  readonly value: string;
}

/** A prefix cut at its end: `trunk` makes values with a row per token, `after` the results that are not among them. */
export interface CutEnd extends Omit<CutPrefix, "value"> {
  readonly values: readonly string[];
}

/** Inputs of a run that are not the batch's alone: trainable parameters, weights that may change, directions, what counts points, the loss's derivative, and what a call brings. */
export function variesWithPoints(input: string): boolean {
  return /^(theta|base|directions|cotangent|given)(:|$)/.test(input) || input === "points" || input.endsWith(":R");
}

/**
 * Cuts a graph before its first adapter: what no trainable parameter reaches is the same for all points on a batch.
 * @param nodes in an order in which each takes only what earlier ones made
 * @param results the graph's own
 * @returns null when no frozen product is before the first adapter: nothing worth keeping
 */
export function cutBeforeAdapters(
  nodes: readonly Node[],
  results: readonly string[],
  isWeight: (input: string) => boolean,
): CutGraph | null {
  const varying = new Set<string>();
  const [prefix, rest]: [Node[], Node[]] = [[], []];
  for (const node of nodes) {
    if (node.inputs.some((input) => varying.has(input) || variesWithPoints(input))) {
      node.outputs.forEach((output) => varying.add(output));
      rest.push(node);
    } else prefix.push(node);
  }
  if (rest.length === 0 || !prefix.some(({ inputs }) => inputs.some(isWeight))) return null;
  const made = new Set(prefix.flatMap(({ outputs }) => outputs));
  const between = new Set([...rest.flatMap(({ inputs }) => inputs), ...results].filter((value) => made.has(value)));
  return { prefix, rest, between: [...between] };
}

/**
 * Cuts a prefix at its last waist: the place where, of all that weights and embeddings have made, later nodes take one value only, and
 * that has a row per token, as the hidden states between two layers. What only geometry makes is computed on both sides.
 * @param results what the prefix is to make
 * @returns null when there is no such place after a frozen product and before the end
 */
export function cutAtWaist(
  prefix: readonly Node[],
  results: readonly string[],
  is: { readonly weight: (input: string) => boolean; readonly perToken: (value: string) => boolean },
): CutPrefix | null {
  const first = prefix.findIndex(({ inputs }) => inputs.some(is.weight));
  const waists = waistsOf(prefix, results, {
    source: (input) => is.weight(input) || input.startsWith("embedding:"),
    perToken: is.perToken,
  }).filter(({ at }) => first >= 0 && at >= first);
  for (const value of new Set(waists.reverse().map((waist) => waist.value))) {
    const after = leadingTo(prefix, results, new Set([value]));
    if (after.some(({ inputs }) => inputs.includes(value))) return { trunk: leadingTo(prefix, [value]), after, value };
  }
  return null;
}

/**
 * Cuts a prefix at its end, where the values that are left of all that weights and embeddings have made have a row per token each: the hidden
 * states that an adapter reads. What only geometry makes is left behind the cut.
 * @param results what the prefix is to make
 * @returns null when one of them has no row per token, or there is none
 */
export function cutAtEnd(
  prefix: readonly Node[],
  results: readonly string[],
  is: { readonly weight: (input: string) => boolean; readonly perToken: (value: string) => boolean },
): CutEnd | null {
  const made = new Set<string>();
  for (const { inputs, outputs } of prefix)
    if (inputs.some((input) => made.has(input) || is.weight(input) || input.startsWith("embedding:")))
      outputs.forEach((output) => made.add(output));
  const values = results.filter((result) => made.has(result));
  if (values.length === 0 || !values.every(is.perToken)) return null;
  const others = results.filter((result) => !made.has(result));
  return { trunk: leadingTo(prefix, values), after: leadingTo(prefix, others), values };
}

/** A place between two nodes where later ones take a single value of all that was made from the sources. */
export interface Waist {
  readonly value: string;
  /** The index of the node before the place. */
  readonly at: number;
}

/**
 * Finds the waists of a graph that have a row per token, as the hidden states between two layers, in order.
 * @param nodes in an order in which each takes only what earlier ones made
 * @param results what the graph is to make
 * @param is `source`: whether an input brings something that counts; what is made of the others alone is computed on both sides of a cut
 */
export function waistsOf(
  nodes: readonly Node[],
  results: readonly string[],
  is: { readonly source: (input: string) => boolean; readonly perToken: (value: string) => boolean },
): Waist[] {
  const lastUse = new Map<string, number>();
  nodes.forEach(({ inputs }, i) => inputs.forEach((input) => lastUse.set(input, i)));
  results.forEach((result) => lastUse.set(result, nodes.length));
  const made = new Set<string>();
  const live = new Set<string>();
  return nodes.flatMap(({ inputs, outputs }, at): readonly Waist[] => {
    if (inputs.some((input) => made.has(input) || is.source(input)))
      for (const output of outputs) {
        made.add(output);
        live.add(output);
      }
    for (const value of live) if ((lastUse.get(value) ?? -1) <= at) live.delete(value);
    const [value] = live;
    return live.size === 1 && value !== undefined && is.perToken(value) ? [{ value, at }] : [];
  });
}

/** Gives the nodes that these results need, in order; what is `given` is there already. */
export function leadingTo(
  nodes: readonly Node[],
  results: readonly string[],
  given: ReadonlySet<string> = new Set(),
): readonly Node[] {
  const needed = new Set(results.filter((result) => !given.has(result)));
  const found: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    found.push(node);
    for (const input of node.inputs) if (!given.has(input)) needed.add(input);
  }
  return found.reverse();
}
