import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { onnxGenerator } from "../../src/engine/onnx/generator";
import type { GenerationLimits, OnnxGenerator } from "../../src/engine/onnx/generator";
import { generateAnswers } from "../../src/task/generate-answers";
import type { Tokenizer } from "../../src/text/tokenizer";
import { findModel, missingModel, modelRoots } from "../support/models";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";

const test = suite("task/generate-answers");

/** Tokens are characters. */
const letters: Tokenizer = {
  vocabulary: 128,
  special: { unknown: null, beginning: null, end: 3, mask: null, padding: null },
  encode: (text) => [...text].map((letter) => letter.charCodeAt(0)),
  continuation: (text) => [...text].map((letter) => letter.charCodeAt(0)),
  written: (text) => [...text].map((letter) => letter.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
};

/** Goes on with this text, whatever the prompt, and keeps what it was asked for. */
function writing(text: string, asked: GenerationLimits[] = []): Pick<OnnxGenerator, "generate"> {
  return {
    async generate(_point, _prompt, limits) {
      asked.push(limits);
      const ids = letters.encode(text).slice(0, limits.most);
      const stop = ids.findIndex((_, i) =>
        limits.stopTexts?.texts.some((each) => letters.decode(ids.slice(0, i + 1)).includes(each)),
      );
      return stop < 0 ? { ids, reason: "limit" } : { ids: ids.slice(0, stop + 1), reason: "text" };
    },
  };
}

const task = { stop: "\n", newTokens: 8 };
const NONE = new Float32Array(0);

test("an answer ends before the stop text, without the space around it", async () => {
  const asked: GenerationLimits[] = [];
  const done: string[] = [];
  const progress = (count: number, total: number) => void done.push(`${count}/${total}`);
  const answers = await generateAnswers(writing(" Oslo\nQuestion", asked), letters, NONE, [[1], [2]], task, {
    progress,
  });
  assert.equal(answers, ["Oslo", "Oslo"]);
  assert.equal([asked[0]?.most, asked[0]?.stopTokens, asked[0]?.stopTexts?.texts], [8, [3], ["\n"]]);
  assert.equal(done, ["1/2", "2/2"]);
});

test("without a stop text it is what the new tokens say; an empty line is an empty answer", async () => {
  assert.equal(await generateAnswers(writing(" a long answer"), letters, NONE, [[1]], task), ["a long"]);
  assert.equal(await generateAnswers(writing("\n\nOslo"), letters, NONE, [[1]], task), [""]);
  assert.equal(await generateAnswers(writing("x"), letters, NONE, [], task), []);
});

test("a signal reaches the generator", async () => {
  const control = new AbortController();
  const generator: Pick<OnnxGenerator, "generate"> = {
    generate: async (_point, _prompt, { signal }) => {
      signal?.throwIfAborted();
      return { ids: [], reason: "limit" };
    },
  };
  control.abort(new Error("stopped by hand"));
  const { signal } = control;
  await rejectsWith(generateAnswers(generator, letters, NONE, [[1]], task, { signal }), "stopped by hand");
});

const withSmolLm = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));

withSmolLm(test, "SmolLM2 answers a question from its context in one line", async () => {
  const { model, tokenizer } = loadModel("smollm2", modelRoots());
  const generator = await onnxGenerator(model, makeAdapter({ kind: "none" }, model));
  try {
    const prompt = "Context: Oslo is the capital of Norway.\nQuestion: What is the capital of Norway?\nAnswer:";
    const [answer] = await generateAnswers(generator, tokenizer, NONE, [tokenizer.encode(prompt)], task);
    assert.match(answer!, /^Oslo/);
  } finally {
    await generator.dispose();
  }
});

test.run();
