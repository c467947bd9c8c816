import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adalomo, firstOrder, lomo, mezo } from "../../src/optimizer/recipes";
import { requireRunMemory, runBytes } from "../../src/train/run-memory";
import { layoutOf } from "../../src/tree/layout";
import { throwsWith } from "../support/throws";

const test = suite("train/run-memory");

const layout = layoutOf([
  { name: "w", shape: [1000, 500], decay: true },
  { name: "b", shape: [1000], decay: false },
]);
const points = 4 * 2 * 501_000;

test("two points, and twice what each method carries: nothing, rows and columns, or two vectors", () => {
  assert.is(runBytes(lomo(), layout), points);
  assert.is(runBytes(mezo(), layout), points);
  assert.is(runBytes(adalomo(), layout), points + 4 * 2 * (1000 + 500 + 1000));
  assert.is(runBytes(firstOrder({ rule: "adamw" }), layout), points + 4 * 2 * 2 * 501_000);
});

test("what does not fit is refused with what would", () => {
  requireRunMemory(firstOrder({ rule: "adamw" }), layout, Infinity);
  requireRunMemory(adalomo(), layout, 5e6);
  throwsWith(
    () => requireRunMemory(firstOrder({ rule: "adamw", name: "adamw" }), layout, 5e6),
    "adamw: needs about 13 MB for two points of 501000 numbers and its state of 1002000, 5 MB free: take a method with little state (adalomo, lomo, mezo), or an adapter, or fewer of the weights",
  );
  throwsWith(
    () => requireRunMemory(adalomo(), layout, 1e6),
    "adalomo: needs about 5 MB for two points of 501000 numbers and its state of 2500, 1 MB free: take an adapter, or fewer of the weights",
  );
});

test.run();
