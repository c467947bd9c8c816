import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fetchModel } from "../../src/engine/load-model";
import { experiments } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import type { Cell } from "../../src/experiment/cells";
import { isStill } from "../../src/experiment/plan";
import type { PlannedRun } from "../../src/experiment/plan";
import { studyRunner } from "../../src/experiment/study-run";
import { taskNamed } from "../../src/task/tasks";
import type { LoadedTask } from "../../src/task/load-task";
import type { Example, Task } from "../../src/task/task";
import { hubSnapshot } from "../../src/weights/hub";
import { fullModels, writeFullModel } from "../support/full-models";
import { hubServer } from "../support/hub-server";
import { scratch } from "../support/scratch";

const test = suite("experiment/full-scale");
const files = scratch();
test.after(() => files.remove());

/** Texts of a few words for every field of a task. */
function madeTexts(task: Task): LoadedTask {
  const classes = task.kind === "classification" ? task.labels.length : 2;
  const exampleAt = (i: number): Example => ({
    fields: Object.fromEntries(Object.keys(task.fields).map((field) => [field, `${field[0]} ${i} so`])),
    label: task.kind === "generation" ? 0 : i % classes,
    ...(task.name === "record" && { candidates: ["a", `b${i}`], answers: [["a", `b${i}`][i % 2]] }),
    ...(task.kind === "generation" && { answers: [String(i)] }),
    group: String(i >> 1),
    where: { file: "made", line: i + 1 },
  });
  const part = (from: number, count: number) => Array.from({ length: count }, (_, i) => exampleAt(from + i));
  const [train, other] = [part(0, 6 * classes), part(100, 6)];
  return {
    task,
    splits: { train, validation: other, test: other },
    origin: { kind: "samples", description: `${task.name}, made`, hash: "0" },
    notices: [],
  };
}

/** The same run for two steps, on few texts. */
function twoSteps(cell: Cell<PlannedRun>): Cell<PlannedRun> {
  const { arm, problem } = cell.settings;
  const fewer =
    typeof problem.train === "number" ? { train: 8, dev: 4 } : { train: { perClass: 3 }, dev: { perClass: 1 } };
  const settings = {
    ...cell.settings,
    threads: 2,
    problem: { ...problem, ...fewer },
    arm: isStill(arm)
      ? arm.kind === "linear-probe"
        ? { ...arm, strengths: [1e-3] }
        : arm
      : { ...arm, budget: { kind: "steps", steps: 2 } as const },
  };
  return { ...cell, settings };
}

/** All arms on the first task of a model, then one arm after another on the other tasks: every arm and every task. */
function configurations(model: string): readonly Cell<PlannedRun>[] {
  const all = experiments("full")
    .flatMap((grid) => cellsOf(grid))
    .filter(({ settings }) => settings.model === model);
  const seen = new Set<string>();
  const distinct = all.filter((cell) => {
    const key = `${cell.experiment} ${cell.task} ${cell.arm}`;
    return !seen.has(key) && seen.add(key);
  });
  const tasks = [...new Set(distinct.map(({ task, experiment }) => `${experiment} ${task}`))];
  return tasks.flatMap((name, i) => {
    const ofTask = distinct.filter(({ task, experiment }) => `${experiment} ${task}` === name);
    return i === 0 || name.startsWith("ablation") ? ofTask : [ofTask[i % ofTask.length]];
  });
}

for (const full of fullModels) {
  const short = full.repository.replace(/^.*\//, "");
  test(`${short}: every arm and every task of the paper's tables takes two steps on generated weights from the hub`, async () => {
    const served = writeFullModel(full, files.file(short));
    const hub = await hubServer(full.repository, { main: served }, { type: "models" });
    const options = { endpoint: hub.endpoint, cacheDirectory: files.file(`${short}-hub`) };
    const runner = studyRunner({
      openModel: (name) =>
        fetchModel(name, [], async (repository) => (await hubSnapshot(repository, null, options)).folder),
      openTask: (name) => Promise.resolve(madeTexts(taskNamed(name))),
    });
    try {
      for (const [i, cell] of configurations(short).map(twoSteps).entries()) {
        const what = `${cell.experiment} ${cell.task}: ${cell.arm}`;
        const result = await runner.run(cell, {
          path: files.file(`${short}-${i}.jsonl`),
          signal: undefined,
          onEvent: () => undefined,
          note: { commit: "0", machine: "test", command: "test", startedAt: "2026-01-01T00:00:00.000Z" },
        });
        assert.ok(Number.isFinite(result.extra.test?.loss), what);
        if ("run" in result) assert.equal([result.run.steps.length, result.run.end.reason], [2, "finished"], what);
      }
    } finally {
      await runner.dispose();
      await hub.close();
    }
  });
}

test.run();
