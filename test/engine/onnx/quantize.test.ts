import { suite } from "uvu";
import * as assert from "uvu/assert";
import { quantizeBlocks, quantizeChannels } from "../../../src/engine/onnx/quantize";
import { normals } from "../../../src/random/normals";
import { randomKey } from "../../../src/random/key";
import { readJson } from "../../support/tiny-models";

const test = suite("engine/onnx/quantize");

interface Expected {
  readonly width: number;
  readonly rows: readonly number[];
  readonly channels: Readonly<Record<"7" | "8", { readonly values: number[]; readonly scales: number[] }>>;
  readonly blocks: Readonly<
    Record<string, { readonly values: number[]; readonly scales: number[]; readonly zeros: number[] | null }>
  >;
}

const expected = readJson("test/fixtures/quantize/expected.json") as Expected;
const rows = Float32Array.from(expected.rows);

test("one row by hand: 1, -0.5, 0.25 with 8 bits are 127, -64, 32 times 1 / 127", () => {
  // -0.5 / (1/127) = -63.5 and 0.25 / (1/127) = 31.75; the tie goes to the even -64.
  const { values, scales } = quantizeChannels(new Float32Array([1, -0.5, 0.25]), 3, 8);
  assert.equal([...values], [127, -64, 32]);
  assert.equal([...scales], [Math.fround(1 / 127)]);
});

test("one block by hand: -8, 4, 7, 0 without and -1, 0, 14 with a zero point", () => {
  // scale -8 / -8 = 1: q - 8 = -8, 4, 7, 0, so q = 0, 12, 15, 8, two to a byte, the earlier one low; the rest of the block is 8.
  const plain = quantizeBlocks(new Float32Array([-8, 4, 7, 0]), 4, 32, false);
  assert.equal([...plain.values.subarray(0, 3)], [0xc0, 0x8f, 0x88]);
  assert.equal([...plain.scales], [1]);
  // scale (14 + 1) / 15 = 1, zero 1: q = 0, 1, 15.
  const affine = quantizeBlocks(new Float32Array([-1, 0, 14]), 3, 32, true);
  assert.equal([...affine.values.subarray(0, 2)], [0x10, 0x1f]);
  assert.equal([...affine.scales, ...(affine.zeros ?? [])], [1, 1]);
});

test("every byte and scale is NumPy's: rows of zeros, of one sign, with an outlier, blocks that are not full", () => {
  for (const bits of [7, 8] as const) {
    const { values, scales } = quantizeChannels(rows, expected.width, bits);
    assert.equal([...values], expected.channels[`${bits}`].values, `values of ${bits} bits`);
    assert.equal([...scales], expected.channels[`${bits}`].scales, `scales of ${bits} bits`);
  }
  for (const [name, wanted] of Object.entries(expected.blocks)) {
    const { values, scales, zeros } = quantizeBlocks(rows, expected.width, parseInt(name), name.endsWith("z"));
    assert.equal([...values], wanted.values, `values of blocks ${name}`);
    assert.equal(
      [...scales].map((x) => x + 0),
      wanted.scales.map((x) => x + 0),
      `scales of blocks ${name}`,
    );
    assert.equal(zeros && [...zeros], wanted.zeros, `zero points of blocks ${name}`);
  }
});

test("the error is at most half a scale, and a whole one in blocks without zero points", () => {
  const width = 256;
  const random = normals(randomKey(1, "check"), 64 * width);
  for (const bits of [7, 8] as const) {
    const { values, scales } = quantizeChannels(random, width, bits);
    random.forEach((w, i) => {
      const scale = scales[Math.floor(i / width)];
      assert.ok(Math.abs(w - scale * values[i]) <= 0.5001 * scale);
    });
  }
  for (const block of [32, 64, 128])
    for (const zeroPoints of [true, false]) {
      const { values, scales, zeros } = quantizeBlocks(random, width, block, zeroPoints);
      random.forEach((w, i) => {
        const at = Math.floor(i / block);
        const q = (values[i >> 1] >> (4 * (i & 1))) & 15;
        const zero = zeros ? (zeros[at >> 1] >> (4 * (at & 1))) & 15 : 8;
        assert.ok(Math.abs(w - scales[at] * (q - zero)) <= (zeroPoints ? 0.5001 : 1) * Math.abs(scales[at]));
      });
    }
});

test.run();
