import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainHere } from "../../../src/estimator/direction";
import { checkTransforms } from "../../../src/optimizer/chain";
import { quzo } from "../../../src/optimizer/recipes/quzo";
import { requantizeFrom } from "../../../src/optimizer/transforms/requantize";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/transforms/requantize");

/** What weights become with chance 0.5 everywhere. */
function settled(weights: readonly number[], shifted?: true): readonly number[] {
  const point = Float32Array.from(weights);
  const kind = requantizeFrom((out) => out.fill(0.5));
  kind.settle!({ bits: 3, ...(shifted && { shifted }) }, plainHere(0, 0, point.length), point);
  return [...point];
}

test("weights stand on multiples of a power of two, the largest that holds them all", () => {
  // n = 4, max 1.5: s = 2, levels -8/4 .. 3/2 in halves.
  assert.equal(settled([1.5, -0.8, 0.3, 0]), [1.5, -1, 0.5, 0]);
  assert.equal(settled([0, 0]), [0, 0], "a tensor of zeros stays");
  // max 2: s = 2, and 2 is one level above the last.
  assert.equal(settled([2, -2]), [1.5, -2]);
});

test("as the reference runs, half of the range is out of reach of negative weights", () => {
  // zero = floor(-2 * 2 / 2) = -2: -4 - 2 is clipped to -4, so -2 becomes -1.
  assert.equal(settled([2, -2], true), [2, -1]);
});

test("weights may stay as they are, and other settings are refused", () => {
  assert.equal(quzo({ weightBits: null }).transforms.map(({ kind }) => kind), ["weight-decay"]); // prettier-ignore
  throwsWith(
    () => checkTransforms("transforms", [{ kind: "requantize", bits: 1 }]),
    "transforms[0].bits: expected 2 to 16 bits, got 1",
  );
  throwsWith(
    () => checkTransforms("transforms", [{ kind: "requantize", bits: 8, shifted: false as never }]),
    "transforms[0].shifted: expected true, or absent, got false",
  );
});

test.run();
