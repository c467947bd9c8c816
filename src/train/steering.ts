import type { Method } from "../optimizer/method";
import { canonicalJson } from "./canonical-json";
import { changedMethod } from "./method-change";
import type { MethodChange } from "./method-change";
import type { ChangeRecord } from "./records";

/**
 * Gives the method of the step with that index (from 0): the settings' one with the last change recorded up to it.
 * For example `methodAt(method, [{ kind: "change", step: 10, change: { perturbationScale: 1e-2 } }], 9)`: method, unchanged.
 */
export function methodAt(method: Method, changes: readonly ChangeRecord[], step: number): Method {
  const last = changes.filter((record) => record.step <= step).at(-1);
  return last === undefined ? method : changedMethod(method, last.change);
}

/** Gives the record of a wanted change before the step of that index; null when it changes nothing. */
export function changeRecord(
  method: Method,
  changes: readonly ChangeRecord[],
  step: number,
  change: MethodChange,
): ChangeRecord | null {
  const now = methodAt(method, changes, step);
  return canonicalJson(changedMethod(method, change)) === canonicalJson(now) ? null : { kind: "change", step, change };
}
