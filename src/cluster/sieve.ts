import { fail } from "../check/check";
import type { DirectionKind, Draw } from "../estimator/direction";
import { directionKind, type DirectionSpec } from "../estimator/directions";
import type { FoldedBase, Objective } from "../estimator/objective";
import { passesOf, type Method } from "../optimizer/method";
import type { Layout } from "../tree/layout";
import type { Answer } from "./messages";

/** An objective that computes some of a step's numbers and makes the rest up. */
export interface Sieve<Batch> {
  readonly objective: Objective<Batch>;
  /** What it computed, by number. */
  readonly found: ReadonlyMap<number, Answer>;
}

/** Thrown to leave a step once all that was wanted is there. */
export const ENOUGH: unique symbol = Symbol("enough");

/**
 * Makes an objective under which a step computes the wanted numbers alone, counted through the step: those that are known are answered as they were,
 * others with 0, which no wanted one depends on. When the last wanted one is there it throws `ENOUGH`.
 * @param fold in place of the base's own, which a step that is asked twice must call once
 */
export function sieve<Batch>(
  inner: Objective<Batch>,
  known: readonly Answer[],
  wanted: ReadonlySet<number>,
  fold: FoldedBase["fold"],
): Sieve<Batch> {
  const found = new Map<number, Answer>();
  let next = 0;
  /** Passes a call's items on that are wanted, and answers all. */
  const through = async <T>(
    items: readonly T[],
    empty: Answer,
    compute: (chosen: readonly T[]) => Promise<readonly Answer[]>,
  ): Promise<readonly Answer[]> => {
    const first = next;
    next += items.length;
    const numbers = items.map((_, i) => first + i);
    const chosen = numbers.filter((number) => wanted.has(number));
    if (chosen.length > 0) {
      const computed = await compute(chosen.map((number) => items[number - first]));
      chosen.forEach((number, i) => found.set(number, computed[i]));
      if (found.size === wanted.size) throw ENOUGH;
    }
    return numbers.map((number) => found.get(number) ?? known[number] ?? empty);
  };
  const { base } = inner;
  return {
    found,
    objective: {
      losses: async (points, batch) => {
        const all = await through(points, [0], async (chosen) =>
          (await inner.losses(chosen, batch)).map((loss) => [loss]),
        );
        return all.map(([loss]) => loss);
      },
      derivatives: async (point, directions, batch) => {
        const all = await through(directions, [0, 0], async (chosen) => {
          const { loss, derivatives } = await inner.derivatives(point, chosen, batch);
          return derivatives.map((derivative) => [derivative, loss]);
        });
        return { loss: all[0][1], derivatives: all.map(([derivative]) => derivative) };
      },
      gradient: () => fail("a step over machines", "losses or directional derivatives", "a whole gradient"),
      ...(base !== undefined && { base: { fold, reset: () => base.reset() } }),
    },
  };
}

/**
 * Gives directions of which only those of the wanted numbers are drawn, as another machine draws the rest; the method's own where what a number is of
 * only the step itself knows (rounds), or where all are needed (points that are factors).
 */
export function drawnFor(method: Method, layout: Layout, wanted: ReadonlySet<number>): DirectionKind<DirectionSpec> {
  const kind = directionKind("directions", method.directions);
  if (method.probe === undefined || layout.factors !== undefined) return kind;
  const { once, perQuery } = passesOf(method);
  const first = method.probe.kind === "directional" ? 0 : once;
  const queries = new Set([...wanted].map((number) => Math.floor((number - first) / perQuery)));
  return {
    ...kind,
    open: (spec, here) => {
      const draw = kind.open(spec, here);
      const asked: Draw = (query, memory) => (queries.has(query) ? draw(query, memory) : NOTHING);
      return asked;
    },
  };
}

/** Stands for a direction that nobody looks at: points along it are not computed. */
const NOTHING = { spreadInto: () => undefined, addInPlace: () => undefined };
