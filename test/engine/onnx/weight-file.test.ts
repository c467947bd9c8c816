import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodingOf } from "../../../src/engine/onnx/encoding";
import { parsePrecision, precisionName, PRECISIONS } from "../../../src/engine/onnx/precision";
import { WeightFile } from "../../../src/engine/onnx/weight-file";
import type { FrozenMatrix } from "../../../src/ops/ops";
import { frozenMatrix } from "../../support/frozen";
import { scratch } from "../../support/scratch";

const test = suite("engine/onnx/weight-file");
const folder = scratch();
test.after(() => folder.remove());

/** A matrix that counts how often it is read. */
function counted(rows: number, width: number): { readonly matrix: FrozenMatrix; reads(): number } {
  const values = Array.from({ length: rows * width }, (_, i) => Math.sin(i));
  const matrix = frozenMatrix("w", [rows, width], values);
  let reads = 0;
  return {
    matrix: {
      ...matrix,
      read: () => assert.unreachable("a whole matrix was read") as never,
      rows: (indices) => (reads++, matrix.rows(indices)),
    },
    reads: () => reads,
  };
}

async function written(directory: string, matrix: FrozenMatrix, precision = "int4"): Promise<string> {
  const file = new WeightFile(directory, "model", parsePrecision(precision));
  file.place(matrix);
  await file.write();
  return `${directory}/${file.location}`;
}

test("parts begin on pages; a matrix asked for twice has one place", () => {
  const file = new WeightFile(folder.file("places"), "model", parsePrecision("int8"));
  const { matrix } = counted(3, 40);
  const { constants } = file.place(matrix);
  assert.equal(
    [...constants.values()].map(({ name, at }) => [name, at.offset, at.bytes]),
    [
      ["values", 0, 120],
      ["scales", 4096, 12],
    ],
  );
  assert.is(file.place(matrix), file.place(matrix));
});

test("a second start finds the file and reads no weight; other precisions and models have other files", async () => {
  const directory = folder.file("again");
  const { matrix, reads } = counted(50, 64);
  const path = await written(directory, matrix);
  const once = reads();
  assert.is(await written(directory, matrix), path);
  assert.is(reads(), once);
  const names = new Set([path, await written(directory, matrix, "int8"), await written(directory, matrix, "int4:64z")]);
  assert.is(names.size, 3);
  assert.not.ok(readdirSync(directory).some((name) => name.endsWith(".tmp")));
});

test("a matrix is read in blocks of rows, and progress ends at the file's size", async () => {
  const { matrix, reads } = counted(5000, 512);
  const file = new WeightFile(folder.file("blocks"), "model", parsePrecision("fp32"));
  file.place(matrix);
  const seen: number[] = [];
  let total = 0;
  await file.write((progress) => {
    seen.push(progress.bytes);
    total = progress.total;
  });
  assert.ok(reads() >= 3, "10 MB in pieces of at most 4 MiB");
  assert.equal(
    [...seen].sort((a, b) => a - b),
    seen,
  );
  assert.is(seen[seen.length - 1], total);
});

test("a file that was cut off, changed, or lost its stamp is made again, with the same bytes; a sound copy is kept", async () => {
  const directory = folder.file("damage");
  const { matrix, reads } = counted(50, 64);
  const path = await written(directory, matrix);
  const sound = readFileSync(path);
  const damages: readonly (() => void)[] = [
    () => truncateSync(path, sound.length - 1),
    () =>
      writeFileSync(
        path,
        sound.map((byte, i) => (i === 700 ? byte ^ 1 : byte)),
      ),
    () => writeFileSync(`${path}.json`, "{"),
    () => rmSync(`${path}.json`),
    () => rmSync(path),
  ];
  for (const damage of damages) {
    damage();
    const before = reads();
    await written(directory, matrix);
    assert.ok(reads() > before, "made again");
    assert.ok(readFileSync(path).equals(sound));
  }
  const before = reads();
  cpSync(path, `${path}.copy`);
  cpSync(`${path}.copy`, path);
  utimesSync(path, new Date(0), new Date(0));
  await written(directory, matrix);
  assert.is(reads(), before, "checked by its sums, not made again");
  assert.is(statSync(path).mtimeMs, 0);
});

test("another copy of the model's file is read once and compared; one with other values makes the file anew", async () => {
  const directory = folder.file("sources");
  const { matrix, reads } = counted(50, 64);
  const from = (source: string, changes: Partial<FrozenMatrix> = {}) =>
    written(directory, { ...matrix, source, ...changes });
  const path = await from("model.safetensors 9 1");
  const [made, first] = [readFileSync(path), statSync(path).ino];
  let before = reads();
  const readsOf = async (source: string): Promise<boolean> => {
    assert.is(await from(source), path);
    const read = reads() > before;
    before = reads();
    return read;
  };
  assert.not.ok(await readsOf("model.safetensors 9 1"));
  assert.ok(await readsOf("copy.safetensors 9 2"), "compared");
  assert.is(statSync(path).ino, first, "and kept");
  assert.not.ok(await readsOf("copy.safetensors 9 2"));
  assert.not.ok(await readsOf("model.safetensors 9 1"));
  const negative = (indices: ArrayLike<number>) => matrix.rows(indices).map((x) => -x);
  assert.is(await from("other.safetensors 9 3", { rows: negative }), path);
  assert.not.ok(readFileSync(path).equals(made));
  assert.ok(await readsOf("model.safetensors 9 1"), "compared again");
  assert.ok(readFileSync(path).equals(made), "and made again");
});

test("a matrix that is only checked is read whole when the weights are, not again, and has no place", async () => {
  const directory = folder.file("checked");
  const [weights, table] = [counted(8, 8), counted(9000, 512)];
  const write = async (rows = table.matrix.rows.bind(table.matrix)) => {
    const file = new WeightFile(directory, "model", parsePrecision("fp32"));
    file.place(weights.matrix);
    file.check({ ...table.matrix, name: "table", rows });
    await file.write();
    return statSync(`${directory}/${file.location}`).size;
  };
  const bad = () => {
    throw new Error("table[3]: expected a finite weight, got NaN");
  };
  assert.is(await write(bad).catch((error: Error) => error.message), "table[3]: expected a finite weight, got NaN");
  assert.equal(readdirSync(directory), []);
  assert.is(await write(), 4096);
  assert.ok(table.reads() >= 4);
  const before = table.reads();
  await write();
  assert.is(table.reads(), before);
});

/** [4096, 128] without a zero near its end: every part of it fills its pages at every precision. */
function fillsItsPages(): FrozenMatrix {
  const [rows, width, size] = [4096, 128, 32];
  const values = Array.from({ length: rows * width }, (_, i) => Math.sin(i) - 0.3 * Math.cos(0.01 * i));
  const ofBlocks = (scale: number) => (indices: ArrayLike<number>) => ({
    values: Uint8Array.from({ length: indices.length * width }, (_, i) => 1 + (i % 15)),
    scales: new Float32Array((indices.length * width) / size).fill(scale),
    offsets: new Float32Array((indices.length * width) / size).fill(-3.5),
  });
  return { ...frozenMatrix("w", [rows, width], values), blocks: { bits: 4, size, zero: null, codes: ofBlocks(0.7) } };
}

for (const precision of PRECISIONS)
  test(`${precisionName(precision)}: every byte of a matrix that fills its last page is in the file`, async () => {
    const matrix = fillsItsPages();
    const file = new WeightFile(folder.file("full"), "full", precision);
    const { constants } = file.place(matrix);
    await file.write();
    const bytes = readFileSync(`${file.directory}/${file.location}`);
    const pieces = [...encodingOf(matrix, precision).pieces()];
    for (const { name, at } of constants.values()) {
      const expected = Buffer.concat(pieces.filter(({ part }) => part.name === name).map((piece) => piece.bytes));
      assert.is(at.bytes % 4096, 0, "fills its pages");
      assert.not.equal(expected[expected.length - 1], 0, "a lost last byte is seen");
      assert.ok(bytes.subarray(at.offset, at.offset + at.bytes).equals(expected), name);
    }
    const [last] = [...constants.values()].slice(-1);
    assert.is(last!.at.offset + last!.at.bytes, bytes.length);
  });

test("what no part fills is zero, up to the end of the last page", async () => {
  const bytes = readFileSync(await written(folder.file("padded"), counted(3, 5).matrix, "fp32"));
  assert.is(bytes.length, 4096);
  assert.equal(
    [...bytes.subarray(60)],
    Array.from({ length: 4036 }, () => 0),
  );
});

test("an encoding that gives fewer or more bytes than its parts say is an error, not a file with gaps", async () => {
  const [{ matrix }, fewer] = [counted(8, 8), counted(4, 8)];
  for (const rows of [() => fewer.matrix.rows([0, 1]), () => matrix.rows([0, 1, 2, 3, 4, 5, 6, 7, 7])]) {
    const directory = folder.file("gaps");
    const message = await written(directory, { ...matrix, rows }, "fp32").catch((error: unknown) => String(error));
    assert.match(message, /bytes of w\.values: expected 256, got/);
    assert.equal(readdirSync(directory), []);
  }
});

test("a folder that takes no file is named", async () => {
  const taken = folder.file("taken");
  writeFileSync(taken, "");
  const message = await written(taken, counted(2, 4).matrix).catch((error: unknown) => String(error));
  assert.match(message, /cannot write the weight cache .*taken/);
});

test.run();
