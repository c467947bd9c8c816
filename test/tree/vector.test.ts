import { suite } from "uvu";
import * as assert from "uvu/assert";
import { axpy, axpyInto, dot, like, norm, rms, scaleInPlace, sharedVector, spreadInto } from "../../src/tree/vector";
import { throwsWith } from "../support/throws";

const test = suite("tree/vector");

test("small vectors come out as worked by hand", () => {
  assert.is(dot(Float32Array.of(1, 2), Float32Array.of(3, 4)), 11); // 1*3 + 2*4
  assert.is(norm(Float32Array.of(3, 4)), 5);
  assert.is(rms(Float32Array.of(1, 7)), 5); // sqrt((1 + 49) / 2)
  assert.equal(axpy(2, Float32Array.of(1, 2), Float32Array.of(10, 20)), Float32Array.of(12, 24));
  const x = Float32Array.of(1, -2);
  scaleInPlace(x, 3);
  assert.equal(x, Float32Array.of(3, -6));
});

test("sums are kept in float64: 2^24 and two ones do not lose the ones", () => {
  assert.is(dot(Float32Array.of(2 ** 24, 1, 1), Float32Array.of(1, 1, 1)), 2 ** 24 + 2);
});

test("the result may replace an operand", () => {
  const y = Float32Array.of(1, 2, 3);
  axpyInto(y, -1, y, y);
  assert.equal(y, new Float32Array(3));
});

test("a pair of points has the bits of two sums", () => {
  const [x, y] = [Float32Array.of(0.1, -3, 2 ** -24), Float32Array.of(1 / 3, 7, 1)];
  const [plus, minus] = [new Float32Array(3), new Float32Array(3)];
  spreadInto(plus, minus, 1e-3, x, y);
  assert.equal([plus, minus], [axpy(1e-3, x, y), axpy(-1e-3, x, y)]);
  throwsWith(() => spreadInto(plus, new Float32Array(2), 1, x, y), "minus: expected length 3, got 2");
});

test("an element is rounded once", () => {
  // 1 + 2^-24 rounds to 1; 1 + 3 * 2^-24 rounds to 1 + 2^-22 (to even)
  assert.is(axpy(1, Float32Array.of(2 ** -24), Float32Array.of(1))[0], 1);
  assert.is(axpy(3, Float32Array.of(2 ** -24), Float32Array.of(1))[0], 1 + 2 ** -22);
});

test("a vector like another has its length and its kind of memory", () => {
  const shared = like(sharedVector(3));
  assert.equal([shared, like(Float32Array.of(1, 2))], [new Float32Array(3), new Float32Array(2)]);
  assert.ok(shared.buffer instanceof SharedArrayBuffer);
  assert.not(like(new Float32Array(2)).buffer instanceof SharedArrayBuffer);
});

test("nothing has norm and rms 0", () => {
  assert.is(norm(new Float32Array(0)), 0);
  assert.is(rms(new Float32Array(0)), 0);
});

test("different lengths are refused", () => {
  throwsWith(() => dot(new Float32Array(2), new Float32Array(3)), "y: expected length 2, got 3");
  throwsWith(() => axpy(1, new Float32Array(2), new Float32Array(3)), "x: expected length 3, got 2");
  throwsWith(
    () => axpyInto(new Float32Array(2), 1, new Float32Array(2), new Float32Array(3)),
    "y: expected length 2, got 3",
  );
});

test.run();
