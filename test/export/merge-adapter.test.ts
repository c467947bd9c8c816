import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { scaledPoint } from "../../src/adapter/scaled-point";
import { loadModel } from "../../src/engine/load-model";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { mergeAdapter } from "../../src/export/merge-adapter";
import { writeMergedGguf } from "../../src/export/merged-gguf";
import type { MergedGgufType } from "../../src/export/merged-gguf";
import type { Model } from "../../src/model/model";
import { tokenScorer } from "../../src/model/token-scorer";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import type { SavedAdapter } from "../../src/weights/adapter-file";
import { openGguf } from "../../src/weights/gguf";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { loadPeft } from "../../src/weights/peft-folder";
import { openRange } from "../../src/weights/range-file";
import { openSafetensors } from "../../src/weights/safetensors";
import { hasLlama, llamaScores, noLlama } from "../support/llama";
import { logitsOf } from "../support/logits";
import { findModel, missingModel, modelRoots } from "../support/models";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { SENTENCES } from "../support/sentences";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";
import { readJson, tinyModel } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";
import { hasTransformers, judgedByTransformers, noTransformers } from "../support/transformers";

const test = suite("export/merge-adapter");
const place = scratch();
test.after(() => place.remove());

/** What PEFT computes, on transformers, with LoRAs that it saved: test/fixtures/peft/make.py. */
const expected = readJson("test/fixtures/peft/expected.json") as Readonly<
  Record<string, { readonly model: TinyModelName; readonly values: readonly (readonly number[])[] }>
>;
const NONE = new Float32Array(0);
const opened = (name: TinyModelName, at: string) => loadModel(tinyFolder(name, place.file(at)), []);
const featuresOf = (model: Model, batch: ReturnType<typeof tinyModel>["batch"]): readonly number[] => {
  const { data } = referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [NONE], batch);
  return [...(logitsOf(model, data) ?? data)];
};

/** An adapter whose every number is moved by noise. */
function drawn(model: Model, spec: AdapterSpec, by = 0.1): SavedAdapter {
  const { layout, initial } = makeAdapter(spec, model);
  const noise = normals(randomKey(8, "check", 0), layout.size);
  return {
    spec,
    layout,
    point: initial(1).map((value, i) => value + by * noise[i]!),
    modelId: model.id,
    note: "drawn",
  };
}

for (const [name, { model: tiny, values }] of Object.entries(expected))
  test(`${name}: PEFT's LoRA merged into a folder computes what PEFT computes without merging`, async () => {
    const loaded = opened(tiny, `base-${name}`);
    const saved = loadPeft(`test/fixtures/peft/${name}`, loaded.model);
    const { path, tuned, written } = await mergeAdapter(loaded, saved, place.file(`merged-${name}`), {
      score: async ({ model }, adapter, point) => {
        const { data } = referenceFeatures64(model, adapter, [point], tinyModel(tiny).batch);
        return data.reduce((sum, value) => sum + Math.abs(value), 0) / data.length;
      },
    });
    near(featuresOf(loadModel(path, []).model, tinyModel(tiny).batch), values.flat(), 1e-6, name);
    near([written], [tuned], 1e-6);
  });

test("full-parameter training is written with its own bits, a tied head once, and the default score is the same again", async () => {
  for (const name of ["llama-tied", "llama", "opt", "roberta-masked"] as const) {
    const loaded = opened(name, `full-base-${name}`);
    const saved = drawn(loaded.model, { kind: "full", layers: "all" });
    const { path, tuned, written } = await mergeAdapter(
      loaded,
      saved,
      place.file(`full-${name}`),
      name === "opt" || name === "roberta-masked" ? { score: async () => 1 } : {},
    );
    const { batch } = tinyModel(name);
    const adapted = referenceFeatures64(loaded.model, makeAdapter(saved.spec, loaded.model), [saved.point], batch);
    const again = loadModel(path, []).model;
    near(
      referenceFeatures64(again, makeAdapter({ kind: "none" }, again), [NONE], batch).data,
      [...adapted.data],
      1e-12,
    );
    near([written], [tuned], 1e-6, name);
    const weights = openSafetensors(join(path, "model.safetensors"));
    for (const { name: weight, shape, offset, size } of saved.layout.entries) {
      if (weight.endsWith(":]")) continue;
      const stored = shape.length === 1 ? weights.vector(weight, size) : weights.matrix(weight, [shape[0]!, shape[1]!]);
      assert.equal(stored.read(), saved.point.slice(offset, offset + size), weight);
    }
  }
});

const LINEAR = { kind: "linear", rank: "full", scale: 0.5 } as const;
for (const [name, spec] of [
  ["bert", { ...LINEAR, placement: "roberta" }],
  ["bert", { ...LINEAR, placement: "llama", rank: 3 }],
  ["llama", { ...LINEAR, placement: "llama" }],
  ["qwen2", { ...LINEAR, placement: "roberta" }],
  ["opt", { ...LINEAR, placement: "llama" }],
] as const)
  test(`${name}: linear maps in ${spec.placement}'s places, rank ${spec.rank}, go into weights and biases, whole and in part, and ONNX Runtime finds the same`, async () => {
    const loaded = opened(name, `linear-base-${name}-${spec.placement}`);
    const whole = drawn(loaded.model, spec);
    const { batch } = tinyModel(name);
    for (const share of [1, 0.5]) {
      const adapter = makeAdapter(spec, loaded.model);
      const saved = { ...whole, point: scaledPoint(adapter, whole.point, share) };
      const { path, made } = await mergeAdapter(loaded, saved, place.file(`linear-${name}-${spec.placement}-${share}`), { score: async () => 1 }); // prettier-ignore
      assert.match(
        made,
        spec.rank === "full" ? /linear adapters of full rank multiplied/ : /linear adapters of rank 3/,
      );
      const again = loadModel(path, []).model;
      const none = makeAdapter({ kind: "none" }, again);
      const adapted = [...referenceFeatures64(loaded.model, adapter, [saved.point], batch).data];
      const frozen = referenceFeatures64(loaded.model, makeAdapter({ kind: "none" }, loaded.model), [NONE], batch).data;
      assert.ok(
        Math.max(...frozen.map((value, i) => Math.abs(value - adapted[i]!))) > 1e-2,
        "the adapter does something",
      );
      // Each merged number is rounded to float32 once.
      near(referenceFeatures64(again, none, [NONE], batch).data, adapted, 2e-6);
      const session = await onnxSession(again, none, { threads: 1 });
      near((await session.features([NONE], batch)).data, adapted, 1e-5);
      await session.dispose();
    }
    await rejectsWith(
      mergeAdapter(
        opened(name === "llama" ? "llama-tied" : "llama", `other-${name}-${spec.placement}`),
        whole,
        place.file("never"),
      ),
      "this is another base than the one that was tuned",
    );
  });

test("in F16 and BF16 the folder says so, keeps the base's tokenizer, and its scores are near", async () => {
  const loaded = opened("llama-tied", "types-base");
  const saved = drawn(loaded.model, { kind: "lora", rank: 2, alpha: 4, targets: ["query", "down"] });
  for (const [type, dtype, tolerance] of [
    ["F16", "float16", 2e-3],
    ["BF16", "bfloat16", 2e-2],
  ] as const) {
    const { path, made, tuned, written } = await mergeAdapter(loaded, saved, place.file(type), { type });
    const config = readJson(join(path, "config.json")) as Readonly<Record<string, unknown>>;
    assert.equal([config["dtype"], config["torch_dtype"], config["model_type"]], [dtype, dtype, "llama"]);
    assert.equal(readdirSync(path).sort(), ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]); // prettier-ignore
    assert.equal(readFileSync(join(path, "tokenizer.json")), readFileSync(join(place.file("types-base"), "tokenizer.json"))); // prettier-ignore
    assert.ok(Math.abs(written - tuned) < tolerance * tuned, `${type}: ${tuned} and ${written}`);
    assert.not.equal(written, tuned);
    assert.is(made, `types-base, a LoRA of rank 2 added, alpha 4; written as ${type}`);
  }
});

const TINY_GGUF = "test/fixtures/weights/tiny-llama.gguf";
const FORM = { architecture: "llama", interleaved: 16 } as const;

test("a GGUF file keeps metadata, order and, quantized, the bytes of what was not tuned; tuned rows are where they were", () => {
  const base = openGguf(TINY_GGUF);
  const query = "model.layers.0.self_attn.q_proj.weight";
  const changes = new Map([[query, (frozen: Float32Array) => frozen.map((value, i) => value + i / 1000)]]);
  const before = readGgufHeader(openRange(TINY_GGUF));
  for (const type of ["F32", "F16", "Q8_0", "Q4_1"] as const satisfies readonly MergedGgufType[]) {
    const path = place.file(`tiny-${type}.gguf`);
    writeMergedGguf(path, TINY_GGUF, changes, FORM, type, { made: "by a test" });
    const { metadata, tensors } = readGgufHeader(openRange(path));
    for (const [key, value] of before.metadata)
      if (key !== "general.file_type" && key !== "general.quantization_version")
        assert.equal(metadata.get(key), value, key);
    assert.is(metadata.get("adazeta.made"), "by a test");
    assert.equal(
      tensors.map(({ name }) => name),
      before.tensors.map(({ name }) => name),
    );
    const merged = openGguf(path);
    const shape = [64, 64] as const;
    const wanted = changes.get(query)!(base.matrix(query, shape).read());
    const got = merged.matrix(query, shape).read();
    // A Q4_1 step of a row that spans some units.
    const tolerance = { F32: 0, F16: 2e-3, Q8_0: 0.04, Q4_1: 0.3 }[type];
    got.forEach((value, i) =>
      assert.ok(Math.abs(value - wanted[i]!) <= tolerance, `${type} ${i}: ${value}, ${wanted[i]}`),
    );
    for (const { name, type: stored, shape: axes } of tensors) {
      if (axes.length === 1) assert.is(stored.name, "F32", name);
      else if (name === "blk.0.attn_q.weight" || type === "F32" || type === "F16") assert.is(stored.name, type, name);
      else assert.is(stored.name, before.tensors.find((other) => other.name === name)!.type.name, name);
    }
    if (type !== "F16") {
      const up = "model.layers.0.mlp.up_proj.weight";
      assert.equal(merged.matrix(up, [96, 64]).read(), base.matrix(up, [96, 64]).read());
    }
  }
});

test("what cannot be merged is refused with the reason, and nothing is left under the name", async () => {
  const loaded = opened("llama-tied", "refused-base");
  const { model } = loaded;
  const saved = drawn(model, { kind: "lora", rank: 2, alpha: 4, targets: ["query"] });
  const parent = place.file("refused");
  mkdirSync(parent);
  const path = join(parent, "mine");
  const refused = (change: Partial<SavedAdapter>, expectedText: string): Promise<void> =>
    rejectsWith(mergeAdapter(loaded, { ...saved, ...change }, path), expectedText);
  await refused(
    { spec: { kind: "tensor-train", rank: 2, bottleneck: 4, scale: 1, modes: null, placement: "llama" } },
    'adapter: expected a LoRA, a linear adapter or full-parameter training (a tensor train has a ReLU between its halves: no change of the model\'s matrices computes it; saveAdapter keeps it, saveRunAsOnnx writes its classifier), got "tensor-train"',
  );
  await refused({ spec: { kind: "prefix", tokens: 2 } }, "a prefix is keys and values in front of a text");
  const side = { kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" } as const;
  await refused({ spec: side }, "a side network computes what the last layer takes");
  await refused({ spec: { kind: "none" } }, "without an adapter nothing was tuned");
  await refused({ modelId: "another" }, "this is another base than the one that was tuned");
  const infinite = saved.point.slice();
  infinite[3] = Infinity;
  await refused({ point: infinite }, "a finite number (did the run diverge?)");
  await rejectsWith(mergeAdapter({ ...loaded, files: undefined! }, saved, path), "model: expected one that was opened from files"); // prettier-ignore
  await rejectsWith(mergeAdapter(loaded, saved, path, { type: "Q8_0" }), "type: expected one of F32, F16, BF16 for such a file"); // prettier-ignore
  await rejectsWith(
    mergeAdapter(loaded, saved, join(parent, "mine.gguf")),
    "a GGUF file is written where the base is one",
  );
  const large = { ...saved, point: saved.point.map((value) => value * 1e5) };
  await rejectsWith(mergeAdapter(loaded, large, path, { type: "F16" }), "a number of at most 65504 for F16");
  assert.equal(readdirSync(parent), []);
  const base = place.file("refused-base");
  await rejectsWith(mergeAdapter(loaded, saved, base), "expected a name that is free");
  await rejectsWith(
    mergeAdapter(loaded, saved, base, { replace: true }),
    "path: expected another name than the base's own",
  );
  const own = drawn(model, { kind: "full", layers: "all" });
  await rejectsWith(mergeAdapter(loaded, { ...own, modelId: "another" }, path), "this is another base");
});

const withTransformers = skipUnless(hasTransformers, noTransformers);
const files = findModel("smollm2");
const withBoth = skipUnless(hasLlama && files !== null, hasLlama ? missingModel("smollm2") : noLlama);

/** log p of each token but the first, in float64 on the adapted model. */
function scores64(model: Model, saved: SavedAdapter, texts: readonly (readonly number[])[]): readonly number[] {
  const scorer = tokenScorer(model);
  const batch = { ids: texts, scored: texts.map((ids) => ids.slice(1).map((_, i) => i)), targets: texts.map((ids) => ids.slice(1)) }; // prettier-ignore
  return [...referenceFeatures64(scorer, makeAdapter(saved.spec, scorer), [saved.point], batch).data];
}

withTransformers(
  test,
  "transformers opens tiny folders in every type, misses nothing, and computes what is computed here",
  async () => {
    const texts = [[3, 1, 4, 1, 5, 9], [2, 7, 18, 28]]; // prettier-ignore
    const types = { F32: ["float32", 1e-6], F16: ["float16", 1e-2], BF16: ["bfloat16", 1e-1] } as const;
    const specs = [
      { kind: "lora", rank: 2, alpha: 4, targets: ["query", "down"] },
      { kind: "full", layers: "all" },
    ] as const;
    const cases = [];
    for (const name of ["llama-tied", "llama-biases", "qwen2", "opt"] as const) {
      const loaded = opened(name, `judged-base-${name}`);
      for (const type of ["F32", "F16", "BF16"] as const)
        for (const spec of specs) {
          const saved = drawn(loaded.model, spec);
          const score = async (): Promise<number> => 1;
          const { path } = await mergeAdapter(loaded, saved, place.file(`judged-${name}-${type}-${spec.kind}`), { type, score }); // prettier-ignore
          cases.push({ path, loaded, saved, type, what: `${name} ${type} ${spec.kind}` });
        }
    }
    const words = ["the cat", "GNU"];
    const found = judgedByTransformers(
      cases.map(({ path }) => path),
      texts,
      words,
    );
    assert.is(found.length, 24);
    cases.forEach(({ loaded, saved, type, what }, i) => {
      const { missing, unexpected, type: stored, scores, tokens, chat } = found[i]!;
      assert.equal([missing, unexpected], [[], []], what);
      assert.is(stored, `torch.${types[type][0]}`);
      near(scores.flat(), scores64(loaded.model, saved, texts), types[type][1], what);
      assert.equal(tokens, words.map((text) => loaded.tokenizer.encode(text))); // prettier-ignore
      assert.is(chat, "hello");
    });
  },
);

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/**
 * Measured: mean -log p 4.73066 with the adapter and merged in F32, 4.73796 in Q8_0, 4.76575 in Q4_1; llama.cpp on the F32 file within 4e-5 nats, on
 * the Q8_0 file, where it rounds inputs to 8 bits, the middle difference is 0.053 nats.
 */
withBoth(test, "SmolLM2 merged: llama.cpp computes with the file what is computed here with the adapter", async () => {
  const loaded = loadModel("smollm2", modelRoots());
  const saved = drawn(
    loaded.model,
    { kind: "lora", rank: 4, alpha: 8, targets: ["query", "key", "value", "up"] },
    0.05,
  );
  const { path, made, tuned, written } = await mergeAdapter(loaded, saved, place.file("smollm2-f32.gguf"));
  assert.ok(Math.abs(tuned - written) < 1e-4, `${tuned} and ${written}`);
  assert.match(made, /Q4_1.*decoded to fp32: that is what was tuned/);
  const texts = SENTENCES.slice(0, 3).map((text) => loaded.tokenizer.encode(text));
  const theirs = llamaScores(path, [null], texts)[0]!.flat();
  const again = loadModel(path, []).model;
  const scorer = tokenScorer(loaded.model);
  const session = await onnxSession(scorer, makeAdapter(saved.spec, scorer), { threads: 2 });
  const batch = { ids: texts, scored: texts.map((ids) => ids.slice(1).map((_, i) => i)), targets: texts.map((ids) => ids.slice(1)) }; // prettier-ignore
  const { data } = await session.features([saved.point], batch);
  await session.dispose();
  const most = Math.max(...theirs.map((value, i) => Math.abs(value - data[i]!)));
  assert.ok(most < 5e-4, `${most}`);
  assert.is.not(again.id, loaded.model.id);
  const q8 = await mergeAdapter(loaded, saved, place.file("smollm2-q8.gguf"), { type: "Q8_0" });
  const rounded = llamaScores(q8.path, [null], texts)[0]!
    .flat()
    .map((value, i) => Math.abs(value - data[i]!));
  assert.ok(median(rounded) < 0.1 && Math.abs(q8.written - q8.tuned) < 0.03, `${median(rounded)}, ${q8.written}`);
  const q4 = await mergeAdapter(loaded, saved, place.file("smollm2-q4.gguf"), { type: "Q4_1" });
  assert.match(q4.made, /changed matrices quantized again to Q4_1, the others as they were$/);
  assert.ok(Math.abs(q4.written - q4.tuned) < 0.1);
});

const withSmol = skipUnless(
  hasTransformers && files !== null,
  hasTransformers ? missingModel("smollm2") : noTransformers,
);
withSmol(
  test,
  "SmolLM2's GGUF file merged into a folder: transformers has its scores, token ids and chat template",
  async () => {
    const loaded = loadModel("smollm2", modelRoots());
    const saved = drawn(loaded.model, { kind: "lora", rank: 4, alpha: 8, targets: ["query", "key", "down"] }, 0.05);
    const { path, tuned, written } = await mergeAdapter(loaded, saved, place.file("smollm2"), { type: "F16" });
    assert.ok(Math.abs(tuned - written) < 1e-3, `${tuned} and ${written}`);
    const texts = [...SENTENCES.slice(0, 3), "It's 1932, isn't it?\n\n  caf\u00e9 <|im_end|>"];
    const ids = texts.map((text) => loaded.tokenizer.encode(text));
    const found = judgedByTransformers([path], ids.slice(0, 2), texts)[0]!;
    assert.equal([found.missing, found.unexpected, found.type], [[], [], "torch.float16"]);
    assert.equal(found.tokens, ids);
    assert.match(found.chat!, /<\|im_start\|>user\nhello<\|im_end\|>\n/);
    const scorer = tokenScorer(loadModel(path, []).model);
    const session = await onnxSession(scorer, makeAdapter({ kind: "none" }, scorer), { threads: 2 });
    const batch = { ids: ids.slice(0, 2), scored: ids.slice(0, 2).map((text) => text.slice(1).map((_, i) => i)), targets: ids.slice(0, 2).map((text) => text.slice(1)) }; // prettier-ignore
    const { data } = await session.features([NONE], batch);
    await session.dispose();
    found.scores.flat().forEach((value, i) => assert.ok(Math.abs(value - data[i]!) < 1e-3, `${value}, ${data[i]}`));
  },
);

test.run();
