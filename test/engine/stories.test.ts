import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import { llama } from "../../src/model/llama";
import { readLlama2c, readLlama2cTokenizer } from "../support/llama2c";
import { missingModelFolder, modelFolder } from "../support/models";
import { skipUnless } from "../support/skip";

const test = suite("engine/stories");
const folder = modelFolder() ?? "";
const [checkpoint, vocabulary] = [join(folder, "stories260K.bin"), join(folder, "tok512.bin")];
const withStories = skipUnless(
  existsSync(checkpoint) && existsSync(vocabulary),
  missingModelFolder("stories260K.bin with tok512.bin"),
);

interface Expected {
  readonly prompt: string;
  /** Tokens of the prompt. */
  readonly start: number;
  readonly ids: readonly number[];
  readonly text: string;
  /** At the prompt's last token. */
  readonly features: readonly number[];
}
const expected = JSON.parse(readFileSync("test/fixtures/models/stories.json", "utf8")) as Expected;

const open = () => {
  const { config, weights } = readLlama2c(checkpoint);
  const model = llama(config, weights);
  return { config, model, none: makeAdapter({ kind: "none" }, model.sites) };
};
/** Largest difference, relative to the largest expected value. */
const distance = (got: ArrayLike<number>, want: readonly number[]): number => {
  const largest = Math.max(...want.map(Math.abs));
  return Math.max(...want.map((value, i) => Math.abs(value - got[i]!))) / largest;
};

withStories(test, "the tokenizer gives the ids that joining by score gives, and reads them back", () => {
  const tokenizer = readLlama2cTokenizer(vocabulary);
  assert.equal(tokenizer.encode(expected.prompt), expected.ids.slice(0, expected.start));
  assert.is(tokenizer.decode(expected.ids.slice(1)), expected.text);
  assert.equal(tokenizer.encode(expected.text), expected.ids);
});

withStories(test, "reference and ONNX engines give the features of an independent forward pass", async () => {
  const { model, none } = open();
  const prompt = expected.ids.slice(0, expected.start);
  const batch = { ids: [prompt, expected.ids, expected.ids.slice(0, 20)] };
  const reference = await referenceSession(model, none).features([new Float32Array(0)], batch);
  assert.ok(distance(reference.data, expected.features) < 1e-6, String(distance(reference.data, expected.features)));
  const session = await onnxSession(model, none, { threads: 1 });
  try {
    const onnx = await session.features([new Float32Array(0)], batch);
    const difference = distance(onnx.data, [...reference.data]);
    assert.ok(difference < 1e-5, String(difference));
  } finally {
    await session.dispose();
  }
});

withStories(test, '"Once upon a time" goes on as the independent forward pass continues it', async () => {
  const { model, none, config } = open();
  const session = referenceSession(model, none);
  const head = model.head!.rows(Array.from({ length: config.vocabulary }, (_, id) => id));
  const ids = expected.ids.slice(0, expected.start);
  while (ids.length < expected.ids.length) {
    const { data } = await session.features([new Float32Array(0)], { ids: [ids] });
    const logits = Array.from({ length: config.vocabulary }, (_, id) =>
      data.reduce((sum, value, i) => sum + value * head[id * model.width + i]!, 0),
    );
    ids.push(logits.indexOf(Math.max(...logits)));
  }
  assert.equal(ids, expected.ids);
  assert.match(readLlama2cTokenizer(vocabulary).decode(ids.slice(1)), /^Once upon a time, there was a little girl/);
});

test.run();
