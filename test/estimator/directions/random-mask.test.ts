import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkDirections, checkDirectionsFit, direction } from "../../../src/estimator/directions";
import { layoutOf } from "../../../src/tree/layout";
import { throwsWith } from "../../support/throws";

const test = suite("estimator/directions/random-mask");

function maskOf(step: number, hold?: number): readonly boolean[] {
  const spec = { kind: "random-mask", keep: 0.5, ...(hold !== undefined && { hold }) } as const;
  return [...direction(spec, { seed: 1, step, query: 0 }, 200)].map((z) => z !== 0);
}

test("a mask is kept for as many steps as it is held", () => {
  assert.equal([0, 1, 2].map((step) => maskOf(step, 3)), [maskOf(0), maskOf(0), maskOf(0)]); // prettier-ignore
  assert.equal(maskOf(3, 3), maskOf(1));
  assert.is.not(String(maskOf(0)), String(maskOf(1)));
});

test("a share of less than one number is refused for these tensors", () => {
  const layout = layoutOf([{ name: "w", shape: [4, 5], decay: true }]);
  const fits = (keep: number) => () => checkDirectionsFit("directions", { kind: "random-mask", keep }, layout);
  throwsWith(fits(0.04), "directions.keep: expected at least 0.05, one of 20 numbers: most masks would keep nothing, got 0.04"); // prettier-ignore
  throwsWith(fits(1e-300), "directions.keep: expected at least 0.05");
  fits(0.05)();
});

test("a hold that is no count, and a share that keeps nothing, are refused", () => {
  const check = (spec: object) => () => checkDirections("directions", { kind: "random-mask", ...spec } as never);
  throwsWith(check({ keep: 0.5, hold: 0 }), "directions.hold: expected a positive integer, got 0");
  throwsWith(check({ keep: 0, hold: 1 }), "directions.keep: expected a positive number, got 0");
});

test.run();
