import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec, LoraSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { onnxSession } from "../../src/engine/onnx/session";
import type { TokenBatch } from "../../src/engine/session";
import { tokenScorer } from "../../src/model/token-scorer";
import type { Model } from "../../src/model/model";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import type { SavedAdapter } from "../../src/weights/adapter-file";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { writeMergedGguf } from "../../src/export/merged-gguf";
import { saveGgufLora } from "../../src/weights/gguf-lora";
import { loadGgufLora } from "../../src/weights/read-gguf-lora";
import { halfBits } from "../../src/weights/half";
import { openRange } from "../../src/weights/range-file";
import { readTensor } from "../../src/weights/tensor-file";
import { hasLlama, llamaScores, noLlama } from "../support/llama";
import { findModel, missingModel, modelRoots } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { SENTENCES } from "../support/sentences";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("weights/gguf-lora");
const place = scratch();
test.after(() => place.remove());

const TARGETS = ["query", "key", "value", "output", "gate", "up", "down"] as const;

/** A LoRA of which every number is drawn. */
function drawn(model: Model, change: Partial<LoraSpec> = {}): SavedAdapter & { readonly spec: LoraSpec } {
  const spec: LoraSpec = { kind: "lora", rank: 2, alpha: 6, targets: TARGETS, ...change };
  const { layout } = makeAdapter(spec, model);
  const point = normals(randomKey(4, "check", 0), layout.size);
  return { spec, layout, point, modelId: model.id, note: "drawn" };
}

/** What a file holds: metadata and each tensor in fp32. */
function written(path: string) {
  const file = openRange(path);
  const { metadata, tensors } = readGgufHeader(file);
  const values = tensors.map((tensor) => ({
    name: tensor.name,
    type: tensor.type.name,
    shape: tensor.shape,
    data: readTensor(file, { ...tensor, typeName: tensor.type.name }),
  }));
  return { metadata, tensors: new Map(values.map((tensor) => [tensor.name, tensor])) };
}

test("for each site the two matrices stand under the base tensor's name, as [rank, inputs] and [outputs, rank]", () => {
  const { model } = tinyModel("llama-tied");
  const saved = drawn(model);
  const { metadata, tensors } = written(saveGgufLora(place.file("all.gguf"), saved, model));
  assert.equal(
    ["general.architecture", "general.type", "adapter.type", "adapter.lora.alpha", "general.description"].map((key) =>
      metadata.get(key),
    ),
    ["llama", "adapter", "lora", 6, "drawn"],
  );
  const parts = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
  assert.equal(
    [...tensors.keys()],
    [0, 1, 2].flatMap((i) => parts.flatMap((part) => ["a", "b"].map((end) => `blk.${i}.${part}.weight.lora_${end}`))),
  );
  // 4 query heads of 16 for 2 of keys and values, hidden 24, inner width 36.
  const shapes = { attn_q: [24, 64], attn_k: [24, 32], attn_v: [24, 32], attn_output: [64, 24], ffn_down: [36, 24] };
  for (const [part, [inputs, outputs]] of Object.entries(shapes)) {
    assert.equal(tensors.get(`blk.1.${part}.weight.lora_a`)!.shape, [2, inputs], part);
    assert.equal(tensors.get(`blk.1.${part}.weight.lora_b`)!.shape, [outputs, 2], part);
  }
});

test("what was written is read back with its bits, rows of query and key in their own order; of another model it is refused", () => {
  for (const name of ["llama", "llama-tied", "qwen2"] as const) {
    const { model } = tinyModel(name);
    for (const change of [{}, { targets: ["key"] }, { targets: ["layers.1.attention.query"] }]) {
      const saved = drawn(model, change);
      const path = saveGgufLora(place.file(`back-${name}.gguf`), saved, model, { replace: true });
      const { point, spec, layout, note } = loadGgufLora(path, model);
      assert.equal([point, spec.rank, spec.alpha, note], [saved.point, 2, 6, "drawn"]);
      assert.equal(layout, saved.layout);
    }
  }
  const path = place.file("back-llama.gguf");
  throwsWith(() => loadGgufLora(path, tinyModel("qwen2").model), "this is another base than the one that was tuned");
  throwsWith(
    () => loadGgufLora("test/fixtures/weights/tiny-llama.gguf", tinyModel("llama").model),
    "expected adapter, lora",
  );
});

test("rows of query and key are interleaved head by head, all others stay: 0 8 1 9 ... of a head of 16", () => {
  const { model } = tinyModel("llama-tied");
  const saved = drawn(model);
  const { tensors } = written(saveGgufLora(place.file("rows.gguf"), saved, model));
  const place16 = (row: number): number => 16 * Math.floor(row / 16) + 8 * (row % 2) + Math.floor((row % 16) / 2);
  for (const [site, part, order] of [
    ["attention.query", "attn_q", place16],
    ["attention.key", "attn_k", place16],
    ["attention.value", "attn_v", (row: number) => row],
    ["mlp.down", "ffn_down", (row: number) => row],
  ] as const) {
    const entry = saved.layout.entries.find(({ name }) => name === `layers.2.${site}.B`)!;
    const [rank, outputs] = entry.shape as [number, number];
    const ours = saved.point.subarray(entry.offset, entry.offset + entry.size);
    const { data } = tensors.get(`blk.2.${part}.weight.lora_b`)!;
    for (let row = 0; row < outputs; row++)
      for (let k = 0; k < rank; k++) assert.is(data[row * rank + k], ours[k * outputs + order(row)], `${site} ${row}`);
  }
});

test("a Qwen2's rows stay as they are, and its file says so", () => {
  const { model } = tinyModel("qwen2");
  const saved = drawn(model, { targets: ["query"] });
  const { metadata, tensors } = written(saveGgufLora(place.file("qwen2.gguf"), saved, model));
  assert.is(metadata.get("general.architecture"), "qwen2");
  const { offset, size, shape } = saved.layout.entries.find(({ name }) => name === "layers.0.attention.query.B")!;
  const ours = saved.point.subarray(offset, offset + size);
  const outputs = shape[1]!;
  const { data } = tensors.get("blk.0.attn_q.weight.lora_b")!;
  assert.equal(
    data,
    Float32Array.from(data, (_, i) => ours[(i % 2) * outputs + Math.floor(i / 2)]!),
  );
});

test("only the chosen layers are written; F16 holds each number's nearest half", () => {
  const { model } = tinyModel("llama-tied");
  const saved = drawn(model, { targets: ["value"], layers: [1] });
  const full = written(saveGgufLora(place.file("full.gguf"), saved, model));
  const half = written(saveGgufLora(place.file("half.gguf"), saved, model, { type: "F16" }));
  assert.equal([...half.tensors.keys()], ["blk.1.attn_v.weight.lora_a", "blk.1.attn_v.weight.lora_b"]);
  for (const [name, { type, data }] of half.tensors) {
    assert.is(type, "F16");
    assert.equal([...data].map(halfBits), [...full.tensors.get(name)!.data].map(halfBits), name);
    assert.equal(data, Float32Array.from(data), name);
  }
});

test("what is no LoRA is refused with the reason, and so is another base, another architecture, a taken name", () => {
  const { model } = tinyModel("llama-tied");
  const saved = drawn(model);
  const path = place.file(join("none", "none.gguf"));
  mkdirSync(dirname(path));
  const other = (spec: SavedAdapter["spec"]) => () => saveGgufLora(path, { ...saved, spec }, model);
  throwsWith(
    other({ kind: "tensor-train", rank: 2, bottleneck: 4, scale: 1, modes: null, placement: "llama" }),
    'adapter: expected a LoRA, the one kind that llama.cpp has too (a tensor train has a ReLU between its halves, so no pair of matrices computes it; saveAdapter keeps it, saveRunAsOnnx writes its classifier), got "tensor-train"',
  );
  throwsWith(
    other({ kind: "bottleneck", bottleneck: 4, activation: "relu", scale: 1, placement: "llama" }),
    "a bottleneck has an activation between its halves",
  );
  throwsWith(other({ kind: "prefix", tokens: 2 }), "a prefix is keys and values in front of a text");
  const side = { kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" } as const;
  throwsWith(other(side), "a side network computes what the last layer takes, beside the model's matrices");
  throwsWith(other({ kind: "full", layers: "all" }), "mergeAdapter writes them as a model");
  throwsWith(other({ kind: "none" }), "without an adapter there is nothing to write");
  throwsWith(other({ ...saved.spec, head: [5] }), "adapter: expected a LoRA alone, without a trained head");
  throwsWith(
    () => saveGgufLora(path, { ...saved, modelId: "llama of yesterday" }, model),
    "model: expected llama of yesterday, got llama {",
  );
  throwsWith(() => saveGgufLora(path, saved, tinyModel("llama-biases").model), "this is another base than the one");
  const opt = tinyModel("opt").model;
  throwsWith(
    () => saveGgufLora(path, drawn(opt, { targets: ["query"] }), opt),
    'model: expected a Llama, Mistral or Qwen2, whose GGUF files are known here, got "opt"',
  );
  const large = { ...saved, point: saved.point.map((value, i) => (i === 5 ? 70000 : value)) };
  throwsWith(() => saveGgufLora(path, large, model, { type: "F16" }), "a number of at most 65504 for F16");
  const lost = { ...saved, point: saved.point.map((value, i) => (i === 5 ? NaN : value)) };
  throwsWith(() => saveGgufLora(path, lost, model), "a finite number (did the run diverge?)");
  throwsWith(() => saveGgufLora(path, saved, model, { type: "Q8_0" as "F16" }), 'type: expected "F32" or "F16"');
  assert.equal(readdirSync(dirname(path)), []);

  saveGgufLora(path, saved, model);
  const before = readFileSync(path);
  throwsWith(() => saveGgufLora(path, large, model), "expected a name that is free");
  throwsWith(() => saveGgufLora(path, large, model, { type: "F16", replace: true }), "at most 65504");
  assert.equal(readFileSync(path), before);
  saveGgufLora(path, large, model, { replace: true });
  assert.not.equal(readFileSync(path), before);
  throwsWith(() => saveGgufLora(join(path, "inside.gguf"), saved, model), "expected to write it");
  assert.ok(existsSync(path));
});

const files = findModel("smollm2");
const withLlama = skipUnless(hasLlama && files?.kind === "gguf", hasLlama ? missingModel("smollm2") : noLlama);

const SPEC = { kind: "lora", rank: 8, alpha: 16, targets: TARGETS } as const;

/** SmolLM2 with LoRAs whose B is drawn, at all targets and at each alone, as points of one adapter and as files of their own. */
function judged(count: number) {
  const { model, tokenizer } = loadModel("smollm2", modelRoots());
  const texts = SENTENCES.slice(0, count).map((text) => tokenizer.encode(text));
  const adapter = makeAdapter(SPEC, model);
  const start = adapter.initial(3);
  const noise = normals(randomKey(3, "check", 0), adapter.layout.size);
  /** @param form how the file is told to hold rows; another one than the model's writes a wrong file */
  const caseOf = (targets: readonly string[], deviation: number, form = model.gguf) => {
    const spec = { ...SPEC, targets };
    const { layout } = makeAdapter(spec, model);
    const own = new Float32Array(layout.size);
    const point = start.slice();
    for (const { name, offset, size } of adapter.layout.entries) {
      const at = layout.entries.find((entry) => entry.name === name)?.offset;
      const part = point.subarray(offset, offset + size);
      if (name.endsWith(".B"))
        part.set(noise.subarray(offset, offset + size).map((value) => (at === undefined ? 0 : deviation * value)));
      if (at !== undefined) own.set(part, at);
    }
    const saved: SavedAdapter = { spec, layout, point: own, modelId: model.id, note: targets.join() };
    const path = place.file(`${targets.join("-")}-${form?.interleaved}.gguf`);
    saveGgufLora(path, saved, { ...model, gguf: form! }, { replace: true });
    return { targets, point, path };
  };
  const wrongForm = { architecture: "llama", interleaved: null } as const;
  const scorer = tokenScorer(model);
  const batch = {
    ids: texts,
    scored: texts.map((ids) => ids.slice(1).map((_, i) => i)),
    targets: texts.map((ids) => ids.slice(1)),
  };
  /** What is computed here at each point, on the decoded weights in fp32. */
  const ours = async (points: readonly Float32Array[]): Promise<readonly Float32Array[]> => {
    const session = await onnxSession(scorer, makeAdapter(SPEC, scorer), { threads: 2 });
    try {
      const found: Float32Array[] = [];
      for (const point of points) found.push((await session.features([point], batch)).data.slice());
      return found;
    } finally {
      await session.dispose();
    }
  };
  return { model, texts, batch, none: new Float32Array(adapter.layout.size), caseOf, wrongForm, ours };
}

/** The adapters that are a LoRA written in another way, in two layers. */
const LINEAR: readonly AdapterSpec[] = [
  { kind: "lora-xs", rank: 8, alpha: 16, targets: ["query", "down"], layers: [0, 1] },
  { kind: "tt-lora", rank: 8, alpha: 16, trainRank: 4, targets: ["query", "down"], layers: [0, 1] },
  { kind: "tt-core", rank: 4, inner: 2, alpha: 16, targets: ["query", "down"], layers: [0, 1] },
];

/** Such an adapter moved by noise, as a file, and what is computed here with it as it was tuned. */
async function otherKind(spec: AdapterSpec, model: Model, batch: TokenBatch) {
  const { layout, initial } = makeAdapter(spec, model);
  const noise = normals(randomKey(4, "check", 0), layout.size);
  const point = initial(3).map((value, i) => value + 0.1 * noise[i]!);
  const path = place.file(`${spec.kind}.gguf`);
  saveGgufLora(path, { spec, layout, point, modelId: model.id, note: spec.kind }, model);
  const scorer = tokenScorer(model);
  const session = await onnxSession(scorer, makeAdapter(spec, scorer), { threads: 2 });
  try {
    return { what: spec.kind, path, ours: (await session.features([point], batch)).data.slice() };
  } finally {
    await session.dispose();
  }
}

/** How far apart two lists of log-probabilities are, in nats: the middle difference, the ninth of ten, the largest. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>) {
  assert.is(a.length, b.length);
  const sorted = Float64Array.from(a, (value, i) => Math.abs(value - b[i]!)).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { middle: at(0.5), ninth: at(0.9), most: at(1) };
}

/**
 * llama.cpp multiplies Q4_1 blocks by inputs that it rounds to 8 bits; here the decoded blocks are multiplied by fp32 inputs. That alone moves a
 * log-probability of the frozen model by 0.058 nats in the middle and 0.21 in nine of ten cases of these texts, and by 7.9 in one, of a
 * token that neither gives one chance in 2000. With the adapter (which moves it by 0.31 and 0.96) it is 0.053 and 0.17; it must be no
 * more than the frozen model's and a half.
 */
withLlama(test, "llama.cpp computes with the file what is computed here, on the Q4_1 base, for 20 texts", async () => {
  const { texts, none, caseOf, ours } = judged(20);
  const { point, path } = caseOf(TARGETS, 0.06);
  const [frozen, tuned] = await ours([none, point]);
  const [without, with_] = llamaScores(files!.weights, [null, path], texts).map((scores) => scores.flat());
  const [noise, agreement] = [apart(without!, frozen!), apart(with_!, tuned!)];
  assert.ok(noise.middle < 0.1 && noise.ninth < 0.35, `the frozen model: ${JSON.stringify(noise)}`);
  assert.ok(
    agreement.middle < 1.5 * noise.middle && agreement.ninth < 1.5 * noise.ninth,
    JSON.stringify({ noise, agreement }),
  );
  assert.ok(apart(tuned!, frozen!).middle > 2 * agreement.middle, "the adapter is seen above that");
});

/** Measured: the largest difference is 1.3e-4 nats (of LoRA-XS 2.0e-4, of tensor trains 9.1e-5, of a core of them 9.3e-5), with no adapter 8.5e-5; rows in the other order move it by 0.7 (key) and 2.4 (query). */
withLlama(
  test,
  "on the decoded base in F32 they agree to rounding, at every target, and wrong rows are seen",
  async () => {
    const { model, texts, batch, none, caseOf, wrongForm, ours } = judged(3);
    const base = place.file("base-f32.gguf");
    writeMergedGguf(base, files!.weights, new Map(), model.gguf!, "F32", {});
    const cases = [caseOf(TARGETS, 0.06), ...TARGETS.map((target) => caseOf([target], 0.2))];
    const wrong = ["query", "key"].map((target) => caseOf([target], 0.2, wrongForm));
    const [frozen, ...tuned] = await ours([none, ...cases.map(({ point }) => point)]);
    const others: Awaited<ReturnType<typeof otherKind>>[] = [];
    for (const spec of LINEAR) others.push(await otherKind(spec, model, batch));
    const paths = [...cases, ...wrong, ...others].map(({ path }) => path);
    const [without, ...theirs] = llamaScores(base, [null, ...paths], texts).map((scores) => scores.flat());
    const TOLERANCE = 5e-4;
    assert.ok(apart(without!, frozen!).most < TOLERANCE);
    others.forEach(({ ours: here, what }, i) => {
      const { most } = apart(theirs[cases.length + wrong.length + i]!, here);
      assert.ok(most < TOLERANCE, `${what}: ${most}`);
      assert.ok(apart(here, frozen!).most > 0.02, `${what} moves nothing`);
    });
    cases.forEach(({ targets }, i) => {
      const { most } = apart(theirs[i]!, tuned[i]!);
      assert.ok(most < TOLERANCE, `${targets.join()}: ${most}`);
      assert.ok(apart(tuned[i]!, frozen!).most > 0.2, `${targets.join()} moves nothing`);
    });
    // Query and key are the second and third case.
    wrong.forEach((_, i) => assert.ok(apart(theirs[cases.length + i]!, tuned[1 + i]!).most > 0.1));
  },
);

test.run();
