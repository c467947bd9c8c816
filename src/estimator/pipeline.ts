import type { Direction } from "./direction";
import { addQueryInPlace } from "./gradient";
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
  /** All losses seen, in order. */
  readonly losses: readonly number[];
}

export interface Pipeline<G extends Group> {
  readonly queries: number;
  /** Queries in one call; the last call may have fewer. */
  readonly chunk: number;
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
  { queries, chunk, prepare, ask }: Pipeline<G>,
  { gradient }: Workspace,
): Promise<Answer & { readonly calls: number }> {
  const projectedGradients: number[] = [];
  const losses: number[] = [];
  const add = (group: G): void =>
    group.directions.forEach((z, i) => addQueryInPlace(gradient, projectedGradients[group.first + i], queries, z));
  gradient.fill(0);
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
    losses.push(...answer.losses);
    [answered, group] = [group, following];
  }
  if (answered !== null) add(answered);
  return { projectedGradients, losses, calls };
}
