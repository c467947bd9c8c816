import { fail, nonNegativeInteger, positiveInteger } from "../../check/check";
import { drawStored, type DirectionKind, type Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { Vectors } from "../state";

/** When the mix of new noise and momentum changes. */
export interface SimulatedMomentum {
  /** S: steps of the run. The mix is left alone from 0.8 S on. */
  readonly steps: number;
  /** T1: steps of plain noise at first. */
  readonly warmUp: number;
}

/** How fast alpha, b1 and b2 fall. */
const FALLS = { alpha: 1, first: 0.1, second: 1.5 };

/** A mix of new noise (1) and momentum (0). */
type Mix = { readonly [Name in keyof typeof FALLS]: number };

/**
 * Noise mixed with the directions that were uphill before, h [d], 0 at the start:
 *     z' ~ N(0, alpha),  z'' ~ N(h, 1 - alpha),  m = b1 z' + (1 - b1) z'',  v = b2 z'^2 + (1 - b2) z''^2,  h <- sign(p) m
 * Losses are measured along m, the update is made of m / sqrt(v + 1e-8). alpha, b1 and b2 are 1 for T1 steps, then
 *     (1 + cos(pi (t - T1) / (S - phi (S - T2) (t - T1) / (T2 - T1)))) / 2,  T2 = 0.8 S,  phi = 1, 0.1 and 1.5,
 * and from T2 on as they are there. While they are 1, a step is p sign(z').
 * Source: ZO-AdaMU, arXiv 2312.15184; MathIsAll/ZO-AdaMU@d5f7de2 (h, and v in place of a secondary text's v^2). Departs: what is measured is m,
 *   and alpha a function of the step; there 0.9 z'' + 0.1 z' is measured, and the denominator falls at every call, so it depends on how many
 *   tensors there are. With several queries h is the mean of theirs.
 */
export const simulatedMomentum = simulatedMomentumFrom(seededNoise);

/** Makes the kind with noise of one's own: standard normals of z' are asked for as "direction" [step, query], those of z'' as [step, query, 1]. */
export function simulatedMomentumFrom(noise: Noise): DirectionKind<SimulatedMomentum> {
  return {
    check(what, { steps, warmUp }) {
      positiveInteger(`${what}.steps`, steps);
      if (nonNegativeInteger(`${what}.warmUp`, warmUp) >= 0.8 * steps)
        fail(`${what}.warmUp`, `less than 0.8 of ${steps} steps`, warmUp);
    },
    begin: (_spec, { state, layout }) =>
      "uphill" in state.vectors ? state.vectors : { uphill: new Float32Array(layout.size) },
    open: (spec, here) => {
      const mix = mixAt(spec, here.step);
      return drawStored((query, out) =>
        eachNumber(noise, mix, here, query, (i, fresh, kept) => {
          out[i] = mixed(mix.first, fresh, kept);
        }),
      );
    },
    learn(spec, here, { projectedGradients }): Vectors {
      const mix = mixAt(spec, here.step);
      const uphill = new Float32Array(here.layout.size);
      projectedGradients.forEach((p, query) =>
        eachNumber(noise, mix, here, query, (i, fresh, kept) => {
          uphill[i] += (Math.sign(p) * mixed(mix.first, fresh, kept)) / projectedGradients.length;
        }),
      );
      return { uphill };
    },
    formed: (spec, _learned, here) => {
      const mix = mixAt(spec, here.step);
      return drawStored((query, out) =>
        eachNumber(noise, mix, here, query, (i, fresh, kept) => {
          out[i] = mixed(mix.first, fresh, kept) / Math.sqrt(mixed(mix.second, fresh ** 2, kept ** 2) + 1e-8);
        }),
      );
    },
  };
}

const mixed = (share: number, fresh: number, kept: number): number => share * fresh + (1 - share) * kept;

/** alpha, b1 and b2 of a step. @example mixAt({ steps: 10, warmUp: 2 }, 1) // { alpha: 1, first: 1, second: 1 } */
export function mixAt({ steps, warmUp }: SimulatedMomentum, step: number): Mix {
  const until = 0.8 * steps;
  const since = Math.max(0, Math.min(step, until) - warmUp);
  const at = (fall: number): number => {
    const limit = steps - (fall * (steps - until) * since) / (until - warmUp);
    return (1 + Math.cos((Math.PI * since) / limit)) / 2;
  };
  return { alpha: at(FALLS.alpha), first: at(FALLS.first), second: at(FALLS.second) };
}

/** Gives z' and z'' number by number. */
function eachNumber(
  noise: Noise,
  { alpha }: Mix,
  { seed, step, layout, state }: Here,
  query: number,
  use: (i: number, fresh: number, kept: number) => void,
): void {
  const { uphill } = state.vectors;
  const fresh = noise(new Float32Array(layout.size), seed, "direction", step, query);
  const around = alpha === 1 ? null : noise(new Float32Array(layout.size), seed, "direction", step, query, 1);
  for (let i = 0; i < fresh.length; i++)
    use(i, Math.sqrt(alpha) * fresh[i], uphill[i] + Math.sqrt(1 - alpha) * (around?.[i] ?? 0));
}
