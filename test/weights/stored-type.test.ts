import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BF16, F16, F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, type StoredType } from "../../src/weights/stored-type";
import { IQ4_NL, Q4_K, Q6_K } from "../../src/weights/super-blocks";

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

test("Q5_0 and Q5_1: the fifth bit of value i is bit i of the mask", () => {
  // scale 2, mask 0x00010001: values 0 and 16 have 16 more; the first byte 0x9f: 2 (15 + 16 - 16) = 30, 2 (9 + 16 - 16) = 18
  const mask = [0x01, 0x00, 0x01, 0x00];
  const nibbles = [0x9f, 0x9f, ...new Array<number>(14).fill(0)];
  const values = decoded(Q5_0, [0x00, 0x40, ...mask, ...nibbles]);
  assert.equal([values[0], values[16], values[1], values[17], values[2]], [30, 18, -2, -14, -32]);
  // with minimum -1: 2 (15 + 16) - 1 = 61, 2 (9 + 16) - 1 = 49, 2 * 15 - 1 = 29, 2 * 9 - 1 = 17
  const affine = decoded(Q5_1, [0x00, 0x40, 0x00, 0xbc, ...mask, ...nibbles]);
  assert.equal([affine[0], affine[16], affine[1], affine[17], affine[2]], [61, 49, 29, 17, -1]);
});

test("Q4_K: x = d s q - e m, scales of the last four sub-blocks in two parts", () => {
  const block = new Array<number>(144).fill(0);
  block.splice(0, 4, 0x00, 0x3c, 0x00, 0x38); // d = 1, e = 0.5
  block[4] = 0x43; // s of sub-block 0 is 3; its upper bits 01 belong to sub-block 4
  block[8] = 0x82; // m of sub-block 0 is 2; its upper bits 10 belong to sub-block 4
  block[12] = 0x25; // sub-block 4: s = 5 + 16 = 21, m = 2 + 32 = 34
  block[16] = 0x0f; // value 0: q = 15 -> 3 * 15 - 0.5 * 2 = 44
  block[80] = 0x07; // value 128: q = 7 -> 21 * 7 - 0.5 * 34 = 130
  const values = decoded(Q4_K, block);
  assert.equal([values[0], values[1], values[128], values[129], values[64]], [44, -1, 130, -17, 0]);
});

test("Q6_K: signed scales, four bits below and two above, minus 32", () => {
  const block = new Array<number>(210).fill(0);
  block.splice(208, 2, 0x00, 0x40); // d = 2
  block[192] = 0xff; // s = -1
  block[0] = 0x05; // value 0: low 5
  block[128] = 0x02; // and high 2: q = 5 + 32 - 32 = 5 -> -10
  const values = decoded(Q6_K, block);
  assert.equal([values[0], values[1], values[16]], [-10, 64, -0]);
});

test("IQ4_NL: scale 0.5, levels -127 and 113", () => {
  const values = decoded(IQ4_NL, [0x00, 0x38, 0xf0, ...new Array<number>(15).fill(0x88)]);
  assert.equal([values[0], values[16], values[1]], [-63.5, 56.5, 0.5]);
});

test.run();
