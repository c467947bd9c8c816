import type { ModelSession } from "../engine/session";
import type { Objective } from "../estimator/objective";

/** Gives what an objective says of a session that it has no gradient of: the session's own reason, or that changes in factors have none. */
export function noGradient<Batch>({ layout, noGradient: reason }: ModelSession): Pick<Objective<Batch>, "noGradient"> {
  if (layout.factors !== undefined)
    return { noGradient: 'changes that are kept as factors have none: train all weights without "factors"' };
  return reason === undefined ? {} : { noGradient: reason };
}
