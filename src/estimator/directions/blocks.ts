import { positiveInteger } from "../../check/check";
import type { Entry, Layout } from "../../tree/layout";
import type { DirectionKind } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { TensorPart } from "../tensor-part";
import { directionOfParts } from "../tensor-parts";

/** How tensors are divided. */
export interface Blocks {
  /** Consecutive tensors are divided among so many blocks; more than there are tensors are as many. */
  readonly blocks: number;
}

/**
 * Standard normals in one block of tensors, nothing in the others: the first query moves the first block, and so on in turn. A block's numbers alone
 * are drawn.
 * Source: the module-wise steps of ZO-Bench/ZO-LLM@bf210fa, of arXiv 2402.11592. Departs: blocks are consecutive tensors, not layers of OPT by
 *   their names, and each has noise of its own (there one seed begins anew with each block).
 */
export const blocks = blocksFrom(seededNoise);

/** Makes the kind with noise of one's own: a block's z is asked for as [step, query]. */
export function blocksFrom(noise: Noise): DirectionKind<Blocks> {
  return {
    check: (what, spec) => void positiveInteger(`${what}.blocks`, spec.blocks),
    again: true,
    open: (spec, { seed, step, layout }) => {
      const each = blocksOf(layout, spec.blocks);
      return (query) => {
        const entries = each[query % each.length];
        const size = entries.reduce((sum, entry) => sum + entry.size, 0);
        const z = noise(new Float32Array(size), seed, "direction", step, query);
        let at = 0;
        return directionOfParts(
          entries.map((entry): TensorPart => ({ kind: "dense", entry, values: z.subarray(at, (at += entry.size)) })),
        );
      };
    },
  };
}

/** Divides tensors in order, as evenly as their number allows. */
function blocksOf({ entries }: Layout, wanted: number): readonly (readonly Entry[])[] {
  const count = Math.max(1, Math.min(wanted, entries.length));
  const begin = (block: number): number => Math.floor((block * entries.length) / count);
  return Array.from({ length: count }, (_, block) => entries.slice(begin(block), begin(block + 1)));
}
