import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openRange } from "../../src/weights/range-file";
import { openSafetensors, readSafetensors } from "../../src/weights/safetensors";
import { writeSafetensors } from "../../src/weights/write-safetensors";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("weights/safetensors");
const place = scratch();
test.after(() => place.remove());

const TYPES = "test/fixtures/weights/types.safetensors";

/** A safetensors file by hand: a header and the tensors' bytes. */
function handmade(header: unknown, data = 24, length?: bigint): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const file = Buffer.alloc(8 + json.length + data);
  file.writeBigUInt64LE(length ?? BigInt(json.length), 0);
  json.copy(file, 8);
  return place.file("handmade.safetensors", file);
}
const tensor = (dtype: unknown, shape: unknown, offsets: unknown): object => ({ dtype, shape, data_offsets: offsets });
const refuses = (path: string, expected: RegExp): void => throwsWith(() => openSafetensors(path), expected);

test("F32, F16 and BF16 written by Python are read; I64 is passed over", () => {
  const special = [0, -0, 1, -1.5, 65504, 2 ** -24, -(2 ** -14), 0.333, 2 ** -15, -65504, 7, 1e-3];
  const weights = openSafetensors(TYPES);
  assert.equal([...weights.names()].sort(), ["brain", "empty", "half", "scalar", "single"]);
  assert.not(weights.has("positions"));
  const single = weights.matrix("single", [3, 4]).read();
  assert.equal([...single], special.map(Math.fround));
  const half = weights.matrix("half", [3, 4]).read();
  // 0.333 and 0.001 in half precision: 1364/4096 = 0.333007..., 1049/2^20 = 0.00100040...
  assert.equal(
    [...half],
    [0, -0, 1, -1.5, 65504, 2 ** -24, -(2 ** -14), 1364 / 4096, 2 ** -15, -65504, 7, 1049 / 2 ** 20],
  );
  const brain = weights.matrix("brain", [3, 4]).read();
  assert.equal([brain[3], brain[4], brain[7], brain[11]], [-1.5, 65536, 0.33203125, 0.00099945068359375]);
  assert.equal(readSafetensors(TYPES).metadata, { format: "pt", note: "été" });
});

test("rows are those of the whole matrix, in the order asked for", () => {
  const weights = openSafetensors("test/fixtures/weights/tiny-llama.safetensors");
  const matrix = weights.matrix("model.embed_tokens.weight", [40, 64]);
  const all = matrix.read();
  assert.equal(
    matrix.rows([39, 0, 7, 7]),
    Float32Array.from([39, 0, 7, 7].flatMap((row) => [...all.subarray(row * 64, row * 64 + 64)])),
  );
  assert.is(matrix.rows([]).length, 0);
  throwsWith(() => matrix.rows([40]), /row of model\.embed_tokens\.weight: expected an integer from 0 to 39, got 40/);
  throwsWith(() => matrix.rows([0.5]), /got 0\.5/);
});

test("what is written is read back, bit for bit", () => {
  const path = place.file("round.safetensors");
  const tensors = [
    { name: "a", shape: [2, 3], data: Float32Array.of(1, 2, 3, -0, 1e-40, 3.4028234663852886e38) },
    { name: "nothing", shape: [0, 5], data: new Float32Array(0) },
    { name: "1", shape: [], data: Float32Array.of(0.1) },
  ];
  writeSafetensors(path, tensors, { note: 'quotes " and ünïcode' });
  const back = readSafetensors(path);
  assert.equal(back.metadata, { note: 'quotes " and ünïcode' });
  for (const { name, shape, data } of tensors) {
    const found = back.tensors.find((candidate) => candidate.name === name);
    assert.equal(found?.shape, shape);
    assert.equal(Buffer.from(found!.data.buffer), Buffer.from(data.buffer));
  }
  assert.is((readFileSync(path).readUInt32LE(0) + 8) % 8, 0, "tensors begin on a multiple of 8");
});

test("a write that fails leaves the older file and nothing else", () => {
  const path = place.file("kept.safetensors");
  writeSafetensors(path, [{ name: "a", shape: [1], data: Float32Array.of(1) }]);
  throwsWith(
    () => writeSafetensors(path, [{ name: "a", shape: [3], data: Float32Array.of(1) }]),
    /data of a: expected 3 values, got 1/,
  );
  throwsWith(
    () => writeSafetensors(place.file("no/such/folder.safetensors"), []),
    /folder\.safetensors: cannot write the tensors: ENOENT/,
  );
  assert.is(openSafetensors(path).vector("a", 1).read()[0], 1);
  assert.equal(
    readdirSync(dirname(path)).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("the fingerprint is the content's: a change of one value changes it, another place does not", () => {
  const write = (name: string, values: readonly number[]): string => {
    const path = place.file(name);
    writeSafetensors(path, [{ name: "w", shape: [values.length], data: Float32Array.from(values) }]);
    return openSafetensors(path).id;
  };
  assert.is(write("x.safetensors", [1, 2, 3]), write("y.safetensors", [1, 2, 3]));
  assert.is.not(write("x.safetensors", [1, 2, 3]), write("y.safetensors", [1, 2, 4]));
});

test("a missing tensor and another shape are named with what was got", () => {
  const weights = openSafetensors(TYPES);
  throwsWith(() => weights.vector("absent", 3), /tensor: expected one of .*, got "absent"/);
  throwsWith(() => weights.matrix("single", [4, 3]), /shape of single: expected \[4,3\], got \[3,4\]/);
  throwsWith(() => weights.vector("single", 12), /shape of single: expected \[12\], got \[3,4\]/);
  throwsWith(() => weights.vector("positions", 5), /positions: expected floating-point weights, got "I64"/);
});

test("a missing file, a folder, and other kinds of file are refused by what they are", () => {
  refuses(place.file("absent"), /expected a file at .*absent", got nothing there/);
  refuses(
    "test/fixtures",
    /expected model\.safetensors, model\.safetensors\.index\.json or one safetensors file, got \[\]/,
  );
  throwsWith(() => openRange("test/fixtures"), /got a folder/);
  refuses(
    place.file("zip", Buffer.from("PK\x03\x04 and more bytes", "latin1")),
    /got a PyTorch pickle, which can run code/,
  );
  refuses(place.file("pickle", Buffer.from("\x80\x02}q\x00.", "latin1")), /got a PyTorch pickle/);
  refuses(place.file("lfs", "version https://git-lfs.github.com/spec/v1\noid"), /got a Git LFS pointer/);
  refuses(place.file("page", "<!DOCTYPE html><html>"), /got a web page/);
  refuses("test/fixtures/weights/tiny-llama.gguf", /expected a safetensors file, got a GGUF file/);
  refuses(place.file("empty", ""), /got none of the formats/);
});

/** A folder with these files. */
function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = place.file(name);
  mkdirSync(folder);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

/** A folder with a model in two files: a and b in the first, c in the second, and an index that may say something else. */
function sharded(name: string, map: Readonly<Record<string, unknown>> = {}): string {
  const folder = folderOf(name, {});
  const one = (tensor: string, value: number) => ({ name: tensor, shape: [1], data: Float32Array.of(value) });
  writeSafetensors(join(folder, "model-00001-of-00002.safetensors"), [one("a", 1), one("b", 2)]);
  writeSafetensors(join(folder, "model-00002-of-00002.safetensors"), [one("c", 3)]);
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const weight_map = { c: second, a: first, b: first, ...map };
  const index = JSON.stringify({ metadata: { total_size: 12 }, weight_map });
  writeFileSync(join(folder, "model.safetensors.index.json"), index);
  return folder;
}

test("a model in several files is opened by its index or its folder", () => {
  const folder = sharded("sharded");
  for (const path of [folder, join(folder, "model.safetensors.index.json")]) {
    const weights = openSafetensors(path);
    assert.equal([...weights.names()].sort(), ["a", "b", "c"]);
    assert.equal(
      ["a", "b", "c"].map((name) => weights.vector(name, 1).read()[0]),
      [1, 2, 3],
    );
    throwsWith(() => weights.vector("d", 1), /tensor: expected one of a, b, c, \.\.\., got "d"/);
  }
  const id = openSafetensors(folder).id;
  assert.is(id, openSafetensors(sharded("sharded-again")).id);
  const part = join(folder, "model-00002-of-00002.safetensors");
  writeSafetensors(part, [{ name: "c", shape: [1], data: Float32Array.of(4) }]);
  assert.is.not(id, openSafetensors(folder).id);
});

test("an index and files that do not agree are refused by tensor and file", () => {
  const refusesIndex = (name: string, map: Readonly<Record<string, unknown>>, expected: RegExp): void =>
    refuses(sharded(name, map), expected);
  const second = "model-00002-of-00002.safetensors";
  refusesIndex("wrong", { b: second }, /b: expected in model-00002.*, as the index says, got it in model-00001/);
  refusesIndex("lost", { d: second }, /d: expected in model-00002.*, got it in no file/);
  refusesIndex("absent", { d: "other.safetensors" }, /other\.safetensors, which the index names: .*got nothing there/);
  refusesIndex("escape", { d: "../other.safetensors" }, /file of d: expected the name of a safetensors file beside/);
  refusesIndex("rooted", { d: "/etc/passwd" }, /file of d: expected the name/);
  refusesIndex("number", { d: 3 }, /file of d: expected the name of a safetensors file beside the index, got 3/);
  const untold = sharded("untold");
  const one = { shape: [1], data: Float32Array.of(1) };
  writeSafetensors(join(untold, second), [
    { name: "c", ...one },
    { name: "extra", ...one },
  ]);
  refuses(untold, /model-00002.*: expected the tensors that the index puts there, got "extra"/);
  writeSafetensors(join(untold, second), [
    { name: "c", ...one },
    { name: "a", ...one },
  ]);
  refuses(untold, /model-00002.*: expected the tensors that the index puts there, got "a"/);
  const index = (name: string, text: string): string => folderOf(name, { "model.safetensors.index.json": text });
  refuses(index("text", "{"), /expected an index in JSON/);
  refuses(index("list", "[]"), /weight_map: expected an object from tensors to files, got undefined/);
  refuses(index("empty-map", '{"weight_map":{}}'), /weight_map: expected at least one tensor/);
  refuses(join(place.file("nowhere"), "model.safetensors.index.json"), /expected an index at .*, got nothing there/);
});

test("a folder of PyTorch pickles is refused with the reason; beside safetensors they do not matter", () => {
  for (const name of ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
    refuses(
      folderOf(`with-${name}`, { [name]: "\x80\x02}q\x00.", "config.json": "{}" }),
      new RegExp(
        `expected safetensors, got ${name}: a PyTorch pickle, which can run code when it is loaded and is refused`,
      ),
    );
  const both = sharded("both");
  writeFileSync(join(both, "pytorch_model.bin"), "\x80\x02");
  assert.is(openSafetensors(both).names().length, 3);
});

test("damaged headers are refused with what was expected", () => {
  refuses(handmade({}, 0, 2n ** 40n), /header length: expected at most 2 bytes .*, got 1099511627776/);
  refuses(handmade({}, 0, 2n ** 64n - 1n), /header length/);
  refuses(handmade("{not json", 0), /header: expected JSON in UTF-8, got SyntaxError/);
  refuses(handmade({ w: 3 }), /w: expected \{dtype, shape, data_offsets\}, got 3/);
  refuses(handmade({ w: tensor("F33", [6], [0, 24]) }), /dtype of .*w: expected one of F32, F16, BF16, .*, got "F33"/);
  refuses(handmade({ w: tensor("toString", [6], [0, 24]) }), /dtype of/);
  refuses(
    handmade({ w: tensor("F32", [7], [0, 24]) }),
    /data_offsets of .*w: expected 28 bytes for shape \[7\] in F32, got 24/,
  );
  refuses(handmade({ w: tensor("F32", [-1, -6], [0, 24]) }), /shape of .*w: expected non-negative integers/);
  refuses(handmade({ w: tensor("F32", [1e300, 0], [0, 0]) }), /shape of .*w/);
  refuses(handmade({ w: tensor("F32", [2 ** 40, 2 ** 40], [0, 24]) }), /at most 2\^53 - 1 values/);
  refuses(handmade({ w: tensor("F32", "6", [0, 24]) }), /shape of .*w: expected a list of axes/);
  refuses(handmade({ w: tensor("F32", [6], [-24, 0]) }), /data_offsets of .*w: expected \[begin, end\], non-negative/);
  refuses(handmade({ w: tensor("F32", [6], [24, 0]) }), /expected 24 bytes .*, got -24/);
  refuses(handmade({ w: tensor("F32", [6], [0]) }), /data_offsets/);
  refuses(handmade({ w: tensor("F32", [6], [0, 24]) }, 20), /w \(truncated file\?\): expected bytes inside the file/);
  refuses(handmade({ w: tensor("F32", [5], [0, 20]) }), /size: expected \d+ bytes, as its tensors fill, got/);
  refuses(
    handmade({ v: tensor("F32", [4], [0, 16]), w: tensor("F32", [4], [8, 24]) }),
    /w: expected bytes after those of v/,
  );
  refuses(
    handmade({ __metadata__: { a: 1 }, w: tensor("F32", [6], [0, 24]) }),
    /__metadata__: expected an object of strings/,
  );
});

test("a file that was replaced after it was opened is not read as if it were the old one", () => {
  const path = place.file("replaced.safetensors");
  const write = (size: number): void =>
    writeSafetensors(path, [{ name: "w", shape: [size], data: new Float32Array(size) }]);
  write(4);
  const vector = openSafetensors(path).vector("w", 4);
  write(400);
  throwsWith(() => vector.read(), /the file changed while it was open/);
  assert.ok(existsSync(path));
});

test.run();
