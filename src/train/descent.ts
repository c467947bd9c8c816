import type { Objective } from "../estimator/objective";
import { like, rms } from "../tree/vector";

/** First steps of a run that are looked at. */
export const CHECKED_STEPS = 8;

/** Length of the look ahead and back in each parameter (root mean square): that of a perturbation, so that curvature plays no part. */
const REACH = 1e-3;

/**
 * Gives by how much a step's own training loss rises along it:
 *     L(theta + h d) - L(theta - h d),  d = theta' - theta,  h so short that rms(h d) = 1e-3
 * Two forward passes on the step's batch. A gradient estimate that knows anything makes it negative: a two-sided one with one query does
 * so in every step. It is positive in all of them where a sign is wrong.
 * For example `await riseAlong(objective, theta, next, batch)`: -3.1e-5.
 * @returns in nats; 0 where the step moved nothing
 */
export async function riseAlong<Batch>(
  { losses }: Objective<Batch>,
  from: Float32Array,
  to: Float32Array,
  batch: Batch,
): Promise<number> {
  const moved = like(from);
  from.forEach((value, i) => (moved[i] = to[i] - value));
  const length = rms(moved);
  if (!(length > 0)) return 0;
  const by = REACH / length;
  const [ahead, back] = [like(from), like(from)];
  moved.forEach((d, i) => {
    ahead[i] = from[i] + by * d;
    back[i] = from[i] - by * d;
  });
  const [there, here] = await losses([ahead, back], batch);
  return there - here;
}

/**
 * Gives what is said of a run whose training loss rose along each of its first eight steps; null otherwise. An estimator that knows nothing
 * comes to that in one run of 2^8 = 256.
 * @param rises `riseAlong` of the first steps, in order
 */
export function describeAscent(rises: readonly number[]): string | null {
  if (rises.length < CHECKED_STEPS || !rises.every((rise) => rise > 0)) return null;
  return (
    `the training loss rises along the estimator's own steps, in ${rises.length} of the first ${rises.length}: ` +
    "these steps go uphill; look at the sign of its projected gradients"
  );
}
