import { layerOf } from "../../adapter/choose-sites";
import type { Layout } from "../../tree/layout";
import type { Node } from "./graph";
import { leadingTo } from "./prefix";
import type { Waist } from "./prefix";

/** A piece of the way back: nodes of the way forward that it computes again, its own nodes, and what it shares with the other pieces. */
export interface BackPiece {
  /** What its tensors have in common; null: it gives no derivative by a tensor. */
  readonly label: string | null;
  readonly nodes: readonly Node[];
  /** Values of the way forward that it reads. */
  readonly kept: readonly string[];
  /** Values that later pieces read of it. */
  readonly carried: readonly string[];
}

/** What a way back is cut at, and what it may compute again. */
export interface BackCut {
  /** The way forward, in an order in which each node takes only what earlier ones made. */
  readonly forward: readonly Node[];
  /** The hidden states between its halves of layers, in order. */
  readonly states: readonly Waist[];
  /** A value that costs nothing to make again, so that it is never kept. */
  readonly free: (value: string) => boolean;
  /** A value that no batch decides: it may be read anywhere. */
  readonly steady: (value: string) => boolean;
  /** Computes everything but the states again. */
  readonly recompute: boolean;
  /** Where a value is the derivative by a tensor: its layer, or what else its block is called. */
  readonly label: (value: string) => string | null;
}

/**
 * Cuts a way back where it goes from what lies above a hidden state to what lies below, and from one label's last derivative to the next's: a piece
 * reads of the way forward what is between two states. Pieces run one after another give the whole, node by node.
 * @param pulled in an order in which the derivatives go back
 * @returns pieces in that order
 */
export function cutBack(pulled: readonly Node[], cut: BackCut): readonly BackPiece[] {
  const { forward, states, free, steady, recompute, label } = cut;
  const depth = new Map<string, number>();
  let above = 0;
  forward.forEach(({ outputs }, at) => {
    outputs.forEach((output) => depth.set(output, above));
    if (states[above]?.at === at) above++;
  });
  const between = new Set(states.map(({ value }) => value));
  const groups: Group[] = [];
  let lowest = Infinity;
  /** Nodes since the last derivative by a tensor: they go with the next one's. */
  let waiting: Node[] = [];
  const begin = (): void => {
    if (waiting.length > 0) groups.push({ label: null, nodes: waiting });
    waiting = [];
  };
  for (const node of pulled) {
    // A state is read from both of its sides.
    const read = node.inputs.flatMap((input) => (between.has(input) || steady(input) ? [] : (depth.get(input) ?? [])));
    const here = Math.min(...read);
    if (here < lowest) {
      begin();
      groups.push({ label: null, nodes: [] });
      lowest = here;
    }
    waiting.push(node);
    const found = node.outputs.map(label).find((known) => known !== null) ?? null;
    if (found === null) continue;
    const last = groups.at(-1);
    if (last !== undefined && (last.label === null || last.label === found))
      groups[groups.length - 1] = { label: found, nodes: [...last.nodes, ...waiting] }; // prettier-ignore
    else groups.push({ label: found, nodes: waiting });
    waiting = [];
  }
  begin();
  const given = recompute ? between : new Set([...depth.keys()].filter((value) => !free(value)));
  const madeBack = new Set(pulled.flatMap(({ outputs }) => outputs));
  const filled = groups.filter(({ nodes }) => nodes.length > 0);
  return filled.map(({ label: named, nodes: own }, k) => {
    const wanted = [...new Set(own.flatMap(({ inputs }) => inputs))].filter((value) => depth.has(value));
    const again = leadingTo(forward, wanted, given);
    const nodes = [...again, ...own];
    const made = new Set(nodes.flatMap(({ outputs }) => outputs));
    const taken = [...new Set(nodes.flatMap(({ inputs }) => inputs))].filter((value) => !made.has(value));
    const later = new Set(filled.slice(k + 1).flatMap((group) => group.nodes.flatMap(({ inputs }) => inputs)));
    return {
      label: named,
      nodes,
      kept: taken.filter((value) => depth.has(value)),
      carried: own.flatMap(({ outputs }) => outputs).filter((value) => madeBack.has(value) && later.has(value)),
    };
  });
}

interface Group {
  readonly label: string | null;
  readonly nodes: readonly Node[];
}

/** Joins pieces of a way back that follow each other; a node that several compute again is there once. */
export function joinedPieces(pieces: readonly BackPiece[], later: readonly BackPiece[] = []): BackPiece {
  const nodes = [...new Set(pieces.flatMap((piece) => piece.nodes))];
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const taken = new Set(later.flatMap((piece) => piece.nodes.flatMap(({ inputs }) => inputs)));
  const kept = new Set(pieces.flatMap((piece) => piece.kept));
  return {
    label: pieces.find(({ label }) => label !== null)?.label ?? null,
    nodes,
    kept: [...kept].filter((value) => !made.has(value)),
    carried: [...new Set(pieces.flatMap((piece) => piece.carried))].filter((value) => taken.has(value)),
  };
}

/**
 * Gives blocks of pieces: those whose tensors are of one layer are one, and a piece without tensors goes with the next that has some.
 * @param labels the label of each piece; null: it has no tensor
 * @example blocksOf(["norm", null, "layer 1", "layer 1", "layer 0", null]) // [{ name: "norm", from: 0, to: 1 }, { name: "layer 1", from: 1, to: 4 }, { name: "layer 0", from: 4, to: 6 }]
 */
export function blocksOf(labels: readonly (string | null)[]): readonly Block[] {
  const blocks: Block[] = [];
  let from = 0;
  labels.forEach((label, at) => {
    const last = blocks.at(-1);
    const end = at === labels.length - 1;
    if (label === null && !end) return;
    if (last !== undefined && (label === null || last.name === label))
      blocks[blocks.length - 1] = { ...last, to: at + 1 };
    else blocks.push({ name: label ?? "all", from, to: at + 1 });
    from = at + 1;
  });
  return blocks;
}

/** A block's name, and the pieces [from, to) that it has. */
export interface Block {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Gives what a block of tensors is called: the tensor's layer, or its name without the last word. @example blockName("model.norm.weight") // "model.norm" */
export function blockName(tensor: string): string {
  const layer = layerOf({ name: tensor });
  return layer === null ? tensor.replace(/\.[^.]*$/, "") : `layer ${layer}`;
}

/** Counts the numbers of the largest block of a layout. */
export function largestBlock({ entries }: Layout): number {
  const sizes = new Map<string, number>();
  for (const { name, size } of entries) sizes.set(blockName(name), (sizes.get(blockName(name)) ?? 0) + size);
  return Math.max(0, ...sizes.values());
}
