import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseJsonc } from "../../../src/check/jsonc";
import { adapterChosen, adapterFields } from "../../../src/notebook/tune/adapter-fields";
import { exampleRunFile } from "../../../src/notebook/tune/example";
import { wellSpent } from "../../../src/experiment/well-spent";
import { methodChosen, wellSpentFor } from "../../../src/notebook/tune/method-chosen";
import type { MethodChoice } from "../../../src/notebook/tune/method-chosen";
import { checkRunFile, problemOptionsOf, readRunFile } from "../../../src/notebook/tune/run-file";
import { adazeta, method, mezo, recipes } from "../../../src/optimizer/recipes";
import type { RecipeName } from "../../../src/optimizer/recipes";
import { forwardPasses, TWO_SIDED } from "../../../src/schedule/forward-passes";
import { scratch } from "../../support/scratch";
import { throwsWith } from "../../support/throws";

type Plain = Exclude<MethodChoice, { readonly kind: "well-spent" }>;

const test = suite("notebook/tune/run-file");
const files = scratch();
test.after(() => files.remove());
const least = {
  model: "minilm",
  task: "trec",
  method: { recipe: "adazeta", learningRate: 1e-3 },
  budget: { steps: 40 },
};
const check = (changes: object) => checkRunFile("my-run.json", { ...least, ...changes });

test("the example is a settings file with nothing wrong in it", () => {
  const run = readRunFile(files.file("my-run.json", exampleRunFile()));
  assert.is(run.name, "my first run");
  assert.equal(run.budget, { kind: "steps", steps: 60 });
  assert.equal(problemOptionsOf(run), { seed: 0, batchSize: 6, train: 42, dev: 24, test: 30, maxTokens: 24 });
});

test("AdaZeta's schedule reaches 8 queries at the end, and its adapter is a tensor train, where that is left open", () => {
  const run = check({});
  // 40 steps in epochs of 8
  assert.equal(
    methodChosen(run.method as Plain, run.budget, 8),
    adazeta({ learningRate: 1e-3, cap: 8, exponent: { target: 8, epochs: 5 } }),
  );
  assert.equal(adapterChosen({ kind: "tensor-train" }, { placement: "llama" }), {
    kind: "tensor-train",
    placement: "llama",
    rank: 5,
    bottleneck: 64,
    scale: 1,
    modes: null,
  });
});

test("every adapter that is there can be named, with its own settings", () => {
  const chosen = (said: object) =>
    adapterChosen(check({ adapter: said }).adapter!, { placement: "llama" }) as unknown as Record<string, unknown>;
  assert.equal(chosen({ kind: "lora-xs", rank: 4 }), { kind: "lora-xs", rank: 4, alpha: 8, targets: ["query", "value"] }); // prettier-ignore
  assert.equal(chosen({ kind: "tt-lora", trainRank: 3 }), { kind: "tt-lora", rank: 8, alpha: 16, targets: ["query", "value"], trainRank: 3 }); // prettier-ignore
  assert.equal(chosen({ kind: "side", features: { apart: 5 } }), { kind: "side", width: 48, aggregation: "anti-redundancy", form: "norm", features: { apart: 5 } }); // prettier-ignore
  throwsWith(() => check({ adapter: { kind: "side", form: "wide" } }), 'adapter.form: expected "gated" or "norm"');
  assert.equal(chosen({ kind: "full", factors: 2 }), { kind: "full", layers: "all", factors: 2 });
  for (const kind of Object.keys(adapterFields)) assert.is(chosen({ kind })["kind"], kind);
  throwsWith(() => check({ adapter: { kind: "none" } }), "adapter.kind: expected");
  throwsWith(() => check({ adapter: { kind: "lora-xs", trainRank: 3 } }), "adapter.trainRank: expected one of");
});

test("what spends passes best is the default, and decides adapter, method and start; its rate alone may be another", () => {
  assert.equal(check({ method: {} }).method, { kind: "well-spent" });
  assert.equal(check({ method: { learningRate: 0.3 } }).method, { kind: "well-spent", learningRate: 0.3 });
  // What belongs to another recipe is not dropped.
  throwsWith(
    () => check({ method: { learningRate: 1e-3, cap: 8 } }),
    "method.cap: expected one of the fields learningRate",
  );
  const run = check({ method: { recipe: "well-spent", learningRate: 0.2 } });
  assert.equal(run.method, { kind: "well-spent", learningRate: 0.2 });
  const { method: made } = wellSpentFor({ learningRate: 0.2 }, { reading: "pooled" }, run.budget, 8);
  assert.equal(made, wellSpent({ reading: "pooled" }, 40 * 16, 0.2).method);
  throwsWith(
    () => check({ method: { recipe: "well-spent", cap: 8 } }),
    "method.cap: expected one of the fields learningRate",
  );
  throwsWith(() => check({ method: { recipe: "well-spend" } }), "nearest: well-spent");
  const whole = readRunFile(files.file("whole.json", exampleRunFile()));
  assert.equal([whole.method, whole.adapter], [{ kind: "well-spent" }, undefined]);
});

test("an objective is the loss or a metric by its name, and a reward is sent to a cell", () => {
  assert.is(check({ objective: "accuracy" }).objective, "accuracy");
  assert.is(check({ objective: "token f1" }).objective, "token f1");
  assert.is(check({}).objective, undefined);
  throwsWith(() => check({ objective: "acuracy" }), 'objective: expected "loss", or a metric, accuracy, f1');
  throwsWith(() => check({ objective: "acuracy" }), "nearest: accuracy");
  for (const reward of ["reward", { kind: "reward", name: "short" }, 3])
    throwsWith(() => check({ objective: reward }), "a reward is a function, which no file holds: runLive(problem");
});

test("a budget of passes is as many epochs as its own schedule makes of it", () => {
  for (const passes of [100, 1000, 30_000]) {
    const run = check({ budget: { forwardPasses: passes } });
    const { queries } = methodChosen(run.method as Plain, run.budget, 16);
    const { epochs } = (queries as { readonly exponent: { readonly epochs: number } }).exponent;
    const spent = (all: number) => forwardPasses(queries, all * 16, 16, TWO_SIDED);
    assert.ok(spent(epochs) >= passes, `${epochs} epochs come to ${spent(epochs)}`);
  }
});

test("every recipe can be named, and a notebook's composition read back", () => {
  for (const name of Object.keys(recipes) as RecipeName[]) {
    const run = check({ method: { recipe: name, learningRate: 1e-3 } });
    if (name !== "adazeta" && name !== "rate-decay")
      assert.equal(methodChosen(run.method as Plain, run.budget, 8), method(name, { learningRate: 1e-3 } as never));
    const whole = JSON.parse(JSON.stringify(method(name))) as object;
    assert.equal((check({ method: whole }).method as MethodChoice & { kind: "composition" }).method, whole);
  }
});

test("everything that is wrong is told at once, with what may be meant", () => {
  throwsWith(
    () =>
      checkRunFile("my-run.json", {
        modle: "minilm",
        task: "treck",
        texts: { train: -1, maxtokens: 12 },
        adapter: { kind: "lora", rnak: 4 },
        method: { recipe: "adazeta", learningrate: 1e-3, cap: 0.5 },
        budget: { steps: 10, minutes: 1 },
        evaluation: { best: "loss ", every: "20" },
        result: { exports: [{ as: "pfet", to: "a" }, { as: "gguf" }] },
      }),
    /my-run\.json: 1[2-4] things are wrong\n {2}modle: expected one of the fields .*nearest: model, got "modle"\n {2}model: .* got nothing\n {2}task: .*nearest: trec.*\n {2}texts\.maxtokens: .*nearest: maxTokens.*\n {2}texts\.train: .* got -1\n {2}adapter\.rnak: .*nearest: rank.*\n {2}method\.learningrate: .*nearest: learningRate.*\n {2}method\.queries\.cap: expected .*\n {2}budget: expected one of steps, forwardPasses, minutes.*\n {2}evaluation\.every: .*\n {2}evaluation\.best: .*nearest: loss.*\n {2}result\.exports\[0\]\.as: .*nearest: peft.*\n {2}result\.exports\[1\]\.to: .*nothing/s,
  );
});

test("a method without a rate, a schedule beside minutes, and a cell's own function are refused in words", () => {
  const run = check({ method: { recipe: "mezo" } });
  throwsWith(
    () => methodChosen(run.method as Plain, run.budget, 8),
    "method.learningRate: expected a learning rate (--find-rate proposes one), got",
  );
  const timed = check({ budget: { minutes: 5 } });
  throwsWith(() => methodChosen(timed.method as Plain, timed.budget, 8), "minutes do not say how many epochs");
  const own = {
    ...mezo(),
    probe: { kind: "own", name: "mine", settings: {}, passes: { once: 1, perQuery: 1 }, source: "x" },
  };
  throwsWith(() => check({ method: own }), "method.probe: expected a kind that a file can carry, got your own");
  throwsWith(() => check({ method: { ...mezo(), combine: { kind: "meen" } } }), "method.combine");
  throwsWith(() => readRunFile(files.file("none.json")), "npm run tune -- --init");
  throwsWith(
    () => readRunFile(files.file("half.json", '{ "model": ')),
    "half.json, line 1, column 12: expected a value",
  );
  for (const value of [null, [], 1, "minilm"])
    throwsWith(() => checkRunFile("my-run.json", value), "expected an object");
});

test("what is no settings at all, and a rate in quotes, are told by name", () => {
  for (const value of [null, [1]])
    throwsWith(
      () => checkRunFile("a.json", value),
      "a.json: one thing is wrong\n  a run: expected an object with name",
    );
  for (const recipe of ["adazeta", "mezo", "first-order", "adalomo"])
    throwsWith(
      () => check({ method: { recipe, learningRate: "1e-3" } }),
      'method.learningRate: expected a number or a schedule {kind, ...}, got "1e-3"',
    );
});

test("comments may stand anywhere", () => {
  assert.equal(checkRunFile("a", parseJsonc(`/* a */ ${JSON.stringify(least)} // b`, "a")), check({}));
});

test.run();
