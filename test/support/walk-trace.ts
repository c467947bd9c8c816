import type { Noise } from "../../src/estimator/noise";
import type { Objective } from "../../src/estimator/objective";
import { NO_STATE } from "../../src/estimator/state";
import { transformKinds } from "../../src/optimizer/transforms";
import { applyRecorded, step, type StepFrom, type StepInput } from "../../src/optimizer/step";
import { flatten, goldenObjective, layoutOfTrace, recordedNoise, type Trace } from "./golden";
import type { GoldenMethod } from "./golden-methods";

/** Largest differences from a trace that are still rounding: points are float32 here, the references are float64. */
export const tolerances = {
  /** Our own, at the points that are asked for. */
  losses: 2e-7,
  /** Our own, relative to 1 + |p|: a difference of losses over 2 epsilon, in float32 points. */
  projectedGradient: 5e-5,
  /** Our own curvatures and later losses, against those from the recorded losses. */
  further: 1e-4,
  /** From the recorded losses. */
  toldProjectedGradient: 1e-9,
  weights: 1e-6,
  /** Relative to the largest number. */
  state: 1e-6,
  /** Bits of a replay. */
  replay: 0,
};

export type Differences = { readonly [Name in keyof typeof tolerances]: number };

export interface WalkOptions {
  /** Default: the trace's draws as they are. */
  readonly noise?: (recorded: Noise) => Noise;
  readonly decays?: ((name: string) => boolean) | undefined;
}

/**
 * Walks a trace in a chain with its draws: each step measured by ourselves, then taken with the recorded losses, and once more from its record.
 * @returns the largest differences of each step
 */
export async function walkTrace(
  trace: Trace,
  golden: GoldenMethod,
  options: WalkOptions = {},
): Promise<readonly Differences[]> {
  const kinds = { ...transformKinds };
  try {
    return await walk(trace, golden, options);
  } finally {
    Object.assign(transformKinds, kinds);
  }
}

async function walk(
  trace: Trace,
  golden: GoldenMethod,
  { noise = (recorded) => recorded, decays = golden.decays }: WalkOptions,
): Promise<readonly Differences[]> {
  const layout = layoutOfTrace(trace, decays);
  const method = golden.method(trace.hyper);
  const recorded = recordedNoise((stream, index) => golden.draws(trace, stream, index));
  const draws = golden.directions(noise(recorded)) as NonNullable<StepFrom["draws"]>;
  Object.assign(transformKinds, golden.transforms?.(noise(recorded)));
  const states = golden.state?.(trace, layout);
  const network = goldenObjective(trace);
  let point = Float32Array.from(flatten(trace.initial, layout));
  let state = NO_STATE;
  const found: Differences[] = [];
  for (const recordedStep of trace.steps) {
    const { step: index, losses = {}, projectedGradient, weights } = recordedStep;
    const from: StepInput<null> = { seed: 0, step: index, epoch: 0, layout, batch: null, state, draws };
    const { after, ...others } = losses;
    const answers = golden.answers?.(recordedStep) ?? Object.values(others);
    const projected =
      golden.projected?.(recordedStep, trace.hyper) ?? (projectedGradient === undefined ? null : [projectedGradient]);
    const asked: number[] = [];
    const own = await step(method, network, point, from);
    const told = projected === null ? own : await step(method, telling(network, answers, asked), point, from);
    if (after !== undefined) asked.push(...(await network.losses([told.point], null)));
    const again = applyRecorded(method, point, { ...from, ...told.estimate });
    const [ours, fromRecorded] = [own, told].map(({ estimate }) => estimate.projectedGradients);
    const expected = projected ?? ours;
    found.push({
      losses: largest(asked, after === undefined ? answers : [...answers, after]),
      projectedGradient: largest(ours, expected) / (1 + Math.max(...expected.map(Math.abs))),
      further: largest(own.estimate.further ?? [], told.estimate.further ?? []),
      toldProjectedGradient: largest(fromRecorded, expected),
      weights: largest(told.point, flatten(weights, layout)),
      state: Math.max(
        0,
        ...Object.entries(states?.[index] ?? {}).map(([name, numbers]) => {
          return largest(told.state.vectors[name], numbers) / Math.max(...numbers.map(Math.abs));
        }),
      ),
      replay: largest(again.point, told.point),
    });
    ({ point, state } = told);
  }
  return found;
}

/** Names what is further from the trace than rounding: nothing where it is walked as it was recorded. */
export function faultsOf(steps: readonly Differences[], changed: Partial<Differences> = {}): readonly string[] {
  const allowed = { ...tolerances, ...changed };
  return steps.flatMap((differences, index) =>
    (Object.keys(tolerances) as (keyof Differences)[]).flatMap((name) =>
      differences[name] <= allowed[name] ? [] : [`step ${index}, ${name}: ${differences[name]}`],
    ),
  );
}

/** The largest difference of numbers; NaN where they are not as many, or one is no number. */
function largest(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return NaN;
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(got[i] - expected[i]));
  return most;
}

/** Answers with recorded losses, in order, and notes the losses at the points that were asked for. */
function telling(network: Objective<null>, losses: readonly number[], asked: number[]): Objective<null> {
  return {
    ...network,
    async losses(points, batch) {
      const told = points.map((_, i) => losses[asked.length + i]);
      asked.push(...(await network.losses(points, batch)));
      return told;
    },
  };
}
