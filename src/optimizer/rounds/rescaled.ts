import { fail, numberBelowOne, perturbation, positiveInteger, positiveNumber } from "../../check/check";
import { seededNoise, type Noise } from "../../estimator/noise";
import type { Entry, Layout } from "../../tree/layout";
import type { Ask, RoundsHere, RoundsKind, Term } from "./round";

/** How weights are rescaled on their way from where they began. */
export interface Rescaled {
  /** epsilon of the step. */
  readonly perturbationScale: number;
  /** Steps from one rescaling to the next: the last of them begins with it. */
  readonly interval: number;
  /** Tries of a rescaling, two losses each. */
  readonly iterations: number;
  /** e: how far a try goes from gamma. */
  readonly reach: number;
  /** s: what gamma moves by. */
  readonly rate: number;
  /** tau: how far gamma may go from the distance itself, as a share of it. */
  readonly range: number;
  /** Words of the names of the tensors that are rescaled; absent: all are. */
  readonly only?: readonly string[];
}

/** Keeps a distance of 0 from being divided by. */
const SMALL = 1e-8;

/**
 * Two-sided steps, and now and then a learned distance of each tensor from its start w0: gamma, t = |w - w0| at first. In a rescaling, i times, on
 * the batches after the step's, with z a standard normal a tensor, at most tau t / e either way:
 *     p = (L(w0 + (gamma + e z) (w - w0) / t) - L(w0 + (gamma - e z) (w - w0) / t)) / (2 e),  gamma <- gamma - s t p z, within (1 +- tau) t
 * then w <- w0 + gamma (w - w0) / t, and the step is measured and taken there. t is t + 1e-8 where it divides.
 * 2 Q forward passes, and 2 i more in every `interval`-th step. What it carries: w0 [d].
 * Source: DiZO, arXiv 2502.03304; Skilteee/DiZO@b05e73d (attention's keys and values alone, and all of LoRA's tensors). Departs: which tensors is an
 *   option.
 */
export const rescaled = rescaledFrom(seededNoise);

/** Makes the kind with noise of one's own: z of the tensors is asked for as "rescaling" [step, iteration]. */
export function rescaledFrom(noise: Noise): RoundsKind<Rescaled> {
  return {
    check(what, spec) {
      perturbation(`${what}.perturbationScale`, spec.perturbationScale);
      for (const name of ["reach", "rate", "range"] as const) positiveNumber(`${what}.${name}`, spec[name]);
      numberBelowOne(`${what}.range`, spec.range);
      for (const name of ["interval", "iterations"] as const) positiveInteger(`${what}.${name}`, spec[name]);
      const { only } = spec;
      if ("only" in spec && !(Array.isArray(only) && only.length > 0 && only.every((word) => typeof word === "string")))
        fail(`${what}.only`, "words of tensors' names, or absent", only);
    },
    fits(what, spec, layout) {
      if (tensorsOf(spec, layout).length > 0) return;
      const names = layout.entries.map(({ name }) => name);
      fail(`${what}.only`, `words of the names of tensors (${names.slice(0, 4).join(", ")}, ...)`, spec.only);
    },
    passes: ({ interval, iterations }) => ({
      ...{ once: 0, perQuery: 2 },
      every: { steps: interval, at: interval - 1, once: 2 * iterations, perQuery: 2 },
    }),
    *run(spec, here) {
      const { queries, step, point, carried } = here;
      const start = carried["start"] ?? point.slice();
      const from = step % spec.interval === spec.interval - 1 ? yield* rescale(noise, spec, here, start) : undefined;
      const all = Array.from({ length: queries }, (_, query) => query);
      const { perturbationScale: epsilon } = spec;
      const ends: readonly (readonly Term[])[] = all.flatMap((query) => [
        [{ by: epsilon, query }],
        [{ by: -epsilon, query }],
      ]);
      const losses = yield from === undefined ? ends : ends.map((terms) => ({ terms, from }));
      const projectedGradients = all.map((query) => (losses[2 * query] - losses[2 * query + 1]) / (2 * epsilon));
      return {
        projectedGradients,
        weights: projectedGradients.map((p) => p / queries),
        loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        ...(from !== undefined && { from }),
        carried: { start },
      };
    },
  };
}

function tensorsOf({ only }: Rescaled, { entries }: Layout): readonly Entry[] {
  return entries.filter(({ name }) => only === undefined || only.some((word) => name.includes(word)));
}

/** Learns gamma, and gives w0 + gamma (w - w0) / t. */
function* rescale(
  noise: Noise,
  spec: Rescaled,
  { seed, step, layout, point }: RoundsHere,
  start: Float32Array,
): Generator<Ask, Float32Array, readonly number[]> {
  const { reach, rate, range } = spec;
  const tensors = tensorsOf(spec, layout);
  const distances = tensors.map(({ offset, size }) => {
    let sum = 0;
    for (let i = offset; i < offset + size; i++) sum += (point[i] - start[i]) ** 2;
    return Math.sqrt(sum);
  });
  const at = (gammas: readonly number[], out: Float32Array): Float32Array => {
    out.set(point);
    tensors.forEach(({ offset, size }, tensor) => {
      const ratio = gammas[tensor] / (distances[tensor] + SMALL);
      for (let i = offset; i < offset + size; i++) out[i] = start[i] + ratio * (point[i] - start[i]);
    });
    return out;
  };
  const [ahead, back] = [point.slice(), point.slice()];
  let gammas: readonly number[] = distances;
  for (let iteration = 0; iteration < spec.iterations; iteration++) {
    const drawn = noise(new Float32Array(tensors.length), seed, "rescaling", step, iteration);
    const z = distances.map((t, tensor) => within(drawn[tensor], (-range / reach) * t, (range / reach) * t));
    const tried = (by: number, out: Float32Array): Float32Array => at(gammas.map((gamma, tensor) => gamma + by * z[tensor]), out); // prettier-ignore
    const batch = step + 1 + iteration;
    const losses = yield [
      { terms: [], from: tried(reach, ahead), batch },
      { terms: [], from: tried(-reach, back), batch },
    ];
    const slope = (losses[0] - losses[1]) / (2 * reach);
    gammas = gammas.map((gamma, tensor) => {
      const t = distances[tensor];
      return within(gamma - rate * t * slope * z[tensor], (1 - range) * t, (1 + range) * t);
    });
  }
  return at(gammas, new Float32Array(point.length));
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
