import { suite } from "uvu";
import * as assert from "uvu/assert";
import { labelWordReadout, prototypeReadout, scores, scoreTangents } from "../../src/task/readout";
import { throwsWith } from "../support/throws";

const test = suite("task/readout");
const features = (points: number, texts: number, width: number, data: readonly number[]) => ({
  points,
  texts,
  width,
  data: new Float32Array(data),
});

test("the worked example: 10 * (3*1 + 4*2) + 1 = 111", () => {
  const readout = { rows: new Float32Array([1, 2]), classes: 1, width: 2, scale: 10, bias: new Float32Array([1]) };
  assert.equal([...scores(readout, features(1, 1, 2, [3, 4]))], [111]);
  assert.equal([...scoreTangents(readout, features(1, 1, 2, [3, 4]))], [110], "a bias has no derivative");
});

test("scores are laid out [points, texts, classes]", () => {
  const readout = labelWordReadout(new Float32Array([1, 0, 0, 1]), 2);
  assert.equal([...scores(readout, features(2, 2, 2, [1, 2, 3, 4, 5, 6, 7, 8]))], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.is(readout.scale, 1);
});

test("the worked prototypes: class 0 of (2,0) and (0,3) points along (1,1), class 1 of (0,-5) along (0,-1)", () => {
  // unit features (1,0) and (0,1): mean (1/2,1/2), normalised (0.7071, 0.7071): the longer text does not weigh more
  const readout = prototypeReadout(features(1, 3, 2, [2, 0, 0, -5, 0, 3]), [0, 1, 0], 2);
  assert.equal([...readout.rows], [Math.fround(Math.SQRT1_2), Math.fround(Math.SQRT1_2), 0, -1]);
  assert.is(readout.scale, 20);
});

test("every prototype has length 1", () => {
  const data = Array.from({ length: 12 * 5 }, (_, i) => Math.sin(i * i + 1));
  const labels = Array.from({ length: 12 }, (_, i) => i % 3);
  const { rows } = prototypeReadout(features(1, 12, 5, data), labels, 3);
  for (let c = 0; c < 3; c++) {
    const length = Math.hypot(...rows.subarray(5 * c, 5 * c + 5));
    assert.ok(Math.abs(length - 1) < 1e-6);
  }
});

test("a masked-LM head's bias is added to the label words' scores, and to no derivative", () => {
  // f = (1, 2): rows (3, 0) and (0, 1) give 3 and 2, the bias makes 3.5 and 1
  const readout = labelWordReadout(Float32Array.of(3, 0, 0, 1), 2, Float32Array.of(0.5, -1));
  assert.equal([...scores(readout, features(1, 1, 2, [1, 2]))], [3.5, 1]);
  assert.equal([...scoreTangents(readout, features(1, 1, 2, [1, 2]))], [3, 2]);
  throwsWith(() => labelWordReadout(new Float32Array(4), 2, new Float32Array(3)), "bias: expected length 2, got 3");
});

test("a class without texts, a zero feature and a wrong width are errors", () => {
  throwsWith(() => prototypeReadout(features(1, 1, 2, [1, 0]), [0], 2), "class 1: expected at least one labelled text");
  throwsWith(() => prototypeReadout(features(1, 1, 2, [0, 0]), [0], 1), "features of text 0: expected a finite vector");
  throwsWith(() => prototypeReadout(features(1, 1, 2, [1, 0]), [3], 2), "labels[0]: expected a class in 0..1, got 3");
  throwsWith(() => scores(labelWordReadout(new Float32Array(4), 2), features(1, 1, 3, [1, 2, 3])), "features width");
  throwsWith(() => labelWordReadout(new Float32Array(5), 2), "rows: expected 2 rows of equal length");
});

test.run();
