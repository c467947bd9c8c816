import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import type { LoadedModel } from "../../src/engine/load-model";
import type { Arm } from "../../src/experiment/arm";
import type { Trainable } from "../../src/experiment/problem";
import { chat } from "../../src/notebook/chat";
import { bestOnDev, testOnce, testReport, tunedAdapter } from "../../src/notebook/choose";
import { runLive } from "../../src/notebook/live-runs";
import { openProblem, openTask } from "../../src/notebook/open";
import { showProblem } from "../../src/notebook/problem-display";
import { showPrompts } from "../../src/notebook/prompt-display";
import { mezo } from "../../src/optimizer/recipes";
import { answerChat } from "../../src/task/answer-chat";
import { chatTask } from "../../src/task/chat-task";
import { chatWriter } from "../../src/text/chat-template";
import { findModel, missingModel, modelRoots } from "../support/models";
import { scratch } from "../support/scratch";
import { asCell, closeSessions } from "../support/shown";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";
import { tinyLoaded } from "../support/tiny-problem";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("notebook/chat");
const files = scratch();
const withSmollm2 = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));
const source =
  "{% for m in messages %} <{{ m.role }}> {{ m.content }} </s>{% endfor %}{% if add_generation_prompt %} <assistant>{% endif %}";
const chatTemplate = { source, special: {}, from: "the tiny template" };
const model: LoadedModel = { ...tinyLoaded("llama"), chatTemplate };
test.after(async () => {
  await closeSessions();
  await files.remove();
});

test("conversations are opened, shown, tuned, chosen, tested and tried, before and after", async () => {
  const task = await openTask(chatTask({ file: "data/samples/kitchen.jsonl" }));
  const problem: Trainable<never> = (await openProblem(model, task, {
    seed: 1,
    batchSize: 4,
    train: 12,
    dev: 6,
    test: 6,
    maxTokens: 30,
  })) as never;
  const shown = await asCell(() => {
    showPrompts([task], "causal");
    showProblem(problem);
  });
  assert.match(JSON.stringify(shown), /user: /);
  const arm: Arm = {
    name: "mine",
    adapter: { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
    method: mezo({ learningRate: 3e-2 }),
    budget: { kind: "steps", steps: 6 },
    batchSize: 4,
  };
  const options = { seed: 0, evaluateEvery: 3, store: files.file("runs") };
  const runs = (await asCell(() => runLive(problem, [arm], options))).value;
  const chosen = (await asCell(() => bestOnDev(runs))).value;
  const scores = await testOnce(problem, chosen);
  assert.ok(scores.loss!.after > 0 && scores.loss!.before > 0);
  assert.match(
    testReport(problem, chosen, scores),
    /^mine: \d\.\d{3} nats a token of the answers in 6 test conversations\nwithout tuning: \d\.\d{3}, asked the conversation so far/,
  );

  const question = "How long do I boil an egg?";
  const before = await chat(model, question, { newTokens: 5 });
  const tuned = tunedAdapter(problem, runs[0]!);
  const after = await chat(model, [{ role: "user", content: question }], { newTokens: 5, tuned });
  assert.equal([before.tokens <= 5, after.tokens <= 5], [true, true]);
  // A point where nothing was changed answers as the model does.
  const still = { ...tuned, point: new Float32Array(tuned.point.length) };
  assert.equal(await chat(model, question, { newTokens: 5, tuned: still }), before);
  await rejectsWith(
    chat(model, question, { tuned: { ...tuned, modelId: "another" } }),
    "tuned: expected an adapter of this model",
  );
});

test("an answer ends at its template's mark, and is cut off at the most tokens", async () => {
  const tokenizer = wordTokenizer();
  const said = tokenizer.written(" seven minutes\n</s> and more");
  const generator = {
    generate: (
      _: Float32Array,
      __: readonly number[],
      { most, stopTokens = [] }: { most: number; stopTokens?: readonly number[] },
    ) => {
      const stop = said.findIndex((id) => stopTokens.includes(id));
      const ended = stop >= 0 && stop < most;
      return Promise.resolve({
        ids: said.slice(0, ended ? stop : most),
        reason: ended ? ("token" as const) : ("limit" as const),
      });
    },
  };
  const ask = (newTokens: number, role = "user") =>
    answerChat(generator, tokenizer, chatWriter(chatTemplate), new Float32Array(0), [{ role, content: "How long?" }], {
      newTokens,
    });
  assert.equal(await ask(9), { text: "seven minutes", tokens: 2, ended: true });
  assert.equal(await ask(1), { text: "seven", tokens: 1, ended: false });
  await rejectsWith(
    ask(9, "assistant"),
    'messages: expected a last one that is to be answered, got "the assistant\'s own"',
  );
  await rejectsWith(ask(0), "newTokens: expected a positive integer, got 0");
});

test("a model without a chat template says what to do, and takes one that is given", async () => {
  const without = tinyLoaded("llama");
  await rejectsWith(
    chat(without, "Hi"),
    /chat template of smollm2: expected one in .*chat\(model, messages, \{ template: JINJA \}\)/,
  );
  assert.ok((await chat(without, "Hi there", { template: source, newTokens: 2 })).tokens <= 2);
  await rejectsWith(chat(model, []), 'messages: expected a last one that is to be answered, got "none"');
});

withSmollm2(test, "SmolLM2 answers in its own words and ends its turn", async () => {
  const smollm2 = loadModel("smollm2", modelRoots());
  const { text, ended } = await chat(
    smollm2,
    [
      { role: "system", content: "Answer with the name of a city alone." },
      { role: "user", content: "What is the capital of France?" },
    ],
    { newTokens: 24 },
  );
  assert.match(text, /Paris/);
  assert.type(ended, "boolean");
});

test.run();
