import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beginKind, checkDirections } from "../../../src/estimator/directions";
import { smallWeights, smallWeightsFrom } from "../../../src/estimator/directions/small-weights";
import type { State } from "../../../src/estimator/state";
import { drawInto, type Here } from "../../../src/estimator/direction";
import { layoutOf } from "../../../src/tree/layout";
import { throwsWith } from "../../support/throws";
import { hereIn } from "./layouts";

const test = suite("estimator/directions/small-weights");

const layout = layoutOf([
  { name: "w", shape: [4], decay: true },
  { name: "zeros", shape: [2], decay: true },
  { name: "ones", shape: [2], decay: true },
]);
const start = Float32Array.of(-3, 0.5, -1, 2, 0, 0, 1, -1);
/** z = 1 everywhere: what is left is the mask. */
const ones = smallWeightsFrom((out) => out.fill(1));

function maskAt(point: Float32Array, state?: State): { readonly mask: Float32Array; readonly here: Here } {
  const here = beginKind(ones, { keep: 0.5 }, { ...hereIn(layout, 7, 3, state), point });
  const mask = new Float32Array(layout.size);
  drawInto(ones.open({ keep: 0.5 }, here), 0, mask);
  return { mask, here };
}

test("what is at most the threshold moves, and the threshold stays", () => {
  // The smaller half of 3, 0.5, 1, 2: up to 1. Zeros and numbers of one size have no small ones: whole.
  const { mask, here } = maskAt(start);
  assert.equal(here.state.vectors, { threshold: Float32Array.of(1, Infinity, Infinity) });
  assert.equal(mask, Float32Array.of(0, 1, 1, 0, 1, 1, 1, 1));
  // A weight that grew leaves, one that shrank comes in; h is that of the start.
  const later = maskAt(Float32Array.of(-0.9, 1.5, -1, 2, 5, 0, 3, -1), here.state);
  assert.equal(later.mask, Float32Array.of(1, 0, 1, 0, 1, 1, 1, 1));
  assert.equal(later.here.state.vectors, here.state.vectors);
});

test("of many weights the share that is asked for moves", () => {
  const wide = layoutOf([{ name: "w", shape: [1000], decay: true }]);
  const point = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? i + 1 : -i - 1));
  for (const keep of [0.001, 0.25, 0.999]) {
    const here = beginKind(smallWeights, { keep }, { ...hereIn(wide, 0), point });
    const z = new Float32Array(1000);
    drawInto(smallWeights.open({ keep }, here), 0, z);
    assert.is(z.filter((value) => value !== 0).length, 1000 * keep);
  }
});

test("a mask that keeps nothing, or more than all, and no weights to look at are refused", () => {
  const check = (keep: number) => () => checkDirections("method.directions", { kind: "small-weights", keep });
  throwsWith(check(0), "method.directions.keep: expected a positive number, got 0");
  throwsWith(check(1.5), "method.directions.keep: expected a share of at most 1, got 1.5");
  throwsWith(
    () => beginKind(smallWeights, { keep: 0.5 }, { ...hereIn(layout, 0), point: new Float32Array(0) }),
    "point: expected length 8, got 0",
  );
});

test.run();
