import type { ProbeSpec } from "../estimator/probes";
import type { RoundsSpec } from "../optimizer/rounds";
import type { Agreement } from "./agreement";
import type { ModelSession } from "./session";

/** What is asked of an estimator at a precision before it may train. */
export const PRECISION_RULE = { correlation: 0.95, relativeError: 0.3, directions: 50 } as const;

/** Says whether figures meet the rule; NaN does not. */
export function meetsRule({ correlation, relativeError, directions }: Agreement): boolean {
  const { correlation: least, relativeError: most, directions: enough } = PRECISION_RULE;
  return correlation >= least && relativeError <= most && directions >= enough;
}

/** Gives what figures of an estimator are kept under. @example estimatorKey({ kind: "two-sided", perturbationScale: 1e-3, chunk: 1 }) // "two-sided 0.001" */
export function estimatorKey(spec: ProbeSpec | RoundsSpec): string {
  if (spec.kind === "own") return `own ${spec.name}`;
  // Whatever is made of differences at epsilon is as good as the plain one.
  return "perturbationScale" in spec ? `two-sided ${spec.perturbationScale}` : spec.kind;
}

/**
 * Refuses an estimator on a session whose rounding was measured to spoil it, or was not measured with it.
 * Sessions that compute with the model's own weights in fp32 or float64 have no `agreement` and are never refused.
 * @throws with the figures, or with the command that measures them
 */
export function requirePrecision(
  session: Pick<ModelSession, "id" | "agreement">,
  estimator: ProbeSpec | RoundsSpec,
): void {
  const key = estimatorKey(estimator);
  const found = session.agreement?.(key);
  if (found === undefined || (found !== null && meetsRule(found))) return;
  const precision = /\|onnx (\S+)/.exec(session.id)?.[1] ?? "this precision";
  const rule = `correlation >= ${PRECISION_RULE.correlation} and relative error <= ${PRECISION_RULE.relativeError} over >= ${PRECISION_RULE.directions} directions`;
  throw new Error(
    found === null
      ? `estimator ${key} at ${precision}: expected figures of this model, got none: run \`npm run precision\` once, or pass anyPrecision: true`
      : `estimator ${key} at ${precision}: expected ${rule}, got ${found.correlation.toFixed(3)} and ${found.relativeError.toFixed(2)} over ` +
          `${found.directions}: use the directional estimator, more bits, or pass anyPrecision: true`,
  );
}
