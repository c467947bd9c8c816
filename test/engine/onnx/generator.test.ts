import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Adapter, AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { loadModel } from "../../../src/engine/load-model";
import { nextToken, onnxGenerator } from "../../../src/engine/onnx/generator";
import type { GeneratorOptions, OnnxGenerator } from "../../../src/engine/onnx/generator";
import { onnxSession } from "../../../src/engine/onnx/session";
import { llama } from "../../../src/model/llama";
import type { Model } from "../../../src/model/model";
import { tokenScorer } from "../../../src/model/token-scorer";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { readLlama2c, readLlama2cTokenizer } from "../../support/llama2c";
import { logitsOf } from "../../support/logits";
import { findModel, missingModel, missingModelFolder, modelFolder, modelRoots } from "../../support/models";
import { scratch } from "../../support/scratch";
import { skipUnless } from "../../support/skip";
import { rejectsWith, throwsWith } from "../../support/throws";
import { readJson, tinyModel } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";

const test = suite("engine/onnx/generator");
const folder = scratch();
test.after(() => folder.remove());
const cacheDirectory = folder.file("cache");
const NONE = new Float32Array(0);
const prompt = [3, 17, 42, 8, 29];

/** Every next token from a full forward pass over the whole text: the scores of all tokens of the vocabulary. */
async function stepByStep(
  model: Model,
  adapter: Adapter,
  point: Float32Array,
  prompt: readonly number[],
  most: number,
  options: GeneratorOptions,
): Promise<readonly number[]> {
  const session = await onnxSession(tokenScorer(model), adapter, { threads: 1, cacheDirectory, ...options });
  const all = Array.from({ length: model.vocabulary }, (_, id) => id);
  const ids = [...prompt];
  try {
    while (ids.length < prompt.length + most) {
      const batch = { ids: [ids], scored: [all.map(() => ids.length - 1)], targets: [all] };
      const { data } = await session.features([point], batch);
      ids.push(data.indexOf(Math.max(...data)));
    }
    return ids.slice(prompt.length);
  } finally {
    await session.dispose();
  }
}

const none: AdapterSpec = { kind: "none" };
const lora: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const train: AdapterSpec = {
  kind: "tensor-train",
  placement: "llama",
  rank: 2,
  bottleneck: 8,
  scale: 0.7,
  modes: null,
};
const prefix: AdapterSpec = { kind: "prefix", tokens: 3, deviation: 0.5 };
const side: AdapterSpec = { kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" };
const full: AdapterSpec = { kind: "full", layers: "all" };

const cells: readonly (readonly [TinyModelName, AdapterSpec, GeneratorOptions])[] = [
  ["llama", none, {}],
  ["llama", lora, {}],
  ["llama-tied", none, {}],
  ["llama-tied", train, {}],
  ["llama-tied", train, { tuning: { fused: false } }],
  ["llama-tied", prefix, {}],
  ["llama-tied", side, {}],
  ["llama-tied", full, {}],
  ["llama-tied", lora, { precision: { kind: "int8" } }],
  ["llama-tied", lora, { precision: { kind: "int4", block: 32, zeroPoints: true } }],
  ["llama-tied", lora, { precision: { kind: "int8-activations", weightBits: 7 } }],
  ["llama3", lora, {}],
  ["mistral", lora, {}],
  ["mistral", prefix, {}],
  ["qwen2-window", train, {}],
  ["opt", train, {}],
  ["opt-post-norm", lora, {}],
];

for (const [name, spec, options] of cells)
  test(`${name}, ${spec.kind}${options.precision ? ` ${options.precision.kind}` : ""}${options.tuning?.fused === false ? ", small kernels" : ""}: the tokens are those of full forward passes`, async () => {
    const { model } = tinyModel(name);
    const adapter = makeAdapter(spec, model);
    const noise = normals(randomKey(5, "check"), adapter.layout.size);
    const point = adapter.initial(3).map((x, i) => x + 0.1 * noise[i]!);
    const generator = await onnxGenerator(model, adapter, { threads: 1, cacheDirectory, ...options });
    try {
      const { ids, reason } = await generator.generate(point, prompt, { most: 10 });
      assert.equal(ids, await stepByStep(model, adapter, point, prompt, 10, options));
      assert.is(reason, "limit");
      assert.equal((await generator.generate(point, prompt, { most: 10 })).ids, ids, "the same again");
    } finally {
      await generator.dispose();
    }
  });

async function opened(
  name: TinyModelName,
  use: (generator: OnnxGenerator, model: Model) => Promise<void>,
): Promise<void> {
  const { model } = tinyModel(name);
  const generator = await onnxGenerator(model, makeAdapter(none, model), { threads: 1, cacheDirectory });
  try {
    await use(generator, model);
  } finally {
    await generator.dispose();
  }
}

test("a stop token or string ends the text, a full context too", async () => {
  await opened("llama", async (generator, model) => {
    const { ids: all } = await generator.generate(NONE, prompt, { most: 8 });
    const stop = all.findIndex((id, i) => i > 1 && all.indexOf(id) === i);
    assert.ok(stop > 1, `a third token of its own: ${all.join()}`);
    const stopped = await generator.generate(NONE, prompt, { most: 8, stopTokens: [all[stop]!] });
    assert.equal(stopped, { ids: all.slice(0, stop), reason: "token" });
    // Decoded as numbers, each after a space.
    const tokenizer = { decode: (ids: readonly number[]) => ids.map((id) => ` ${id}`).join("") };
    const stopTexts = { texts: [` ${all[stop - 1]} ${all[stop]}`], tokenizer };
    const ended = await generator.generate(NONE, prompt, { most: 8, stopTexts });
    assert.equal(ended, { ids: all.slice(0, stop + 1), reason: "text" });
    const long = Array.from({ length: model.context - 3 }, (_, t) => (7 * t) % 50);
    const filled = await generator.generate(NONE, long, { most: 8 });
    assert.equal([filled.ids.length, filled.reason], [3, "context"]);
    assert.equal((await generator.generate(NONE, prompt, { most: 8 })).ids, all, "nothing is left of other texts");
  });
});

for (const [name, spec, options] of cells.filter((_, i) => i > 2))
  test(`${name}, ${spec.kind}${options.precision ? ` ${options.precision.kind}` : ""}${options.tuning?.fused === false ? ", small kernels" : ""}: several points and prompts at once write what each writes alone`, async () => {
    const { model } = tinyModel(name);
    const adapter = makeAdapter(spec, model);
    const noise = normals(randomKey(6, "check"), adapter.layout.size);
    const points = [0, 0.1, -0.2].map((by) => adapter.initial(3).map((x, i) => x + by * noise[i]!));
    const prompts = [prompt, [7, 31], [12, 0, 44, 23, 16, 5, 9], [7], [1, 2], [5, 6]];
    const generator = await onnxGenerator(model, adapter, { threads: 1, cacheDirectory, together: 8, ...options });
    try {
      const alone = [];
      for (const point of points) {
        const each = [];
        for (const one of prompts) each.push((await generator.generate(point, one, { most: 6 })).ids);
        alone.push(each);
      }
      const together = await generator.generateAll(points, prompts, { most: 6 });
      assert.equal(
        together.map((row) => row.map(({ ids }) => ids)),
        alone,
      );
    } finally {
      await generator.dispose();
    }
  });

test("texts of one call end on their own: by a token, at the limit, where the context is full", async () => {
  await opened("llama", async (generator, model) => {
    const long = Array.from({ length: model.context - 2 }, (_, t) => (7 * t) % 50);
    const { ids: all } = await generator.generate(NONE, prompt, { most: 5 });
    const limits = { most: 5, stopTokens: [all[1]!] };
    const alone = [];
    for (const one of [prompt, long, [7, 31]]) alone.push(await generator.generate(NONE, one, limits));
    assert.is(alone[0]!.reason, "token");
    assert.equal(await generator.generateAll([NONE], [prompt, long, [7, 31]], limits), [alone]);
    assert.equal(await generator.generateAll([NONE], [], limits), [[]]);
    assert.equal(await generator.generateAll([], [prompt], limits), []);
  });
});

test("drawn tokens follow their numbers: the same at every point, greedy towards temperature 0", async () => {
  await opened("llama", async (generator) => {
    const numbers = Float32Array.from({ length: 6 }, (_, k) => (0.37 * (k + 1)) % 1);
    const draw = async (temperature: number) =>
      (await generator.generateAll([NONE, NONE], [prompt, prompt], { most: 6 }, [
        { temperature, uniforms: numbers },
        { temperature, uniforms: numbers },
      ])) as readonly (readonly { readonly ids: readonly number[] }[])[];
    const [[a, b], [c, d]] = (await draw(1)) as [[Ids, Ids], [Ids, Ids]];
    for (const other of [b, c, d]) assert.equal(other.ids, a.ids);
    const greedy = await generator.generate(NONE, prompt, { most: 6 });
    assert.not.equal(a.ids, greedy.ids);
    assert.equal((await draw(1e-4))[0]![0]!.ids, greedy.ids);
  });
});

type Ids = { readonly ids: readonly number[] };

test("the token that is drawn is where the running sum of the probabilities passes the number", () => {
  const scores = Float32Array.from([0, Math.log(2), 0]);
  const at = (u: number, temperature = 1): number =>
    nextToken(scores, { temperature, uniforms: Float32Array.of(u) }, 0);
  assert.equal(
    [0, 0.24, 0.26, 0.74, 0.76, 1 - 2 ** -24].map((u) => at(u)),
    [0, 0, 1, 1, 2, 2],
  );
  assert.is(at(0, 0), 1);
  assert.is(nextToken(Float32Array.of(1, NaN), null, 0), -1);
  assert.is(
    nextToken(Float32Array.of(-Infinity, 1, -Infinity), { temperature: 1, uniforms: Float32Array.of(0.9) }, 0),
    1,
  );
  throwsWith(
    () => nextToken(scores, { temperature: 1, uniforms: Float32Array.of(0.9) }, 1),
    "drawing.uniforms: expected a number for token 1",
  );
});

test("a point whose scores are no numbers ends as that, and the others go on", async () => {
  const { model } = tinyModel("llama");
  const adapter = makeAdapter(lora, model);
  const generator = await onnxGenerator(model, adapter, { threads: 1, cacheDirectory });
  try {
    const points = [adapter.initial(0), adapter.initial(0).fill(NaN)];
    const [[good], [lost]] = (await generator.generateAll(points, [prompt], { most: 4 })) as [[Written], [Written]];
    assert.equal(good, await generator.generate(points[0]!, prompt, { most: 4 }));
    assert.equal(lost, { ids: [], reason: "not finite" });
    await rejectsWith(generator.generate(points[1]!, prompt, { most: 4 }), "logits: expected numbers, got NaN");
  } finally {
    await generator.dispose();
  }
});

type Written = { readonly ids: readonly number[]; readonly reason: string };

test("texts at the same time do not disturb each other", async () => {
  await opened("qwen2", async (generator) => {
    const prompts = [prompt, [7, 31], [12, 0, 44, 23, 16, 5, 9]];
    const alone = [];
    for (const each of prompts) alone.push(await generator.generate(NONE, each, { most: 6 }));
    const together = await Promise.all(prompts.map((each) => generator.generate(NONE, each, { most: 6 })));
    assert.equal(together, alone);
  });
});

test("each text has the point that it was given, in shared memory too", async () => {
  const { model } = tinyModel("llama-tied");
  const adapter = makeAdapter(full, model);
  const noise = normals(randomKey(5, "check"), adapter.layout.size);
  const points = [0.1, 0.3].map((by) => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * adapter.layout.size));
    shared.set(adapter.initial(0).map((x, i) => x + by * noise[i]!));
    return shared;
  });
  const generator = await onnxGenerator(model, adapter, { threads: 1, cacheDirectory });
  try {
    const alone = [];
    for (const point of points) alone.push((await generator.generate(point, prompt, { most: 6 })).ids);
    assert.not.equal(alone[0], alone[1]);
    const together = await Promise.all(points.map((point) => generator.generate(point, prompt, { most: 6 })));
    assert.equal(
      together.map(({ ids }) => ids),
      alone,
    );
  } finally {
    await generator.dispose();
  }
});

test("a signal ends it between two tokens, and the generator is as before", async () => {
  await opened("llama", async (generator) => {
    const control = new AbortController();
    const tokenizer = {
      decode: (ids: readonly number[]) => {
        if (ids.length === 3) control.abort(new Error("stopped by hand"));
        return "";
      },
    };
    const { signal } = control;
    const stopTexts = { texts: ["never"], tokenizer };
    await rejectsWith(generator.generate(NONE, prompt, { most: 8, stopTexts, signal }), "stopped by hand");
    await rejectsWith(generator.generate(NONE, prompt, { most: 8, signal }), "stopped by hand");
    assert.is((await generator.generate(NONE, prompt, { most: 4 })).ids.length, 4);
  });
});

test("what cannot be continued is refused by name", async () => {
  const { model } = tinyModel("roberta-masked");
  await rejectsWith(
    onnxGenerator(model, makeAdapter(none, model), { cacheDirectory }),
    "generation: expected a causal language model, got",
  );
  await opened("llama", async (generator, { context }) => {
    const long = Array.from({ length: context }, () => 1);
    await rejectsWith(
      generator.generate(NONE, long, { most: 1 }),
      `prompt: expected fewer than ${context} tokens (the model's context), got ${context}`,
    );
    await rejectsWith(generator.generate(NONE, [], { most: 1 }), "batch[0]: expected at least one token");
    await rejectsWith(generator.generate(NONE, [50], { most: 1 }), "batch[0]: expected token ids 0..49, got 50");
    await rejectsWith(generator.generate(NONE, prompt, { most: 0 }), "most: expected a positive integer, got 0");
    await rejectsWith(
      generator.generate(new Float32Array(2), prompt, { most: 1 }),
      "points[0]: expected length 0, got 2",
    );
  });
});

test("it shares its file of weights with a session of the token scorer", async () => {
  const { model } = tinyModel("llama-tied");
  const apart = folder.file("apart");
  const adapter = makeAdapter(lora, model);
  const files = (): readonly string[] => readdirSync(apart).filter((name) => name.endsWith(".weights"));
  await (await onnxGenerator(model, adapter, { threads: 1, cacheDirectory: apart })).dispose();
  assert.is(files().length, 1);
  await (await onnxSession(tokenScorer(model), adapter, { threads: 1, cacheDirectory: apart })).dispose();
  assert.is(files().length, 1);
});

const storiesFolder = modelFolder() ?? "";
const [checkpoint, vocabulary] = [join(storiesFolder, "stories260K.bin"), join(storiesFolder, "tok512.bin")];
const withStories = skipUnless(
  existsSync(checkpoint) && existsSync(vocabulary),
  missingModelFolder("stories260K.bin with tok512.bin"),
);

withStories(test, '"Once upon a time" goes on as an independent forward pass continues it', async () => {
  const expected = readJson("test/fixtures/models/stories.json") as {
    readonly start: number;
    readonly ids: readonly number[];
  };
  const { config, weights } = readLlama2c(checkpoint);
  const model = llama(config, weights);
  const generator = await onnxGenerator(model, makeAdapter(none, model), { threads: 1, cacheDirectory });
  try {
    const start = expected.ids.slice(0, expected.start);
    const { ids } = await generator.generate(NONE, start, { most: expected.ids.length - start.length });
    assert.equal([...start, ...ids], expected.ids);
    assert.match(
      readLlama2cTokenizer(vocabulary).decode(expected.ids.slice(1)),
      /^Once upon a time, there was a little girl/,
    );
  } finally {
    await generator.dispose();
  }
});

const withSmolLm = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));

withSmolLm(
  test,
  "SmolLM2 with an adapter away from its start: tokens as from full forward passes, to the line's end",
  async () => {
    const { model, tokenizer } = loadModel("smollm2", modelRoots());
    const adapter = makeAdapter({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, model);
    const noise = normals(randomKey(5, "check"), adapter.layout.size);
    const point = adapter.initial(3).map((x, i) => x + 0.005 * noise[i]!);
    const start = tokenizer.encode(
      "Context: Oslo is the capital of Norway.\nQuestion: What is the capital of Norway?\nAnswer:",
    );
    const stopTokens = tokenizer.continuation("\n");
    const generator = await onnxGenerator(model, adapter, { threads: 2 });
    const found = await generator.generate(point, start, { most: 12, stopTokens });
    await generator.dispose();
    const session = await onnxSession(model, adapter, { threads: 2 });
    const expected: number[] = [];
    while (expected.length < found.ids.length) {
      const { data } = await session.features([point], { ids: [[...start, ...expected]] });
      const logits = logitsOf(model, data)!;
      expected.push(logits.reduce((best, value, id) => (value > logits[best]! ? id : best), 0));
    }
    await session.dispose();
    assert.equal(found.ids, expected);
    assert.ok(found.ids.length > 0 && !tokenizer.decode(found.ids).includes("\n"), JSON.stringify(found));
    console.log(JSON.stringify(tokenizer.decode(found.ids)), found.reason);
  },
);

test.run();
