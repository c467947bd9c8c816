import { suite } from "uvu";
import * as assert from "uvu/assert";
import { keepAgreements, readAgreements } from "../../src/engine/onnx/agreements";
import { estimatorKey, meetsRule, requirePrecision } from "../../src/engine/precision-rule";
import { agreement } from "../../src/engine/agreement";
import type { Agreement } from "../../src/engine/agreement";
import { measureAgreement, projectedGradients } from "../../src/experiment/measure-agreement";
import type { Objective } from "../../src/estimator/objective";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("engine/precision-rule");
const folder = scratch();
test.after(() => folder.remove());

const good: Agreement = { correlation: 0.99, relativeError: 0.1, directions: 50 };
const twoSided = { kind: "two-sided", perturbationScale: 1e-3, chunk: 1 } as const;
const directional = { kind: "directional", chunk: null } as const;

test("by hand: 1, 2, 4 against 1, 2, 3", () => {
  // centred (-4, -1, 5) / 3 and (-1, 0, 1): 3 / sqrt(42 / 9 * 2) = 0.98198; error 1 / sqrt(14)
  const found = agreement([1, 2, 4], [1, 2, 3]);
  near([found.correlation, found.relativeError], [0.981980506, 0.267261242], 1e-8);
  assert.is(found.directions, 3);
});

test("the rule asks for all three, and NaN never meets it", () => {
  assert.ok(meetsRule(good));
  for (const change of [{ correlation: 0.94 }, { relativeError: 0.31 }, { directions: 49 }, { correlation: NaN }])
    assert.not.ok(meetsRule({ ...good, ...change }));
});

test("a session without rounding is never refused; a rounded one by its figures, or for want of them", () => {
  const id = "m|a|onnx int4:32z threads=2";
  const rounded = (found: Agreement | null) => ({ id, agreement: () => found });
  requirePrecision({ id }, twoSided);
  requirePrecision(rounded(good), twoSided);
  throwsWith(
    () => requirePrecision(rounded(null), twoSided),
    /two-sided 0.001 at int4:32z: expected figures .*npm run precision/,
  );
  throwsWith(
    () => requirePrecision(rounded({ ...good, relativeError: 7.1 }), directional),
    /directional at int4:32z: expected correlation >= 0.95 .*, got 0.990 and 7.10 over 50/,
  );
});

test("a refusal says estimator, precision, rule and figures, and what to do", () => {
  const of = (found: Agreement | null, estimator: Parameters<typeof requirePrecision>[1]): string => {
    try {
      requirePrecision({ id: "m|a|onnx int8-activations:7 threads=2", agreement: () => found }, estimator);
    } catch (error) {
      return (error as Error).message;
    }
    return "allowed";
  };
  assert.is(of(good, twoSided), "allowed");
  assert.is(
    of(null, directional),
    "estimator directional at int8-activations:7: expected figures of this model, got none: run `npm run precision` once, or pass anyPrecision: true",
  );
  assert.is(
    of({ correlation: 0.0512, relativeError: 10.43, directions: 60 }, { ...twoSided, perturbationScale: 0.01 }),
    "estimator two-sided 0.01 at int8-activations:7: expected correlation >= 0.95 and relative error <= 0.3 over >= 50 directions, " +
      "got 0.051 and 10.43 over 60: use the directional estimator, more bits, or pass anyPrecision: true",
  );
  assert.is(of({ ...good, correlation: 0.95, relativeError: 0.3 }, directional), "allowed");
});

test("figures are kept with model, kind of adapter and precision, one estimator beside another", () => {
  const of = [folder.file("figures"), "model", "lora", { kind: "int8" }] as const;
  assert.equal(readAgreements(...of), {});
  keepAgreements({ a: good }, ...of);
  keepAgreements({ b: good }, ...of);
  assert.equal(readAgreements(...of), { a: good, b: good });
  assert.equal(readAgreements(of[0], "model", "tensor-train", of[3]), {});
  assert.equal(readAgreements(of[0], "model", "lora", { kind: "int4", block: 32, zeroPoints: true }), {});
});

/** L = sum x^2 / 2, exact; `step` rounds it down to a staircase. */
function bowl(step: number): Objective<null> {
  const loss = (x: Float32Array): number => {
    const exact = x.reduce((sum, value) => sum + (value * value) / 2, 0);
    return step === 0 ? exact : step * Math.floor(exact / step);
  };
  return {
    losses: async (points) => points.map(loss),
    derivatives: async (point, directions) => ({
      loss: loss(point),
      derivatives: directions.map((z) => z.reduce((sum, value, i) => sum + value * point[i], 0)),
    }),
    gradient: async (point) => ({ loss: loss(point), gradient: point.slice() }),
  };
}

test("a staircase spoils two-sided differences at a small scale, less at a large one, and exact derivatives not at all", async () => {
  const probes = { point: new Float32Array(8).fill(0.5), batches: [null, null], perBatch: 25, seed: 3 };
  const exact = await projectedGradients(directional, bowl(0), probes);
  assert.is(exact.length, 50);
  const smooth = await measureAgreement(bowl(0), exact, probes);
  assert.ok(Object.values(smooth).every(meetsRule));
  const stairs = await measureAgreement(bowl(0.005), exact, probes);
  assert.equal(Object.keys(stairs), ["two-sided 0.001", "two-sided 0.01", "directional", "backpropagation"]);
  assert.not.ok(meetsRule(stairs["two-sided 0.001"]));
  assert.ok(stairs["two-sided 0.01"].relativeError < stairs["two-sided 0.001"].relativeError);
  assert.ok(meetsRule(stairs["directional"]));
  assert.ok(meetsRule(stairs["backpropagation"]));
  assert.is(estimatorKey(twoSided), "two-sided 0.001");
});

test.run();
