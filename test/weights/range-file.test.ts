import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openGguf } from "../../src/weights/gguf";
import { openRange } from "../../src/weights/range-file";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { sparseGguf, sparseSafetensors } from "../support/sparse-model";
import { throwsWith } from "../support/throws";

const test = suite("weights/range-file");
const place = scratch();
test.after(() => place.remove());

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const file = () => openRange(place.file("bytes", bytes));

test("ranges come in the asked order, whether they are neighbours, reversed, repeated or apart", () => {
  const orders = [[0, 10, 20], [20, 10, 0], [990, 0, 10, 500, 0], [30, 30, 40], [5], []];
  for (const offsets of orders)
    assert.equal(
      [...file().gather(offsets, 10)],
      offsets.flatMap((at) => [...bytes.subarray(at, at + 10)]),
      offsets.join(),
    );
});

test("a stream hands over whole units and everything", () => {
  const pieces: number[] = [];
  file().stream(3, 990, 11, (piece) => {
    assert.is(piece.length % 11, 0);
    pieces.push(...piece);
  });
  assert.equal(pieces, [...bytes.subarray(3, 993)]);
});

test("a range beyond the end is refused", () => {
  throwsWith(() => file().bytes(995, 6), /expected bytes 995 to 1001, got a file of 1000 bytes/);
  throwsWith(() => file().gather([0, 995], 6), /got a file of 1000 bytes/);
  throwsWith(() => file().stream(0, 1001, 1, () => undefined), /got a file of 1000 bytes/);
});

const inBlocks = (path: string, name: string, rows: number, width: number): number => {
  const output = execFileSync(
    process.execPath,
    ["--import", "tsx", "test/support/read-in-blocks.ts", path, name, String(rows), String(width)],
    { encoding: "utf8" },
  );
  const { grown, read } = JSON.parse(output) as { readonly grown: number; readonly read: number };
  assert.is(read, rows * width);
  return grown;
};
const onLinux = skipUnless(process.platform === "linux", "resident memory is read from /proc");

onLinux(test, "a matrix of 300 MB is read in blocks of rows in a fraction of its size", () => {
  const path = place.file("sparse.safetensors");
  const [rows, width] = [14080, 11008];
  sparseSafetensors(path, rows, width);
  // One block is 2.8 M values: 5.6 MB as stored, 11.3 MB decoded; dropped blocks wait for the collector.
  const grown = inBlocks(path, "w", rows, width);
  assert.ok(grown < 150, `resident memory grew by ${grown} MiB for 295 MiB as stored, 591 MiB decoded`);
});

onLinux(test, "so is one whose rows are put back into order", () => {
  const path = place.file("sparse.gguf");
  const [rows, width] = [16384, 11008];
  sparseGguf(path, rows, width);
  const grown = inBlocks(path, "model.layers.0.self_attn.q_proj.weight", rows, width);
  assert.ok(grown < 150, `resident memory grew by ${grown} MiB for 107 MiB as stored, 688 MiB decoded`);
  assert.is(openGguf(path).config.num_attention_heads, 128);
});

test.run();
