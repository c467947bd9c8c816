import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gaussianDirection } from "../../src/estimator/directions";
import { estimate } from "../../src/estimator/estimate";
import { quadratic, recordingObjective } from "./objectives";
import { near } from "../support/near";

const test = suite("estimator/line-probe");

const scale = 2 ** -4;

/** Two queries on L = 3 x^2 / 2 from x = 2, and their directions. */
async function measured(kind: "one-sided" | "three-point", chunk: number) {
  const asked = { seed: 7, step: 0, queries: 2, directions: { kind: "gaussian" }, batch: quadratic([3], [0]) } as const;
  const spec = { kind, perturbationScale: scale, chunk };
  const found = await estimate(spec, recordingObjective(), Float32Array.of(2), asked);
  return { ...found, zs: [0, 1].map((query) => gaussianDirection(7, 0, query, 1)[0]!) };
}

for (const chunk of [1, 2]) {
  test(`one-sided on L = 3 x^2 / 2: p = 3 x z + 3 eps z^2 / 2, for Q + 1 passes; ${chunk} in a call`, async () => {
    const { projectedGradients, zs, loss, forwardPasses } = await measured("one-sided", chunk);
    near(projectedGradients, zs.map((z) => 6 * z + (3 * scale * z ** 2) / 2), 1e-5); // prettier-ignore
    assert.equal([loss, forwardPasses], [6, 3]);
  });

  test(`three points on L = 3 x^2 / 2: the curvature 3 z^2 / 2 besides, for 2 Q + 1 passes; ${chunk} in a call`, async () => {
    const { projectedGradients, further, zs, loss, forwardPasses } = await measured("three-point", chunk);
    near(projectedGradients, zs.map((z) => 6 * z), 1e-5); // prettier-ignore
    near(further!, zs.map((z) => (3 * z ** 2) / 2), 1e-3); // prettier-ignore
    assert.equal([loss, forwardPasses], [6, 5]);
  });
}

test.run();
