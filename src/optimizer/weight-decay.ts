import { fail, finiteNumber } from "../check/check";

/**
 * Checks a weight decay that came from outside.
 * @throws when the weight decay is not a number of at least 0
 */
export function checkWeightDecay(what: string, weightDecay: number): void {
  if (finiteNumber(`${what}.weightDecay`, weightDecay) < 0) fail(`${what}.weightDecay`, "at least 0", weightDecay);
}
