import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { LoadedModel } from "../../src/engine/load-model";
import { referenceSession } from "../../src/engine/reference/session";
import { makeChatProblem } from "../../src/experiment/chat-problem";
import { makeTrainable } from "../../src/experiment/make-trainable";
import { FROZEN } from "../../src/experiment/plan";
import type { ProblemOptions } from "../../src/experiment/problem";
import { chatTask } from "../../src/task/chat-task";
import { encodeChat, scoredTurns } from "../../src/task/encode-chat";
import { loadTask } from "../../src/task/load-task";
import type { OptionBatch } from "../../src/task/option-batch";
import { chatWriter } from "../../src/text/chat-template";
import { inFolder } from "../support/in-folder";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyLoaded } from "../support/tiny-problem";

const test = suite("experiment/chat-problem");
const NOTHING = new Float32Array(0);
/** Each turn between two words. */
const source =
  "{% if messages[0].role == 'assistant' %}{{ raise_exception('An assistant cannot begin.') }}{% endif %}" +
  "{% for m in messages %} <{{ m.role }}> {{ m.content | trim }} </s>{% endfor %}{% if add_generation_prompt %} <assistant>{% endif %}";
const chatTemplate = { source, special: { eos_token: "</s>" }, from: "the tiny template" };
const tiny = (): LoadedModel => ({ ...tinyLoaded("llama"), chatTemplate });
const options: ProblemOptions = { seed: 1, batchSize: 3, train: 6, dev: 3, test: 3 };

type Turns = readonly string[];
/** A conversation of these turns, the user's first, as a line. */
const line = (turns: Turns): string =>
  JSON.stringify({
    messages: turns.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content })),
  });
const talks: readonly Turns[] = Array.from({ length: 12 }, (_, i) => {
  const [ask, say] = [`what is number ${i} of them`, `it is ${"very ".repeat(i % 4)}good`];
  return i % 3 === 0 ? [ask, say, "and then", `more ${i}`] : [ask, say];
});
const open = (lines: readonly string[], changes: Partial<ProblemOptions> = {}, loaded = tiny()) =>
  inFolder({ "talks.jsonl": lines.join("\n") }, async (folder) =>
    makeChatProblem(loaded, await loadTask(chatTask({ file: join(folder, "talks.jsonl") })), {
      ...options,
      ...changes,
    }),
  );
const frozen = (model: LoadedModel["model"]) => referenceSession(model, makeAdapter(FROZEN, model));

test("the worked turns: each of the assistant's tokens at the token before, in every turn", () => {
  assert.equal(scoredTurns([5, 6, 7, 8, 9, 4, 3], [{ from: 2, to: 4 }, { from: 5, to: 6 }]), { ids: [5, 6, 7, 8, 9], scored: [1, 2, 4], targets: [7, 8, 4] }); // prettier-ignore
  throwsWith(() => scoredTurns([5, 6], [{ from: 0, to: 1 }]), "turn: expected tokens from 1 on, got 0");
  throwsWith(() => scoredTurns([5, 6], []), "turn: expected tokens from 1 on, got undefined");
});

test("a fitted readout, which conversations have not, is refused and not left out without a word", () =>
  inFolder({ "talks.jsonl": talks.map(line).join("\n") }, async (folder) => {
    const task = await loadTask(chatTask({ file: join(folder, "talks.jsonl") }));
    const unused = () => Promise.reject(new Error("no readout is fitted"));
    for (const readout of ["probe", "calibrated"] as const)
      await rejectsWith(
        (async () => makeTrainable(tiny(), task, { ...options, readout }, unused))(),
        `readout: expected none for talks.jsonl, of whose conversations every token is scored, got "${readout}"`,
      );
    const plain = await makeTrainable(tiny(), task, options, unused);
    assert.is(plain.task.kind, "chat");
  }));

test("what is scored are the assistant's words and the mark after them, not what is only given", async () => {
  const { tokenizer } = tiny();
  const writer = chatWriter(chatTemplate);
  const messages = [
    { role: "user", content: "one" },
    { role: "assistant", content: " two words " },
    { role: "user", content: "three" },
    { role: "assistant", content: "four" },
  ];
  const said = (given: number) => {
    const where = { file: "x", line: 1 };
    const { targets } = encodeChat({ fields: {}, label: 0, chat: { messages, given }, where }, tokenizer, writer);
    return targets;
  };
  const words = (text: string) => tokenizer.written(text);
  assert.equal(said(0), words(" two words </s> four </s>"));
  assert.equal(said(3), words(" four </s>"));
});

test("the loss on dev is the mean over all of the assistant's tokens, and the one that is trained", async () => {
  const problem = await open(talks.map(line));
  assert.equal([problem.sample.parts.train.length, problem.sample.parts.dev.length, problem.chance.count], [6, 3, 3]);
  const session = frozen(problem.sessionModel);
  const { loss, perExample, metrics, count } = await problem.evaluate(session, NOTHING, "dev", FROZEN);
  const writer = chatWriter(chatTemplate);
  const texts = problem.sample.parts.dev.map((example) => encodeChat(example, problem.loaded.tokenizer, writer));
  let [nats, tokens] = [0, 0];
  for (const { ids, scored, targets } of texts) {
    const { data } = await session.features([NOTHING], { ids: [ids], scored: [scored], targets: [targets] });
    nats -= data.reduce((sum, value) => sum + value, 0);
    tokens += targets.length;
  }
  assert.ok(Math.abs(loss - nats / tokens) < 1e-6, `${loss} and ${nats / tokens}`);
  assert.ok(Math.abs(perExample.reduce((a, b) => a + b, 0) / count - loss) < 1e-12);
  assert.ok(Math.abs(Math.log(metrics["perplexity"]!) - loss) < 1e-12);

  const batch: OptionBatch = {
    input: { ids: texts.map(({ ids }) => ids), scored: texts.map(({ scored }) => scored), targets: texts.map(({ targets }) => targets) }, // prettier-ignore
    options: texts.map(() => 1),
    labels: texts.map(() => 0),
  };
  const [trained] = await problem.objective(session).losses([NOTHING], batch);
  assert.ok(Math.abs(trained! - loss) < 1e-6, `${trained} and ${loss}`);
  assert.is(problem.batches().stepsPerEpoch, 2);
  await session.dispose();
});

test("long conversations are left out and counted; all of them is an error, and none is cut", async () => {
  const long = line(["why", "because ".repeat(40)]);
  const { notices, sample } = await open([...talks.map(line), long, long.replace("why", "how")], { maxTokens: 40 });
  assert.is(sample.parts.train.length, 6);
  assert.ok(
    notices.some((notice) => /^conversations of more than 40 tokens left out: [12]$/.test(notice)),
    notices.join("\n"),
  );
  await rejectsWith(open(talks.map(line), { maxTokens: 4 }), "expected at least one example that passes the filter");
  await rejectsWith(open(talks.map(line), { cutTo: 40 }), "cutTo: expected none: a conversation is not cut");
  await rejectsWith(open(talks.map(line), { maxTokens: 0 }), "maxTokens: expected a positive integer, got 0");
});

test("a conversation beyond the model's context is told with its line", async () => {
  const { context } = tiny().model;
  const long = line(["why", "because ".repeat(context)]);
  await rejectsWith(
    open([long, ...talks.map(line)], { train: 9 }),
    new RegExp(
      `talks.jsonl line 1, conversation: expected at most ${context} tokens, .*maxTokens leaves longer ones out`,
    ),
  );
});

test("tokens of the model's own in a text are told, and the template's own refusal with its line", async () => {
  const { notices } = await open([...talks.map(line), line(["I type </s> here", "so you do"])], { train: 7, test: 4 });
  const told = "talks.jsonl: messages hold what the model reads as a token of its own, in line 13 (</s>)";
  assert.ok(notices.includes(told), notices.join("\n"));
  const first = (i: number) => JSON.stringify({ messages: [{ role: "assistant", content: `Hello ${i}.` }] });
  await rejectsWith(
    open([0, 1, 2, 3].map(first), { train: 1, dev: 1, test: 1 }),
    /talks\.jsonl line \d, the tiny template: expected to write messages of assistant, got: An assistant cannot begin\./,
  );
});

test("a model without a template, one that is not causal, and a template that is none", async () => {
  const without = tinyLoaded("llama");
  await rejectsWith(
    open(talks.map(line), {}, without),
    /chat template of smollm2: expected one in .*chatTask\(\{ file, template: FILE \}\)/,
  );
  await rejectsWith(
    open(talks.map(line), {}, tinyLoaded("bert")),
    'conversations of talks.jsonl: expected a causal language model, got "bert"',
  );
  const broken = { ...tiny(), chatTemplate: { ...chatTemplate, source: "{% for m in messages %}" } };
  await rejectsWith(open(talks.map(line), {}, broken), "the tiny template: expected a Jinja template, got");
});

test("a template of the user's own is taken in place of the model's", () =>
  inFolder(
    {
      "talks.jsonl": talks.map(line).join("\n"),
      "mine.jinja":
        "{% for m in messages %} {{ m.role }}: {{ m.content }} ;{% endfor %}{% if add_generation_prompt %} assistant:{% endif %}",
    },
    async (folder) => {
      const task = chatTask({ file: join(folder, "talks.jsonl"), template: join(folder, "mine.jinja") });
      const problem = await makeChatProblem(tinyLoaded("llama"), await loadTask(task), options);
      assert.is(problem.sample.parts.train.length, 6);
    },
  ));

test.run();
