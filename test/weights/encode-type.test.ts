import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encoded, WRITTEN } from "../../src/weights/encode-type";
import type { WrittenTypeName } from "../../src/weights/encode-type";
import { half, halfBits } from "../../src/weights/half";
import * as stored from "../../src/weights/stored-type";
import { throwsWith } from "../support/throws";
import { readJson } from "../support/tiny-models";

const test = suite("weights/encode-type");

const { values: text, written } = readJson("test/fixtures/weights/quantized.json") as {
  readonly values: string;
  readonly written: Readonly<Record<WrittenTypeName, string>>;
};
const bytes = Uint8Array.from(Buffer.from(text, "base64"));
const values = new Float32Array(bytes.buffer);
const names = Object.keys(WRITTEN) as readonly WrittenTypeName[];

for (const name of names)
  test(`${name}: the bytes are those that the gguf package writes`, () => {
    const expected = Uint8Array.from(Buffer.from(written[name], "base64"));
    const got = encoded("w", name, values);
    const size = WRITTEN[name].bytes;
    for (let block = 0; block * size < expected.length; block++)
      assert.equal(
        got.subarray(block * size, (block + 1) * size),
        expected.subarray(block * size, (block + 1) * size),
        `block ${block}`,
      );
  });

test("every type decodes to within half a step, and encodes again to the same bytes where its scale is a half", () => {
  for (const name of ["F32", "F16", "BF16"] as const) {
    const decoded = new Float32Array(values.length);
    stored[name].decode(encoded("w", name, values), decoded);
    const step = { F32: 0, F16: 2 ** -11, BF16: 2 ** -8 }[name];
    decoded.forEach((value, i) =>
      assert.ok(Math.abs(value - values[i]!) <= step * Math.abs(values[i]!) + (name === "F16" ? 2 ** -25 : 0)),
    );
    assert.equal(encoded("w", name, decoded), encoded("w", name, values));
  }
});

test("every half comes back to its own bits", () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = half(Uint8Array.of(bits & 255, bits >> 8), 0);
    if (!Number.isNaN(value)) assert.is(halfBits(value), bits);
  }
});

test("between two halves the even one is taken: 1 + 2^-11 is 1, 1 + 3 2^-11 is 1 + 2^-9", () => {
  assert.is(halfBits(1 + 2 ** -11), 0x3c00);
  assert.is(halfBits(1 + 3 * 2 ** -11), 0x3c02);
  assert.is(halfBits(1 + 2 ** -11 + 2 ** -20), 0x3c01);
  assert.is(halfBits(65519), 0x7bff);
  assert.is(halfBits(65520), 0x7c00);
  assert.is(halfBits(2 ** -25), 0);
  assert.is(halfBits(3 * 2 ** -25), 2);
  assert.is(halfBits(2 ** -14 - 2 ** -26), 0x0400);
});

test("what has no place in a type is refused with its place", () => {
  throwsWith(() => encoded("w", "F16", Float32Array.of(1, 7e4)), "w[1]: expected a number of at most 65504 for F16");
  throwsWith(() => encoded("w", "BF16", Float32Array.of(NaN)), "w[0]: expected a number");
  throwsWith(
    () => encoded("w", "Q8_0", new Float32Array(33)),
    "values of w: expected a multiple of 32 for Q8_0, got 33",
  );
});

test.run();
