import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { bertSites } from "../../src/model/bert";
import { llamaSites } from "../../src/model/llama";
import {
  formatBytes,
  MEMORY,
  predictMemory,
  requireMemory,
  type MemoryPrecision,
  type ModelShape,
} from "../../src/weights/memory";
import { findModel, missingModel } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("weights/memory");
const place = scratch();
test.after(() => place.remove());

const sevenB: ModelShape = {
  width: 4096,
  sites: llamaSites({ layers: 32, hidden: 4096, intermediate: 11008, heads: 32, kvHeads: 32, headSize: 128 }),
};
const pass = { texts: 8, tokens: 64, points: 2, trainable: 610560 };
const fp32: MemoryPrecision = { kind: "fp32" };
const int8: MemoryPrecision = { kind: "int8" };
const int4: MemoryPrecision = { kind: "int4", block: 32 };

test("the worked sizes: a 2 x 3 matrix is 24 bytes in fp32, 14 in int8, 11 in int4 with one block a row", () => {
  const one: ModelShape = { width: 1, sites: [{ name: "a", inputs: 3, outputs: 2 }] };
  const small = { texts: 1, tokens: 1, points: 1, trainable: 0 };
  assert.is(predictMemory(one, fp32, small).weights, 24 * MEMORY.copies.fp32);
  assert.is(predictMemory(one, int8, small).weights, 14 * MEMORY.copies.int8);
  assert.is(predictMemory(one, int4, small).weights, 11 * MEMORY.copies.int4);
});

test("Llama-2-7B has 6.48 billion values in its layers", () => {
  // 32 (4 * 4096^2 + 3 * 4096 * 11008) = 6,476,005,376
  assert.is(predictMemory(sevenB, fp32, pass).weights / MEMORY.copies.fp32, 4 * 6476005376);
});

test("memory grows with points and texts, falls with precision, and its parts add up", () => {
  const total = (precision: MemoryPrecision, change: Partial<typeof pass> = {}): number => {
    const need = predictMemory(sevenB, precision, { ...pass, ...change });
    assert.is(need.total, need.process + need.weights + need.activations);
    return need.total;
  };
  assert.ok(total(int4) < total(int8) && total(int8) < total(fp32));
  assert.ok(total({ kind: "int4", block: 128 }) < total(int4));
  assert.ok(total(int4, { points: 4 }) > total(int4) && total(int4, { texts: 16 }) > total(int4));
});

test("bytes for people", () => {
  assert.equal([5.1e9, 3.24e9, 640e6, 1].map(formatBytes), ["5.1 GB", "3.2 GB", "640 MB", "1 MB"]);
});

test("what does not fit is refused with its need, what is free, and what would fit", () => {
  const ask = (freeBytes: number, precision: MemoryPrecision = fp32): void =>
    requireMemory({ name: "Llama-2-7B", model: sevenB, precision, pass, freeBytes, alternatives: [int8, int4] });
  ask(Infinity);
  ask(40e9);
  throwsWith(
    () => ask(6e9),
    /^Llama-2-7B: needs about 2\d\.\d GB at fp32, 6\.0 GB free: use int4 \(block 32\) \(about \d\.\d GB\), close what else is open/,
  );
  throwsWith(() => ask(2e9), "use a smaller model, close what else is open, or pass freeBytes: Infinity");
  throwsWith(() => ask(5.3e9, int4), /at int4 \(block 32\), 5\.3 GB free: use fewer texts and points in a pass/);
  throwsWith(() => predictMemory(sevenB, int4, { ...pass, texts: 0 }), "texts: expected a positive integer, got 0");
});

test("a session that would not fit is not opened, and leaves no weight file; the check can be passed over", async () => {
  const { model } = tinyModel("llama");
  const adapter = makeAdapter({ kind: "none" }, model.sites);
  const cacheDirectory = place.file("cache");
  await onnxSession(model, adapter, { cacheDirectory, freeBytes: 1000 }).then(
    () => assert.unreachable("it was opened"),
    ({ message }: Error) => assert.match(message, /^llama of 2 layers: needs about \d+ MB at fp32, 1 MB free: use/),
  );
  assert.is(existsSync(cacheDirectory), false);
  await (await onnxSession(model, adapter, { cacheDirectory, freeBytes: Infinity })).dispose();
});

for (const name of ["minilm", "smollm2"] as const)
  skipUnless(findModel(name) !== null && process.platform === "linux", missingModel(name))(
    test,
    `the prediction for ${name} in fp32 is within 35 % of the peak of resident memory`,
    () => {
      const measured = JSON.parse(
        execFileSync(process.execPath, ["--import", "tsx", "test/support/measured-memory.ts", name, "8", "64", "2"], {
          encoding: "utf8",
        }),
      ) as { readonly peak: number; readonly predicted: number };
      const ratio = measured.predicted / measured.peak;
      assert.ok(ratio > 0.65 && ratio < 1.35, `predicted ${measured.predicted}, measured ${measured.peak}`);
    },
  );

test("base-width encoders are known by their sites as well", () => {
  const sites = bertSites({ layers: 24, hidden: 1024, intermediate: 4096 });
  // 24 (4 * 1024^2 + 2 * 1024 * 4096) = 301,989,888
  assert.is(predictMemory({ width: 1024, sites }, fp32, pass).weights, 4 * 301989888 * MEMORY.copies.fp32);
});

test.run();
