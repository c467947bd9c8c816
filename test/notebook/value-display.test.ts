import { suite } from "uvu";
import * as assert from "uvu/assert";
import { referenceSession } from "../../src/engine/reference/session";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { kernelRegistry } from "../../src/notebook/kernel-registry";
import { bundleOf } from "../../src/notebook/value-display";
import { recordedRuns } from "../../src/table/from-records";
import { studyRecord } from "../support/study-record";
import { tinyLoaded, tinyProblem, tinyTexts } from "../support/tiny-problem";

const test = suite("notebook/value-display");

const shown = (value: unknown): { readonly html: string; readonly text: string } => {
  const bundle = bundleOf(value) ?? {};
  return { html: String(bundle["text/html"]), text: String(bundle["text/plain"]) };
};

test("the kernel is told of it", () => assert.is(kernelRegistry().bundleOf, bundleOf));

test("a model shows what it is, opened by name or alone", () => {
  const loaded = tinyLoaded("bert");
  assert.match(shown(loaded).text, /^tiny bert\n[^]*family +bert\nlayers +\d+\nwidth +\d+\nvocabulary/);
  assert.match(shown(loaded.model).text, /^a model\n/);
  assert.match(shown({ ...loaded, title: "<img src=x>" }).html, /<caption[^>]*>&lt;img src=x&gt;</);
});

test("a session shows model, adapter, engine and how many numbers are trained", () => {
  const { model } = tinyLoaded("bert");
  const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query"] }, model.sites);
  const session = referenceSession(model, adapter);
  for (const value of [session, { adapter, session }]) {
    const { text } = shown(value);
    assert.match(text, /adapter +\{"kind":"lora","rank":2/);
    assert.match(text, new RegExp(`trainable numbers +${adapter.layout.size}\n`));
  }
});

test("a task and its texts show fields, classes and sizes; a problem its texts by class and part", async () => {
  const texts = await tinyTexts("bert");
  assert.match(shown(texts.task).text, /task +trec: TREC[^]*fields +question\n[^]*classes +.*Human/);
  assert.match(shown(texts).text, /train texts +\d+\n[^]*test texts +\d+/);
  const names = Array.from({ length: 5000 }, (_, i) => `class ${i}`);
  assert.match(shown({ ...texts.task, labels: names }).text, /class 19 and 4980 more/);
  assert.match(shown(await tinyProblem("bert")).text, /^TREC on tiny bert; data: [^]*part +Description[^]*\ntrain /);
});

test("runs show what came of them, one or several, and not more than a hundred", () => {
  const [run] = recordedRuns([studyRecord("mezo-lora")]);
  assert.match(shown(run).text, /^a run\nrun +learning rate/);
  assert.match(shown([run, run]).text, /^2 runs\n/);
  assert.is(shown(Array(500).fill(run)).html.match(/<tr>/g)?.length, 101);
});

test("any other value is left to the kernel, also one that only looks like these at first", () => {
  for (const value of [
    undefined,
    null,
    1,
    "text",
    {},
    [],
    [1],
    { arm: "x", seed: 1 },
    { model: {}, title: "t", tokenizer: {} },
    () => 1,
  ])
    assert.is(bundleOf(value), undefined);
});

test.run();
