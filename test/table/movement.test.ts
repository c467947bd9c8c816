import { suite } from "uvu";
import * as assert from "uvu/assert";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { describeStandstill, movementOf, pairedChange } from "../../src/table/movement";
import { throwsWith } from "../support/throws";

const test = suite("table/movement");
const run = (...losses: readonly (number | null)[]) => losses.map((loss, i) => ({ step: 20 * i, loss, accuracy: 0.5 }));
const noise = (seed: number, n: number): readonly number[] => [...normals(randomKey(seed, "sample"), n)];

test("200 steps from 0.67916 to 0.67917 are no movement, and the run is told with a proposal", () => {
  const movement = movementOf(run(0.67916, 0.67915, 0.67917))!;
  assert.equal([movement.first, movement.last, movement.visible], [0.67916, 0.67917, false]);
  assert.is(
    describeStandstill(movement, null, 1e-4, "try 1e-3"),
    "the dev loss did not move: 0.6792 before, 0.6792 after, at learning rate 0.0001; try 1e-3",
  );
});

test("one evaluation that went farther than a hundredth is a movement, up or down; one evaluation alone is none", () => {
  for (const there of [0.9, 1.1, 0.989]) assert.ok(movementOf(run(1, there, 1))!.visible);
  assert.not.ok(movementOf(run(1, 0.991, 1.009))!.visible);
  assert.is(movementOf(run(1)), null);
  assert.is(movementOf(run(1, null, NaN)), null);
  assert.is(describeStandstill(movementOf(run(1, 0.5))!, null, 1e-4, "-"), null);
});

test("the worked change: -0.1, -0.2, -0.1 over three texts is -0.133 ± 0.033, which 4.303 standard errors cover", () => {
  const { difference, standardError, significant } = pairedChange([1, 2, 3], [0.9, 1.8, 2.9]);
  assert.equal([difference.toFixed(3), standardError.toFixed(3), significant], ["-0.133", "0.033", false]);
  assert.ok(pairedChange([1, 2, 3, 4], [0.9, 1.8, 2.9, 3.8]).significant);
  const movement = movementOf(run(2, 1.867))!;
  assert.match(
    describeStandstill(movement, pairedChange([1, 2, 3], [0.9, 1.8, 2.9]), null, "more dev texts")!,
    /^the dev loss did not move beyond its own noise: 2\.0000 before, 1\.8670 after, a change of -0\.1333 ± 0\.0333 over the same texts; more/,
  );
});

test("false alarms: texts that changed by noise alone are called significant about once in twenty, a fall of four errors is hardly missed", () => {
  const [runs, n] = [1000, 24];
  let [alarms, missed] = [0, 0];
  for (let seed = 0; seed < runs; seed++) {
    const before = noise(2 * seed, n).map((z) => 1 + 0.5 * z);
    const change = noise(2 * seed + 1, n).map((z) => 0.1 * z);
    const after = (by: number) => before.map((loss, i) => loss + change[i]! + by);
    if (pairedChange(before, after(0)).significant) alarms++;
    if (!pairedChange(before, after((-4 * 0.1) / Math.sqrt(n))).significant) missed++;
  }
  assert.ok(alarms > 30 && alarms < 75, String(alarms));
  assert.ok(missed < 50, String(missed));
});

test("lists of other lengths, and one text alone, are refused", () => {
  throwsWith(() => pairedChange([1, 2], [1]), "after: expected length 2, got 1");
  throwsWith(() => pairedChange([1], [1]), "before: expected losses of at least two texts, got 1");
});

test.run();
