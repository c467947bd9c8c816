import { perturbation, positiveInteger, sameLength } from "../check/check";
import type { Direction } from "./direction";
import type { Objective } from "./objective";
import { runPipeline, type Group } from "./pipeline";
import type { Estimate, ProbeKind, StepQueries } from "./probe";
import type { Workspace } from "./workspace";

/** What every probe along a line has. */
export interface LineSettings {
  /** epsilon. */
  readonly perturbationScale: number;
  /** Queries in one call of the engine. */
  readonly chunk: number;
}

/** Where on the line theta + a z losses are asked, and what follows from them. */
export interface Line {
  /** The a of each loss of a query. */
  along(epsilon: number): readonly number[];
  /** Whether the loss at theta itself is asked too, once for all queries of a step. */
  readonly shared: boolean;
  /** Whether the further numbers are curvatures. */
  readonly curvature?: true;
  /** @param losses at each a, in order  @param shared at theta; NaN where it is not asked */
  observe(
    losses: readonly number[],
    epsilon: number,
    shared: number,
  ): { readonly p: number; readonly further?: number };
}

interface LineGroup extends Group {
  /** The losses of all points, query by query; the shared one first, in the first group. */
  readonly losses: () => Promise<readonly number[]>;
}

/**
 * Makes a probe that asks losses at places of the line theta + a z_q. Points are built in their own memory: theta is never moved and cannot drift. A
 * sparing workspace has memory for one of them, and asks for one loss after another; the numbers are the same.
 * The objective must leave points as they are; their memory is reused after its promise is settled.
 */
export function lineProbe(line: Line): ProbeKind<LineSettings> {
  return {
    check(what, { perturbationScale, chunk }) {
      perturbation(`${what}.perturbationScale`, perturbationScale);
      positiveInteger(`${what}.chunk`, chunk);
    },
    passes: () => ({ once: line.shared ? 1 : 0, perQuery: line.along(1).length }),
    ...(line.curvature && { curvature: true }),
    measure: (spec, objective, point, step, workspace) => measureLine(line, spec, objective, point, step, workspace),
  };
}

async function measureLine<Batch>(
  { along, shared, observe }: Line,
  { perturbationScale, chunk }: LineSettings,
  objective: Objective<Batch>,
  point: Float32Array,
  { queries, draw, batch, weightOf }: StepQueries<Batch>,
  workspace: Workspace,
): Promise<Estimate> {
  const places = along(perturbationScale);
  /** A direction and its points. */
  const stride = 1 + places.length;
  const lossesAt = async (points: readonly Float32Array[]): Promise<readonly number[]> => {
    const found = await objective.losses(points, batch);
    sameLength("losses of the objective", found.length, points.length);
    return found;
  };
  const oneByOne = async (zs: readonly Direction[], first: readonly Float32Array[]): Promise<readonly number[]> => {
    // Never a direction's memory: those are the buffers at multiples of the stride.
    const moved = workspace.buffer(1);
    const losses = first.length === 0 ? [] : [...(await lossesAt(first))];
    for (const z of zs)
      for (const a of places) {
        moved.set(point);
        z.addInPlace(moved, a);
        losses.push(...(await lossesAt([moved])));
      }
    return losses;
  };
  objective.expect?.(Array.from({ length: queries }, (_, q) => places.length + (shared && q === 0 ? 1 : 0)));
  let here = NaN;
  const { projectedGradients, further, losses } = await runPipeline<LineGroup>(
    {
      queries,
      chunk,
      weightOf,
      prepare(first, count, slot) {
        const at = stride * Math.min(chunk, queries) * slot;
        const zs = Array.from({ length: count }, (_, i) => draw(first + i, () => workspace.buffer(at + stride * i)));
        const middle = shared && first === 0 ? [point] : [];
        if (workspace.sparing) return { first, directions: zs, losses: () => oneByOne(zs, middle) };
        const points = zs.flatMap((z, i) =>
          pointsAlong(z, places, point, (k) => workspace.buffer(at + stride * i + 1 + k)),
        );
        return { first, directions: zs, losses: () => lossesAt([...middle, ...points]) };
      },
      async ask({ first, directions, losses }) {
        const found = await losses();
        const skip = shared && first === 0 ? 1 : 0;
        if (skip === 1) here = found[0];
        const observed = directions.map((_, i) => {
          const from = skip + i * places.length;
          return observe(found.slice(from, from + places.length), perturbationScale, here);
        });
        return {
          losses: found,
          projectedGradients: observed.map(({ p }) => p),
          further: observed.flatMap((each) => each.further ?? []),
        };
      },
    },
    workspace,
  );
  return {
    projectedGradients,
    ...(further.length > 0 && { further }),
    loss: shared ? here : losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    forwardPasses: (shared ? 1 : 0) + places.length * queries,
  };
}

function pointsAlong(
  z: Direction,
  places: readonly number[],
  point: Float32Array,
  memory: (place: number) => Float32Array,
): readonly Float32Array[] {
  const points = places.map((_, k) => memory(k));
  if (places.length === 2 && places[1] === -places[0]) {
    z.spreadInto(points[0], points[1], places[0], point);
    return points;
  }
  points.forEach((moved, k) => {
    moved.set(point);
    z.addInPlace(moved, places[k]);
  });
  return points;
}
