import { gguf } from "@huggingface/gguf";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { openRange } from "../../src/weights/range-file";
import { findModel, missingModel } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("weights/gguf-header");
const place = scratch();
test.after(() => place.remove());

const smollm2 = findModel("smollm2");

/** Asserts that the header is what @huggingface/gguf reads: every metadata value, every tensor's name, shape, type and place. */
async function agrees(path: string): Promise<void> {
  const { metadata, tensors, dataStart } = readGgufHeader(openRange(path));
  const judge = await gguf(path, { allowLocalFile: true });
  assert.is(dataStart, Number(judge.tensorDataOffset));
  const counts = new Set(["version", "tensor_count", "kv_count"]);
  const values = Object.entries(judge.metadata).filter(([key]) => !counts.has(key));
  assert.equal(
    [...metadata.keys()],
    values.map(([key]) => key),
  );
  for (const [key, value] of values) assert.equal(plain(metadata.get(key)), plain(value), key);
  assert.equal(
    tensors.map(({ name, shape, offset }) => ({ name, shape, offset })),
    judge.tensorInfos.map(({ name, shape, offset }) => ({
      name,
      shape: shape.map(Number).reverse(),
      offset: dataStart + Number(offset),
    })),
  );
}

/** 64-bit numbers are bigints there always, here beyond 2^53. A byte-order mark at the start of a text is dropped there. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" ? value.replace(/^\ufeff/, "") : value;
}

test("headers are read as @huggingface/gguf reads them", async () => {
  await agrees("test/fixtures/weights/tiny-llama.gguf");
  await agrees("test/fixtures/weights/blocks-llama.gguf");
});

skipUnless(smollm2?.kind === "gguf", missingModel("smollm2"))(test, "so is a real file's header", async () => {
  await agrees(smollm2!.weights);
});

test("a header that was cut off is refused; there it reads as one with nameless tensors, which is why it is not the reader", async () => {
  const whole = readFileSync("test/fixtures/weights/tiny-llama.gguf");
  const path = place.file("cut.gguf", whole.subarray(0, 700));
  throwsWith(
    () => readGgufHeader(openRange(path)),
    /(number|length) of .*: expected at most \d+, what the rest of the file holds/,
  );
  const { tensorInfos } = await gguf(path, { allowLocalFile: true });
  assert.is(tensorInfos.length, 12);
  assert.ok(tensorInfos.filter(({ name }) => name === "").length > 6);
});

test.run();
