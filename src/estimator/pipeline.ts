import type { Direction } from "./direction";
import type { StepQueries } from "./probe";
import type { Workspace } from "./workspace";

/** Queries that one call of the engine answers. */
export interface Group {
  /** Number of the first query. */
  readonly first: number;
  /** z of each query. */
  readonly directions: readonly Direction[];
}

/** What a group's call gave. */
export interface Answer {
  readonly projectedGradients: readonly number[];
  readonly further?: readonly number[];
  /** All losses seen, in order. */
  readonly losses: readonly number[];
}

export interface Pipeline<G extends Group> {
  readonly queries: number;
  /** Queries in one call; the last call may have fewer. */
  readonly chunk: number;
  readonly weightOf: StepQueries<never>["weightOf"];
  /** Makes directions (and points) of `count` queries from `first` on, in the memory of one of two slots. */
  prepare(first: number, count: number, slot: 0 | 1): G;
  /** Starts the engine on them. */
  ask(group: G): Promise<Answer>;
}

/**
 * Runs the groups one after another and sums the gradient in the workspace. While the engine works on one group, the one
 * before is added to the gradient and the next one's directions are made, each direction once.
 */
export async function runPipeline<G extends Group>(
  { queries, chunk, weightOf, prepare, ask }: Pipeline<G>,
  { gradient }: Workspace,
): Promise<Required<Answer> & { readonly calls: number }> {
  const projectedGradients: number[] = [];
  const further: number[] = [];
  const losses: number[] = [];
  const add = (group: G): void =>
    group.directions.forEach((z, i) => {
      if (weightOf !== null) z.addInPlace(gradient, weightOf(projectedGradients[group.first + i]));
    });
  if (weightOf !== null) gradient.fill(0);
  let [calls, answered]: [number, G | null] = [0, null];
  let group: G | null = prepare(0, Math.min(chunk, queries), 0);
  while (group !== null) {
    const pending: Promise<Answer> = ask(group);
    calls++;
    if (answered !== null) add(answered);
    const next: number = group.first + group.directions.length;
    const following: G | null =
      next < queries ? prepare(next, Math.min(chunk, queries - next), calls % 2 === 0 ? 0 : 1) : null;
    const answer = await pending;
    projectedGradients.push(...answer.projectedGradients);
    further.push(...(answer.further ?? []));
    losses.push(...answer.losses);
    [answered, group] = [group, following];
  }
  if (answered !== null) add(answered);
  return { projectedGradients, further, losses, calls };
}
