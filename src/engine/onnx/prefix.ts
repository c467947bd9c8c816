import type { Node } from "./graph";

/** A graph cut in two: `prefix` depends on the batch alone, `rest` on the trainable parameters as well. */
export interface Cut {
  readonly prefix: readonly Node[];
  readonly rest: readonly Node[];
  /** Values that the rest takes from the prefix. */
  readonly between: readonly string[];
}

/** Inputs of a run that are not the batch's alone: trainable parameters, directions, and what counts points. */
export function variesWithPoints(input: string): boolean {
  return /^(theta|directions)(:|$)/.test(input) || input === "points" || input.endsWith(":R");
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
): Cut | null {
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
