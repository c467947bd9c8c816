import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";
import type { Rescaled } from "../rounds/rescaled";

/**
 * DiZO: MeZO's steps, and every so often a learned distance of each tensor from where it began.
 * @throws naming the option that is out of range
 * @example dizo({ only: ["k_proj", "v_proj"] }).rounds // { kind: "rescaled", perturbationScale: 0.001, interval: 50, iterations: 10, reach: 0.1, rate: 2, range: 0.2, only: ["k_proj", "v_proj"] }
 * Source: arXiv 2502.03304; defaults of Skilteee/DiZO@b05e73d (which for whole models rescales attention's keys and values alone).
 */
export function dizo({
  interval = 50,
  iterations = 10,
  reach = 0.1,
  rate = 2,
  range = 0.2,
  only,
  queries,
  perturbationScale = 1e-3,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> & Partial<Omit<Rescaled, "perturbationScale">> = {}): Method {
  const rounds = {
    kind: "rescaled",
    ...{ perturbationScale, interval, iterations, reach, rate, range },
    ...(only !== undefined && { only }),
  } as const;
  return compose("dizo", { directions: { kind: "gaussian" }, queries, rounds }, options);
}
