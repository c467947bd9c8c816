import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkDirections } from "../../../src/estimator/directions";
import { quantized, quantizedFrom, roundedByChance } from "../../../src/estimator/directions/quantized";
import { seededNoise, uniformNoise } from "../../../src/estimator/noise";
import { layoutOf } from "../../../src/tree/layout";
import { throwsWith } from "../../support/throws";
import { hereIn } from "./layouts";

const test = suite("estimator/directions/quantized");

const layout = layoutOf([{ name: "w", shape: [4], decay: true }]);

function numbers(draw: ReturnType<typeof quantized.open>, size: number): Float32Array {
  const z = new Float32Array(size);
  draw(0, () => z);
  return z;
}

test("a tensor's numbers are rounded to levels of its largest one, up where chance is below what is left", () => {
  const kind = quantizedFrom(
    (out) => (out.set([1, -4, 2.5, -0.5]), out),
    (out, _seed, _stream, _step, _query, which) => out.fill(which === 0 ? 0.3 : 0.6),
  );
  // 3 bits: 4 levels of 1: 2.5 is 2 or 3, -0.5 is -1 or 0.
  const spec = { bits: 3 };
  const here = hereIn(layout, 0);
  assert.equal(numbers(kind.open(spec, here), 4), Float32Array.of(1, -4, 3, 0));
  assert.equal(numbers(kind.formed!(spec, here, here), 4), Float32Array.of(1, -4, 2, -1));
});

test("both roundings are right on average, and of one another independent", () => {
  const wide = layoutOf([{ name: "w", shape: [20_000], decay: true }]);
  const here = hereIn(wide, 3);
  const z = seededNoise(new Float32Array(20_000), here.seed, "direction", 3, 0);
  const [measured, moved] = [quantized.open({ bits: 4 }, here), quantized.formed!({ bits: 4 }, here, here)];
  const [a, b] = [numbers(measured, 20_000), numbers(moved, 20_000)].map((u) => u.map((value, i) => value - z[i]));
  const mean = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const spread = Math.sqrt(mean(a.map((value) => value ** 2)));
  for (const each of [a, b]) assert.ok(Math.abs(mean(each)) < (4 * spread) / Math.sqrt(20_000));
  const together = mean(a.map((value, i) => value * b[i])) / spread ** 2;
  assert.ok(Math.abs(together) < 4 / Math.sqrt(20_000), String(together));
});

test("a whole number stays, and chance is uniform", () => {
  assert.equal([roundedByChance(-3, 0), roundedByChance(2.25, 0.24), roundedByChance(2.25, 0.25)], [-3, 3, 2]); // prettier-ignore
  const chance = uniformNoise(new Float32Array(10_000), 1, "rounding", 0);
  assert.ok(Math.abs(chance.reduce((sum, value) => sum + value, 0) / 10_000 - 0.5) < 0.012);
  assert.ok(chance.every((value) => value >= 0 && value < 1));
});

test("bits out of range are refused", () => {
  for (const bits of [1, 17])
    throwsWith(
      () => checkDirections("directions", { kind: "quantized", bits }),
      `directions.bits: expected 2 to 16 bits, got ${bits}`,
    );
});

test.run();
