import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addChangeInPlace, asFactorLayout, factorLayout, factorPlace } from "../../src/tree/factor-layout";
import { layoutOf, view } from "../../src/tree/layout";
import { throwsWith } from "../support/throws";

const test = suite("tree/factor-layout");

const whole = layoutOf([
  { name: "w", shape: [2, 3], decay: true },
  { name: "b", shape: [2], decay: false },
  { name: "row", shape: [1, 3], decay: true },
]);

test("the worked change: w + left right^T, vectors and single rows number by number", () => {
  const layout = factorLayout(whole, 1);
  assert.equal(
    layout.entries.map(({ name, size }) => [name, size]),
    [
      ["w.left", 2],
      ["w.right", 3],
      ["b", 2],
      ["row", 3],
    ],
  );
  const point = new Float32Array(layout.size);
  view(layout, point, "w.left").set([1, -2]);
  view(layout, point, "w.right").set([10, 0, 3]);
  view(layout, point, "b").set([0.5, 4]);
  const w = Float32Array.of(1, 1, 1, 2, 2, 2);
  addChangeInPlace(w, layout, factorPlace(layout, "w")!, point);
  assert.equal(w, Float32Array.of(11, 1, 4, -18, 2, -4));
  const last = Float32Array.of(2, 2, 2, 0, 0, 0);
  addChangeInPlace(last, layout, factorPlace(layout, "w")!, point, [1, 0]);
  assert.equal(last, Float32Array.of(-18, 2, -4, 10, 0, 3));
  const b = Float32Array.of(7);
  addChangeInPlace(b, layout, factorPlace(layout, "b")!, point, [1]);
  assert.equal(b, Float32Array.of(11));
  assert.is(factorPlace(layout, "other"), null);
});

test("a number is rounded once, whatever the columns cancel", () => {
  const layout = factorLayout(layoutOf([{ name: "w", shape: [2, 2], decay: true }]), 2);
  const point = new Float32Array(layout.size);
  view(layout, point, "w.left").set([2 ** 20, -(2 ** 20), 0, 0]);
  view(layout, point, "w.right").set([1, 1, 1, 1]);
  const w = Float32Array.of(0.1, 0.2, 0.3, 0.4);
  addChangeInPlace(w, layout, factorPlace(layout, "w")!, point);
  assert.equal(w, Float32Array.of(0.1, 0.2, 0.3, 0.4));
});

test("a rank that is none, and a layout that has no factors, are refused", () => {
  throwsWith(() => factorLayout(whole, 0), "rank: expected a positive integer, got 0");
  throwsWith(() => asFactorLayout(whole), "layout: expected factors of a change of all weights");
});

test.run();
