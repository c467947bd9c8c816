import { suite } from "uvu";
import * as assert from "uvu/assert";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { fitScale, SCALE_RANGE } from "../../src/task/fit-scale";
import { crossEntropy } from "../../src/task/loss";
import { leaveOneOutCosines, prototypeReadout, scores } from "../../src/task/readout";
import { throwsWith } from "../support/throws";

const test = suite("task/fit-scale");
const lossAt = (cosines: Float64Array, labels: readonly number[], classes: number, scale: number): number =>
  crossEntropy(
    cosines.map((cosine) => scale * cosine),
    classes,
    labels,
  ).mean;

test("three of four right with a margin of 0.1: softmax must say 3/4, at log(3) / 0.1 = 10.986", () => {
  const scale = fitScale(new Float64Array([0.1, 0, 0.1, 0, 0.1, 0, 0, 0.1]), [0, 0, 0, 0], 2);
  assert.ok(Math.abs(scale - Math.log(3) / 0.1) < 1e-9, String(scale));
});

test("no scale of a fine grid has a lower loss", () => {
  for (let seed = 0; seed < 20; seed++) {
    const noise = normals(randomKey(seed, "batch", 0), 60);
    const labels = Array.from({ length: 20 }, (_, i) => i % 3);
    const cosines = Float64Array.from(noise, (z, i) => 0.05 * z + (labels[Math.floor(i / 3)] === i % 3 ? 0.06 : 0));
    const scale = fitScale(cosines, labels, 3);
    const here = lossAt(cosines, labels, 3, scale);
    for (let s: number = SCALE_RANGE.low; s <= SCALE_RANGE.high; s += 0.5)
      assert.ok(lossAt(cosines, labels, 3, s) >= here - 1e-12, `seed ${seed}: ${s} beats ${scale}`);
  }
});

test("texts without an error and texts that are always wrong end at the range's ends", () => {
  assert.is(fitScale(new Float64Array([0.3, 0, 0, 0.3]), [0, 1], 2), SCALE_RANGE.high);
  assert.is(fitScale(new Float64Array([0, 0.3, 0.3, 0]), [0, 1], 2), SCALE_RANGE.low);
  assert.is(fitScale(new Float64Array(4), [0, 1], 2), SCALE_RANGE.low);
  throwsWith(() => fitScale(new Float64Array([0, 1]), [2], 2), "labels[0]: expected a class in 0..1, got 2");
});

test("a text left out: the cosine to its class is that of a prototype of the others, as if it had never been there", () => {
  const [classes, width] = [3, 7];
  const labels = Array.from({ length: 12 }, (_, i) => ((i * i) % classes === 0 ? 0 : 1 + (i % 2)));
  const data = Float32Array.from(normals(randomKey(4, "batch", 0), labels.length * width));
  const features = { data, points: 1, texts: labels.length, width };
  const cosines = leaveOneOutCosines(features, labels, classes)!;
  labels.forEach((_, left) => {
    const others = labels.flatMap((label, i) => (i === left ? [] : [{ label, i }]));
    const rest = {
      ...features,
      texts: others.length,
      data: Float32Array.from(others.flatMap(({ i }) => [...data.subarray(i * width, (i + 1) * width)])),
    };
    const readout = prototypeReadout(
      rest,
      others.map(({ label }) => label),
      classes,
      1,
    );
    const own = data.subarray(left * width, (left + 1) * width);
    const length = Math.hypot(...own);
    const expected = scores(readout, { data: own, points: 1, texts: 1, width }).map((score) => score / length);
    expected.forEach((score, c) => assert.ok(Math.abs(score - cosines[left * classes + c]) < 1e-6));
  });
});

test("on texts of pure noise the shots tell themselves apart, and left out they do not", () => {
  const labels = Array.from({ length: 16 }, (_, i) => i % 2);
  const data = Float32Array.from(normals(randomKey(1, "batch", 0), 16 * 30));
  const features = { data, points: 1, texts: 16, width: 30 };
  const own = prototypeReadout(features, labels, 2, 1);
  const seen = scores(own, features).map(
    (score, i) => score / Math.hypot(...data.subarray(Math.floor(i / 2) * 30, Math.floor(i / 2) * 30 + 30)),
  );
  const unseen = leaveOneOutCosines(features, labels, 2)!;
  assert.ok(fitScale(seen, labels, 2) > 10);
  assert.is(fitScale(unseen, labels, 2), SCALE_RANGE.low);
});

test("two opposite texts leave no prototype of the third's class when it is left out; one text alone leaves null", () => {
  const features = (rows: readonly (readonly number[])[]) => ({
    data: Float32Array.from(rows.flat()),
    points: 1,
    texts: rows.length,
    width: 2,
  });
  const cosines = leaveOneOutCosines(
    features([
      [1, 0],
      [-1, 0],
      [0, 1],
      [1, 1],
      [2, 2],
    ]),
    [0, 0, 0, 1, 1],
    2,
  )!;
  assert.is(cosines[2 * 2], 0);
  assert.is(
    leaveOneOutCosines(
      features([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
      [0, 0, 1],
      2,
    ),
    null,
  );
});

test.run();
