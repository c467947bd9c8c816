import { fail } from "../check/check";
import type { Here } from "../estimator/direction";
import type { GradientBlock, Objective } from "../estimator/objective";
import type { Estimate } from "../estimator/probe";
import { entryOf } from "../tree/layout";
import { lengthOf, openChain, squaresOf, type ChainStep, type Moved } from "./chain";
import { transformKind, type TransformSpec } from "./transforms";

/** An objective that gives its gradient block by block. */
export type BlockObjective<Batch> = Objective<Batch> & Required<Pick<Objective<Batch>, "gradientBlocks">>;

/** Says whether an objective gives its gradient block by block. */
export function givesBlocks<Batch>(objective: Objective<Batch>): objective is BlockObjective<Batch> {
  return objective.gradientBlocks !== undefined;
}

/** What a step in blocks found, and where it leads; null: a number was not finite, and nothing moves. */
export interface BlockStep {
  readonly estimate: Estimate;
  readonly moved: Moved | null;
}

/**
 * Takes a step along an exact gradient of which one block is alive at a time: each tensor is moved as soon as its derivative is there. The point
 * itself stays as it is. The bits are those of the whole gradient's step; a chain that looks at the gradient's length takes a pass before, which
 * measures it (LOMO's clipping).
 * Source: arXiv 2306.09782 (LOMO), section 3.1. Departs: the next point is written beside the present one, so that a run can stop where it stood.
 */
export async function stepInBlocks<Batch>(
  transforms: readonly TransformSpec[],
  objective: BlockObjective<Batch>,
  here: Here,
  batch: Batch,
  at: ChainStep,
): Promise<BlockStep> {
  const { layout, point } = here;
  const looks = transforms.some((spec) => transformKind("transforms", spec).first === true);
  const walk = async (see: (block: GradientBlock) => void): Promise<Walk> => {
    const squares = new Map<string, number>();
    const { loss } = await objective.gradientBlocks(point, batch, (block) => {
      for (const { tensor, gradient } of block.parts) {
        if (squares.has(tensor)) fail(`gradient block ${block.name}`, "each tensor in one block", tensor);
        squares.set(tensor, squaresOf(gradient));
      }
      see(block);
    });
    const inOrder = layout.entries.map(({ name }) => squares.get(name) ?? 0);
    const bad = layout.entries.find((_, i) => !Number.isFinite(inOrder[i]));
    return { loss, seen: squares, gradientNorm: lengthOf(inOrder), ...(bad && { notFinite: bad.name }) };
  };
  const estimateOf = ({ loss, gradientNorm, notFinite }: Walk, passes: number): Estimate => ({
    projectedGradients: [],
    loss,
    forwardPasses: passes,
    backwardPasses: passes,
    gradientNorm,
    ...(notFinite !== undefined && { notFinite }),
  });
  const isFinite = ({ loss, gradientNorm }: Walk): boolean => Number.isFinite(loss) && Number.isFinite(gradientNorm);
  const before = looks ? await walk(() => undefined) : null;
  if (before !== null && !isFinite(before)) return { estimate: estimateOf(before, 1), moved: null };
  const step = openChain(transforms, here, () => before?.gradientNorm ?? NaN, at);
  const found = await walk(({ parts }) => {
    for (const { tensor, gradient } of parts) step.move(entryOf(layout, tensor), gradient);
  });
  const estimate = estimateOf(found, looks ? 2 : 1);
  if (!isFinite(found)) return { estimate, moved: null };
  const still = layout.entries.filter(({ name }) => !found.seen.has(name));
  for (const entry of still) step.move(entry, new Float32Array(entry.size));
  return { estimate, moved: step.end() };
}

/** What a walk through all blocks saw. */
interface Walk {
  readonly loss: number;
  /** Sum of squares of each tensor's derivative, by its name. */
  readonly seen: ReadonlyMap<string, number>;
  readonly gradientNorm: number;
  /** The layout's first tensor whose derivative is not finite. */
  readonly notFinite?: string;
}
