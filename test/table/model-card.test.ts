import { execFileSync, spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modelCard, yaml } from "../../src/table/model-card";
import type { CardFacts } from "../../src/table/model-card";
import { skipUnless } from "../support/skip";

const test = suite("table/model-card");

const facts: CardFacts = {
  title: "SmolLM2-135M, tuned on SST-2",
  form: "peft",
  base: {
    title: "SmolLM2-135M-Instruct",
    repository: "HuggingFaceTB/SmolLM2-135M-Instruct",
    licence: "Apache-2.0",
    files: [{ name: "model.gguf", sha256: "ab".repeat(32) }],
  },
  pipeline: "text-generation",
  task: {
    title: "SST-2",
    data: "sst2 from the hub, stanfordnlp/sst2 (train 67349)",
    dataset: "stanfordnlp/sst2",
    texts: { train: 32, dev: 30, test: 200 },
    template: "{sentence} It was",
    words: [
      { label: "negative", word: " terrible" },
      { label: "positive", word: " great" },
    ],
  },
  training: {
    method: "AdaZeta",
    learningRate: "3e-3",
    adapter: "lora, rank 8",
    parameters: 460800,
    batchSize: 8,
    seed: 0,
    checkpoint: 200,
    steps: 240,
    forwardPasses: 1824,
    evaluationPasses: 390,
    backwardPasses: 0,
    hours: 0.25,
    machine: "AMD EPYC, 2 cores, avx2",
    date: "2026-11-27T09:00:00.000Z",
    commit: "fa4fc44",
  },
  dev: { loss: 0.512, accuracy: 25 / 30, texts: 30, chance: 0.693 },
  test: { accuracy: 0.8, texts: 200, before: 0.6, probe: null },
  made: null,
};

/** A Python that has PyYAML: JupyterLab's. */
const PYTHON = ".venv/bin/python";
const hasYaml = spawnSync(PYTHON, ["-c", "import yaml"], { stdio: "ignore" }).status === 0;

const withYaml = skipUnless(hasYaml, "PyYAML is not installed (npm start brings it)");

function parsed(card: string): Readonly<Record<string, unknown>> {
  const [, front = ""] = card.split(/^---$/m);
  const script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())))";
  return JSON.parse(execFileSync(PYTHON, ["-c", script], { input: front }).toString()) as Readonly<Record<string, unknown>>; // prettier-ignore
}

test("a card says data, task, prompt, steps, passes, scores with intervals, machine, hours, base and licence", () => {
  const card = modelCard(facts);
  for (const line of [
    "| data | sst2 from the hub, stanfordnlp/sst2 (train 67349) |",
    "| texts | 32 to train on, 30 to choose by (dev), 200 for the end (test) |",
    '| answer for positive | " great" |',
    "```text\n{sentence} It was\n```",
    "| dev | 83.3 % right (95 % interval 66 to 93 %) of 30 texts; loss 0.512 nats, the best constant answer's 0.693 |",
    "| test | 80.0 % right (95 % interval 74 to 85 %) of 200 texts; before tuning 60.0 % |",
    "| method | AdaZeta, learning rate 3e-3 |",
    "| steps | 240, batch size 8, seed 0; the checkpoint is that of step 200 |",
    "| forward passes | 1824 on training batches, 390 on evaluation |",
    "| time | 0.3 hours on AMD EPYC, 2 cores, avx2 |",
    "| made | 2026-11-27, adazeta at fa4fc44 |",
    `| model.gguf | SHA-256 ${"ab".repeat(32)} |`,
    "| licence | Apache-2.0, the base model's, holds for what is made of it |",
  ])
    assert.ok(card.includes(line), line);
  assert.ok(card.startsWith("---\nlicense: "));
  const bare = modelCard({ ...facts, test: null, task: { ...facts.task, template: null } });
  assert.match(bare, "| test | not looked at |");
  assert.match(bare, "Each text has a prompt of its own.");
});

withYaml(
  test,
  "the front matter is what the hub reads, parsed by PyYAML, for every form, also of a base without repository and licence",
  () => {
    assert.equal(parsed(modelCard(facts)), {
      license: "apache-2.0",
      base_model: "HuggingFaceTB/SmolLM2-135M-Instruct",
      base_model_relation: "adapter",
      library_name: "peft",
      pipeline_tag: "text-generation",
      datasets: ["stanfordnlp/sst2"],
      tags: ["adazeta", "zeroth-order", "lora"],
    });
    const base = { ...facts.base, repository: null, licence: null };
    assert.equal(parsed(modelCard({ ...facts, form: "gguf", base, task: { ...facts.task, dataset: null } })), {
      license: "other",
      license_name: "that of the base model",
      pipeline_tag: "text-generation",
      tags: ["adazeta", "zeroth-order", "gguf"],
    });
    const llama = { ...facts.base, licence: "Llama 3.1 Community License" };
    assert.is(parsed(modelCard({ ...facts, form: "folder", base: llama }))["license"], "llama3.1");
  },
);

const HOSTILE =
  'x"]\n---\nlicense: mit\n<script>alert(1)</script> | `a` *b* [c](http://d) ~~e~~ $f$ \u2028# g \u202e \u0000 {{ }} \\';

test("text from anywhere is text: in the table, in the prompt's fence, in the front matter", () => {
  const card = modelCard({
    ...facts,
    title: HOSTILE,
    base: { title: HOSTILE, repository: HOSTILE, licence: HOSTILE, files: [{ name: HOSTILE, sha256: "0" }] },
    task: {
      ...facts.task,
      title: HOSTILE,
      data: HOSTILE,
      dataset: HOSTILE,
      template: `${HOSTILE}\n\`\`\`\`\n# out?`,
      words: [{ label: HOSTILE, word: HOSTILE }],
    },
    training: { ...facts.training, method: HOSTILE, machine: HOSTILE, commit: HOSTILE, adapter: HOSTILE },
    made: HOSTILE,
  });
  const [fence] = card.match(/`{5,}text\n[^]*\n`{5,}/) ?? [""];
  assert.match(fence, "# out?");
  const outside = card.replace(fence, "").replace(/^---\n[^]*?\n---\n/, "");
  assert.not.match(outside, /<script/);
  assert.not.match(outside, /^---/m);
  assert.not.match(outside, /^\s*#+ g/m);
  assert.not.match(card, /[\u0000\u202e]/);
  for (const markup of [/(^|[^\\])\*b/, /(^|[^\\])\[c/, /(^|[^\\])~e/, /(^|[^\\])`a/, /(^|[^\\])\$f/])
    assert.not.match(outside, markup);
  for (const row of outside.split("\n").filter((line) => line.startsWith("|")))
    assert.is((row.match(/(^|[^\\])(\\\\)*\|/g) ?? []).length, 3, row);
  if (!hasYaml) return;
  const front = parsed(card);
  assert.equal([front["license"], front["license_name"], front["datasets"], front["base_model"]], ["other", HOSTILE, [HOSTILE], HOSTILE]); // prettier-ignore
});

test("yaml is JSON with what YAML forbids written as numbers", () => {
  assert.is(yaml("a: b\n"), '"a: b\\n"');
  assert.is(yaml("\u0085\u2028\ufeff"), '"\\u0085\\u2028\\ufeff"');
});

test("a card does not claim forward passes alone where gradients were taken", () => {
  assert.match(modelCard(facts), "tuned with forward passes alone");
  const card = modelCard({ ...facts, training: { ...facts.training, backwardPasses: 240 } });
  assert.match(card, "(lora, rank 8), tuned with gradients.");
  assert.match(card, "| backward passes | 240 |");
  assert.not.match(card, "zeroth-order");
});

test("what was not measured is said so", () => {
  const card = modelCard({
    ...facts,
    dev: { ...facts.dev, accuracy: null },
    training: { ...facts.training, hours: 0.01 },
  });
  assert.match(card, "| dev | right answers not measured, of 30 texts; loss 0.512 nats");
  assert.match(card, "| time | 0.6 minutes on ");
});

test.run();
