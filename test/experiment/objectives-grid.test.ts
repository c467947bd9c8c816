import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import type { Cell } from "../../src/experiment/cells";
import { cellsOf } from "../../src/experiment/cells";
import { objectivesGrid } from "../../src/experiment/objectives-grid";
import type { Sources } from "../../src/experiment/open-run";
import { budgetOf, isStill } from "../../src/experiment/plan";
import type { PlannedRun } from "../../src/experiment/plan";
import { plannedObjective } from "../../src/experiment/planned-reward";
import { recordKey } from "../../src/experiment/record-key";
import { cellRecord } from "../../src/experiment/run-grid";
import { studyRunner } from "../../src/experiment/study-run";
import { isReward } from "../../src/task/reward";
import { copa } from "../../src/task/defs/copa";
import { loadTask } from "../../src/task/load-task";
import { promptTask } from "../../src/task/prompt-task";
import { evaluationLines, meanReward, objectiveArms } from "../../src/table/objectives";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";

const test = suite("experiment/objectives-grid");
const files = scratch();
test.after(() => files.remove());
const cells = cellsOf(objectivesGrid());
const partsOf = (beginning: string) => objectivesGrid().stages.flat().filter(({ task }) => task!.startsWith(beginning)); // prettier-ignore

test("every objective of a task has the same arms, as many rates and the same forward passes", () => {
  assert.is(cells.length, (14 + 6 + 2 + 5 + 5) * 2 * 3);
  assert.is(new Set(cells.map(({ key }) => key)).size, cells.length);
  for (const setting of ["minilm-sst2", "minilm-cb", "smollm2-sst2"]) {
    const [loss, ...others] = partsOf(setting).filter(({ task }) => !task!.endsWith("wide"));
    for (const other of others) {
      assert.equal(
        other.arms.map(({ name }) => name),
        loss!.arms.map(({ name }) => name),
      );
      assert.equal(other.learningRates.length, loss!.learningRates.length);
    }
    const spent = cells
      .filter(({ task }) => task!.startsWith(setting))
      .map(({ settings: { arm, problem } }) => budgetOf(arm, Math.ceil(Number(problem.train) / problem.batchSize)));
    assert.is(new Set(spent.map(({ forwardPasses }) => forwardPasses)).size, 1);
  }
  for (const { settings, task } of cells) {
    assert.equal(JSON.parse(JSON.stringify(settings)), settings);
    assert.ok(!isStill(settings.arm) && settings.arm.method.probe?.kind !== "directional");
    assert.is(settings.objective === undefined, /-loss/.test(task!), task!);
  }
});

test("AdaZeta's queries grow within the passes of a rewarded run", () => {
  const { arm, problem } = cells.find(
    ({ task, arm: id }) => task === "asked-word" && id === "adazeta-passes",
  )!.settings;
  assert.ok(!isStill(arm));
  // 28 steps of one query make 56 passes, and 3 * 1 ** beta = 3 queries make 6 a step: 14 more fit into 144.
  const epochSteps = Math.ceil(Number(problem.train) / problem.batchSize);
  assert.equal(budgetOf(arm, epochSteps), { steps: 28 + 14, forwardPasses: 56 + 14 * 6 });
});

test("both rewards have the same arms, rates and passes, on prompts of their own", () => {
  const [word, form] = ["asked-word", "asked-form"].map((part) => cells.filter(({ task }) => task === part));
  const same = ({ arm, seed, learningRate, settings: { problem, arm: made } }: Cell<PlannedRun>): unknown => ({ arm, seed, learningRate, problem, made }); // prettier-ignore
  assert.equal(form!.map(same), word!.map(same));
  assert.equal([...new Set(form!.map(({ settings }) => settings.task))], ["asked-form"]);
});

test("a planned reward is its function by name, with the writing that is planned", () => {
  const rewarded = ["asked-word", "asked-form"].map((part) => cells.find(({ task }) => task === part)!.settings);
  for (const { objective } of rewarded) {
    const made = plannedObjective(objective);
    assert.ok(isReward(made) && typeof objective === "object");
    assert.equal({ reward: made.name, ...made.writing }, { ...objective });
  }
  const { objective } = rewarded[0]!;
  assert.ok(typeof objective === "object");
  assert.is(plannedObjective("f1"), "f1");
  assert.is(plannedObjective(undefined), undefined);
  throwsWith(() => plannedObjective({ ...objective, reward: "asked wrod" as never }), "objective.reward: expected one of asked word, asked form"); // prettier-ignore
});

/** Prompts and choices in the letters of a tiny model's tokenizer. */
async function sources(): Promise<Sources> {
  const lines = Array.from({ length: 24 }, (_, i) => ({ word: "abcdefgh"[i % 8], most: 1 + (i % 3), answer: "a" }));
  writeFileSync(files.file("asked.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const asked = await loadTask(promptTask({ name: "asked", file: files.file("asked.jsonl"), template: "say {word}", answer: "answer", columns: ["most"] })); // prettier-ignore
  const example = (i: number) => ({
    fields: { premise: `it fell ${"abcdefghijklmnopqrstuvwxyz"[i % 26]}`, first: "a", second: "b", question: "effect" },
    label: i % 2,
    where: { file: "made", line: i + 1 },
  });
  const choices = {
    task: copa,
    splits: { train: Array.from({ length: 20 }, (_, i) => example(i)), validation: [20, 21, 22, 23].map(example), test: null }, // prettier-ignore
    origin: { kind: "samples", description: "made", hash: "0" } as const,
    notices: [],
  };
  return {
    cacheDirectory: files.file("cache"),
    openModel: async () => loadModel(tinyFolder("llama", files.file("llama")), []),
    openTask: async (name) => (name === "copa" ? choices : asked),
  };
}

/** A cell of the rewarded part with few prompts and tokens. */
function small({ settings, ...cell }: Cell<PlannedRun>): Cell<PlannedRun> {
  const { arm, objective } = settings;
  if (isStill(arm) || typeof objective !== "object") throw new Error("an arm that is rewarded");
  const few: PlannedRun = {
    ...settings,
    problem: { batchSize: 2, train: 6, dev: 4, test: 5 },
    arm: { ...arm, batchSize: 2, budget: { kind: "forward-passes", forwardPasses: 16 } },
    objective: { ...objective, stop: null, newTokens: 3 },
    drift: { task: "copa", problem: { train: 2, dev: 3, test: 2 } },
    evaluateEvery: 1,
  };
  return { ...cell, settings: few, key: recordKey(few), fitted: () => few };
}

test("a rewarded run records rewards on dev, drift, and answers to held-out prompts before and after; tables read them", async () => {
  const runner = studyRunner(await sources());
  const note = { commit: "", machine: "", command: "", startedAt: "" };
  const cell = small(cells.find(({ task, arm }) => task === "asked-word" && arm === "xs-groups")!);
  try {
    const result = await runner.run(cell, { path: files.file("run.jsonl"), signal: undefined, onEvent: () => undefined, note }); // prettier-ignore
    const { record } = cellRecord(cell, result, note, "2026-01-01");
    const { evaluations } = record!.history;
    assert.is(record!.reason, "finished");
    assert.equal(evaluations.map(({ forwardPasses }) => forwardPasses), [0, 8, 16]); // prettier-ignore
    for (const { objective, driftLoss, driftAccuracy } of evaluations)
      assert.ok(objective! >= 0 && objective! <= 1 && driftLoss! > 0 && driftAccuracy! >= 0);
    const { written, test: onTest, bestStep } = result.extra;
    assert.is(onTest, null);
    assert.equal([written!.before.length, written!.after.length, written!.examples.length], [5, 5, 5]);
    written!.examples.forEach(({ before, after }, i) =>
      assert.equal([before.reward, after.reward], [written!.before[i], written!.after[i]]),
    );
    if (bestStep === 0) assert.equal(written!.after, written!.before);

    const [found] = objectiveArms([{ cell, record: record! }]);
    assert.equal([found!.part, found!.arm, found!.perturbationScale, found!.runs.length], ["asked-word", "xs-groups", 0.1, 1]); // prettier-ignore
    assert.is(found!.runs[0]!.best.objective, Math.max(...evaluations.map(({ objective }) => objective!)));
    assert.ok(meanReward(written!.before)! >= 0);
    const [line] = evaluationLines([found!], ({ arm }) => arm, ({ objective }) => objective); // prettier-ignore
    assert.equal(line!.points, evaluations.map(({ forwardPasses: x, objective: y }) => ({ x, y: y! }))); // prettier-ignore
  } finally {
    await runner.dispose();
  }
});

test.run();
