import { mkdirSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { arm } from "../../src/experiment/arms";
import type { Cell } from "../../src/experiment/cells";
import { studies, studySettings } from "../../src/experiment/divergence";
import type { DivergenceSettings } from "../../src/experiment/divergence";
import type { Sources } from "../../src/experiment/open-run";
import { studyRunner } from "../../src/experiment/study-run";
import { loadModel } from "../../src/engine/load-model";
import { recordKey } from "../../src/experiment/record-key";
import { loadTask } from "../../src/task/load-task";
import { readTrajectory } from "../../src/train/trajectory";
import { findModel, missingModel, modelRoots } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";

const test = suite("experiment/study-run");
const files = scratch();
test.after(() => files.remove());
const withMinilm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));

/** A cell of the MiniLM study with few steps and texts. */
function smallCell(armName: "AdaZeta" | "MeZO-LoRA", steps: number): Cell<DivergenceSettings> {
  const { model, task, problem } = studies["minilm-trec"];
  const settings: DivergenceSettings = {
    study: "minilm-trec",
    model,
    task,
    problem: { ...problem, batchSize: 4, train: 8, dev: 6, test: 7, shots: 1 },
    arm: arm(armName, { ...studySettings("minilm-trec", 3e-3, { steps }), batchSize: 4 }),
    seed: 0,
    evaluateEvery: 2,
    threads: 1,
  };
  const key = recordKey(settings);
  return { key, experiment: "small", task, arm: armName, seed: 0, learningRate: 3e-3, settings, cost: 1 };
}

/** The project's questions in the form of the original distribution, so that no network is asked. */
async function questionsFolder(): Promise<string> {
  const { splits } = await loadTask("trec", { hub: "off" });
  mkdirSync(files.file("data/TREC"), { recursive: true });
  for (const [split, name] of [
    ["train", "TREC.train.all"],
    ["test", "TREC.test.all"],
  ] as const) {
    const lines = splits[split]!.map(({ label, fields }) => `${label} ${fields["question"]}\n`);
    writeFileSync(files.file(`data/TREC/${name}`), lines.join(""));
  }
  return files.file("data");
}

const sources = (folders: readonly string[], dataDirectory: string | undefined): Sources => ({
  openModel: async (name) => loadModel(name, folders),
  openTask: (name) => loadTask(name, { dataDirectory }),
});

const context = (name: string) => ({
  path: files.file(`${name}.jsonl`),
  signal: undefined,
  onEvent: () => undefined,
  note: { commit: "0123abc", machine: "test", command: "test", startedAt: "2026-01-01T00:00:00.000Z" },
});

/** The result of an arm with steps. */
function trained<T extends object>(result: T): Extract<T, { readonly run: unknown }> {
  assert.ok("run" in result);
  return result as Extract<T, { readonly run: unknown }>;
}

withMinilm(
  test,
  "a cell leaves its run, and one look at 7 test texts at the checkpoint that was best on dev",
  async () => {
    const runner = studyRunner(sources(modelRoots(), await questionsFolder()));
    try {
      const cell = smallCell("AdaZeta", 4);
      const { run, extra } = trained(await runner.run(cell, context("first")));
      assert.equal([run.steps.length, run.end.reason], [4, "finished"]);
      assert.is(extra.bestStep, run.best?.evaluation.step);
      assert.is(extra.test?.count, 7);
      const { loss, accuracy } = extra.test!;
      assert.ok(loss > 0 && accuracy >= 0 && accuracy <= 1);
      assert.is(extra.data.kind, "directory");
      assert.is(
        extra.counts.train.reduce((a, b) => a + b, 0),
        8,
      );
      assert.equal(readTrajectory(context("first").path)?.header.note, context("first").note);
      // the same cell again, in another file and from the recorded one: the same numbers
      const again = trained(await runner.run(cell, context("again")));
      const reread = trained(await runner.run(cell, context("first")));
      for (const other of [again, reread]) {
        assert.equal(other.extra, extra);
        assert.equal(
          other.run.steps.map(({ loss }) => loss),
          run.steps.map(({ loss }) => loss),
        );
      }
      // another arm has the same texts and another adapter
      const lora = trained(await runner.run(smallCell("MeZO-LoRA", 1), context("lora")));
      assert.is(lora.run.header.identity.data, run.header.identity.data);
      assert.is.not(lora.run.header.start.parameters, run.header.start.parameters);
    } finally {
      await runner.dispose();
    }
  },
);

withMinilm(
  test,
  "where fewer texts are there than planned, the budget follows them and the record says which arm ran",
  async () => {
    const runner = studyRunner(sources(modelRoots(), await questionsFolder()));
    try {
      // 8 texts in batches of 4 are there: 2 steps an epoch, so 10 steps are 5 epochs of 1, 1, 1, 2 and 2 queries
      const base = smallCell("AdaZeta", 10);
      const fitted = (train: number): DivergenceSettings => {
        const settings = { ...studySettings("minilm-trec", 3e-3, { steps: 10, train, batchSize: 4 }), batchSize: 4 };
        return { ...base.settings, arm: arm("MeZO-LoRA, smaller rate", settings) };
      };
      const cell = { ...base, settings: fitted(128), fitted };
      const { run, extra } = trained(await runner.run(cell, context("fitted")));
      assert.equal(cell.settings.arm.budget, { kind: "forward-passes", forwardPasses: 20 });
      const budget = fitted(8).arm.budget as { readonly forwardPasses: number };
      assert.is(budget.forwardPasses, 28);
      assert.is(run.end.forwardPasses, budget.forwardPasses);
      assert.equal([extra.arm, extra.planned.forwardPasses], [fitted(8).arm, budget.forwardPasses]);
      // as planned, nothing is said
      const same = trained(
        await runner.run(
          { ...smallCell("AdaZeta", 1), fitted: () => smallCell("AdaZeta", 1).settings },
          context("same"),
        ),
      );
      assert.is(same.extra.arm, undefined);
    } finally {
      await runner.dispose();
    }
  },
);

test("a model or a data folder that is not there is said, and nothing is written", async () => {
  const runner = studyRunner(sources([files.file("none")], undefined));
  await rejectsWith(runner.run(smallCell("AdaZeta", 1), context("none")), "model minilm: expected its files, got none");
  assert.is(readTrajectory(context("none").path), null);
  await runner.dispose();
});

test.run();
