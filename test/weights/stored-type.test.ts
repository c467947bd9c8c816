import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BF16, F16, F32, Q4_0, Q4_1, Q8_0, type StoredType } from "../../src/weights/stored-type";

const test = suite("weights/stored-type");

function decoded(type: StoredType, bytes: readonly number[]): readonly number[] {
  const values = new Float32Array((bytes.length / type.bytes) * type.values);
  type.decode(Uint8Array.from(bytes), values);
  return [...values];
}

test("halves: 0x3c00 is 1, 0xc100 is -2.5, 0x0001 is 2^-24, 0x7c00 is infinity", () => {
  // 0xc100: sign 1, exponent 10000b = 16, fraction 0100000000b = 256 of 1024: -(1 + 1/4) 2^(16-15) = -2.5
  assert.equal(decoded(F16, [0x00, 0x3c, 0x00, 0xc1, 0x01, 0x00, 0x00, 0x7c]), [1, -2.5, 2 ** -24, Infinity]);
  assert.ok(Number.isNaN(decoded(F16, [0x01, 0x7c])[0]));
  assert.ok(Object.is(decoded(F16, [0x00, 0x80])[0], -0));
});

test("bf16 is the upper half of fp32: 0x3fc0 is 1.5", () => {
  assert.equal(decoded(BF16, [0xc0, 0x3f, 0x80, 0xc0]), [1.5, -4]);
});

test("fp32 is taken as it is", () => {
  assert.equal(decoded(F32, [0x00, 0x00, 0x80, 0x3f]), [1]);
});

test("Q8_0: scale 0.5 and int8 values 1, -1, 127, -128", () => {
  const values = decoded(Q8_0, [0x00, 0x38, 1, 255, 127, 128, ...new Array<number>(28).fill(0)]);
  assert.equal(values.slice(0, 5), [0.5, -0.5, 63.5, -64, 0]);
});

test("Q4_0: low nibbles are values 0 to 15, high nibbles 16 to 31, 8 is zero", () => {
  // scale 2; the first byte 0x9f: low 15 -> 2 (15 - 8) = 14 at 0, high 9 -> 2 (9 - 8) = 2 at 16; 0x88 is zero twice
  const values = decoded(Q4_0, [0x00, 0x40, 0x9f, ...new Array<number>(15).fill(0x88)]);
  assert.is(values[0], 14);
  assert.is(values[16], 2);
  assert.equal(values.filter((value) => value !== 0).length, 2);
});

test("Q4_1: scale 2, minimum -1", () => {
  // 0x9f: low 15 -> 2 * 15 - 1 = 29 at 0, high 9 -> 17 at 16; 0x00 is -1
  const values = decoded(Q4_1, [0x00, 0x40, 0x00, 0xbc, 0x9f, ...new Array<number>(15).fill(0)]);
  assert.equal([values[0], values[16], values[1], values[31]], [29, 17, -1, -1]);
});

test.run();
