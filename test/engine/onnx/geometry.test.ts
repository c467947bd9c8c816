import { suite } from "uvu";
import * as assert from "uvu/assert";
import { packBatch } from "../../../src/engine/onnx/geometry";
import { throwsWith } from "../../support/throws";

const test = suite("engine/onnx/geometry");

test("packs the tokens of two texts one after another", () => {
  // texts [5 6] and [7]: rows 0 1 | 2; padded places [0 1 | 2 2], the second text's padding repeats its only token
  const packed = packBatch({ ids: [[5, 6], [7]] });
  assert.equal([...packed.ids], [5, 6, 7]);
  assert.equal([...packed.positions], [0, 1, 0]);
  assert.equal([...packed.unpack], [0, 1, 2, 2]);
  assert.equal([...packed.pack], [0, 1, 2]);
  assert.equal([...packed.scored], [1, 2]);
});

test("unpacking and packing again gives every token back, whatever the lengths", () => {
  const lengths = [3, 1, 7, 2, 7];
  const packed = packBatch({ ids: lengths.map((n) => Array.from({ length: n }, (_, i) => i)) });
  packed.pack.forEach((place, row) => assert.is(packed.unpack[place], row));
  assert.is(packed.tokens, 20);
  assert.is(packed.longest, 7);
});

test("scores the position that is asked for", () => {
  assert.equal(
    [
      ...packBatch({
        ids: [
          [1, 2, 3],
          [4, 5],
        ],
        scored: [0, 1],
      }).scored,
    ],
    [0, 4],
  );
});

test("refuses an empty batch, an empty text and a position outside of its text", () => {
  throwsWith(() => packBatch({ ids: [] }), /batch: expected at least one text, got 0/);
  throwsWith(() => packBatch({ ids: [[1], []] }), /batch\[1\]: expected at least one token/);
  throwsWith(() => packBatch({ ids: [[1, 2]], scored: [2] }), /scored\[0\]: expected 0\.\.1, got 2/);
});

test.run();
