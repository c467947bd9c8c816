import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import type { Cell } from "../../src/experiment/cells";
import { cellsOf } from "../../src/experiment/cells";
import { mappedTasks } from "../../src/experiment/mapped-tasks";
import type { Sources } from "../../src/experiment/open-run";
import type { PlannedRun } from "../../src/experiment/plan";
import { isStill } from "../../src/experiment/plan";
import { recordKey } from "../../src/experiment/record-key";
import { robustGrid } from "../../src/experiment/robust-grid";
import { checkAfter } from "../../src/experiment/run-after";
import { studyRunner } from "../../src/experiment/study-run";
import type { StudyExtra } from "../../src/experiment/study-run";
import { sst2 } from "../../src/task/defs/sst2";
import { loadTask } from "../../src/task/load-task";
import type { LoadedTask } from "../../src/task/loaded-task";
import { mappedTask } from "../../src/task/mapped-task";
import { readTrajectory } from "../../src/train/trajectory";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";
import { tinyModel } from "../support/tiny-models";

const test = suite("experiment/robust-grid");
const files = scratch();
test.after(() => files.remove());

const cells = cellsOf(robustGrid());

test("arms of as many rates and seeds, each scored afterwards at five shares on other tasks", () => {
  assert.is(cells.length, 6 * 2 * 3 + 2 * 2 * 3);
  assert.is(new Set(cells.map(({ key }) => key)).size, cells.length);
  for (const { settings } of cells) {
    assert.equal(settings.after!.shares, [0, 0.25, 0.5, 0.75, 1]);
    assert.is(settings.problem.readout, "captions");
    assert.ok(!isStill(settings.arm));
    const drops = "dropping" in settings.arm;
    assert.is(drops, ["linear-dropping", "r-adapter", "r-adapter-contrast"].includes(settings.arm.name), settings.arm.name); // prettier-ignore
    assert.is("contrast" in settings.problem, settings.arm.name === "r-adapter-contrast");
  }
});

/** Short words for a tokenizer of letters: of one class those that begin with a vowel. */
function words(name: string, first: number): LoadedTask {
  const word = (i: number): string => `${i % 2 === 0 ? "e" : "t"}${"abcdefghij"[i % 10]!}${"klmnopqrst"[Math.floor(i / 10) % 10]!}${"uvwxyz"[i % 6]!}`; // prettier-ignore
  const examples = (from: number) =>
    Array.from({ length: 30 }, (_, i) => ({
      fields: { sentence: word(from + i) },
      label: i % 2,
      where: { file: name, line: i + 1 },
    }));
  return {
    task: { ...sst2, name },
    splits: { train: examples(first), validation: examples(first + 30), test: null },
    origin: { kind: "samples", description: name, hash: name },
    notices: [],
  };
}

const sources: Sources = {
  openModel: async () => loadModel(tinyFolder("bert", files.file("bert")), []),
  openTask: async (name) => words(name, name === "sst2" ? 0 : 40),
};

/** A cell of the grid with few steps and texts, on the project's own reviews both times. */
function small({ settings, ...cell }: Cell<PlannedRun>): Cell<PlannedRun> {
  const { arm } = settings;
  if (isStill(arm)) throw new Error("an arm without steps");
  const few: PlannedRun = {
    ...settings,
    problem: {
      ...settings.problem,
      batchSize: 4,
      train: 8,
      dev: 6,
      test: 7,
      captions: [
        ["bad", "poor"],
        ["good", "fine"],
      ],
    },
    arm: { ...arm, batchSize: 4, budget: { kind: "steps", steps: 2 } },
    evaluateEvery: 1,
    after: { shares: [0, 0.5, 1], tasks: [{ task: "reviews", problem: { test: 9 } }] },
  };
  return { ...cell, settings: few, key: recordKey(few), fitted: () => few };
}

test("each arm runs to its end and records its scores; at share 0 all of them are the frozen model", async () => {
  const runner = studyRunner(sources);
  try {
    const zero: number[][] = [];
    for (const cell of cells.filter(
      ({ task, seed, learningRate, arm }) =>
        task === "sst2" && seed === 0 && learningRate === (arm === "robust-all-weights" ? 1e-4 : 1e-3),
    )) {
      const { arm } = cell;
      const path = files.file(`${arm}.jsonl`);
      const result = await runner.run(small(cell), { path, signal: undefined, onEvent: () => undefined, note: { commit: "", machine: "", command: "", startedAt: "" } }); // prettier-ignore
      const { after } = result.extra as StudyExtra;
      assert.is(after!.point, arm === "linear-accumulation" || arm.startsWith("r-adapter") ? "running mean" : "last");
      assert.equal(after!.shares.map(({ share, scores }) => [share, scores.map(({ task, count }) => [task, count])]), [0, 0.5, 1].map((share) => [share, [["sst2", 7], ["reviews", 9]]])); // prettier-ignore
      const [none, , whole] = after!.shares.map(({ scores }) => scores.map(({ loss }) => loss));
      if (arm !== "r-adapter-contrast") zero.push(none!);
      assert.is.not(none![0], whole![0]);
      const { header, steps } = readTrajectory(path)!;
      assert.is(header.settings.dropping, arm === "linear-dropping" || arm.startsWith("r-adapter") ? 0.2 : undefined);
      assert.is(steps.length, 2);
    }
    assert.is(zero.length, 5);
    for (const losses of zero) near(losses, zero[0]!, 1e-5);
  } finally {
    await runner.dispose();
  }
});

test("what cannot be scored afterwards is refused before the run", async () => {
  const runner = studyRunner(sources);
  try {
    const cell = small(cells.find(({ arm }) => arm === "linear-plain")!);
    const run = (changes: Partial<PlannedRun>) =>
      runner.run({ ...cell, settings: { ...cell.settings, ...changes }, fitted: () => ({ ...cell.settings, ...changes }) }, { path: files.file("never.jsonl"), signal: undefined, onEvent: () => undefined, note: { commit: "", machine: "", command: "", startedAt: "" } }); // prettier-ignore
    const captions = [["worse"], ["better"]];
    await rejectsWith(
      run({ after: { shares: [1], tasks: [{ task: "reviews", problem: { captions } }] } }),
      "after.tasks[0]: expected a task that is read as sst2 is",
    );
    await rejectsWith(run({ problem: { ...cell.settings.problem, captions: [["bad"]] } }), "captions: expected at least one sentence for each of negative, positive"); // prettier-ignore
    await rejectsWith(run({ problem: { ...cell.settings.problem, readout: "probe" } }), 'readout: expected "captions"');
    assert.is(readTrajectory(files.file("never.jsonl")), null);
  } finally {
    await runner.dispose();
  }
});

test("shares need an adapter whose change has them", () => {
  const { model } = tinyModel("bert");
  const bottleneck = makeAdapter({ kind: "bottleneck", placement: "roberta", bottleneck: 2, activation: "relu", scale: 1 }, model); // prettier-ignore
  throwsWith(() => checkAfter({ shares: [0.5], tasks: [] }, bottleneck, []), "adapter: expected one whose change is proportional"); // prettier-ignore
  throwsWith(() => checkAfter({ shares: [], tasks: [] }, bottleneck, []), "after.shares: expected at least one share");
});

test("classes are mapped as worked, and a map that does not fit is refused", async () => {
  const loaded = await loadTask("trec", {});
  const [own] = [loaded.splits.train!];
  const labels = ["about people", "about the rest"];
  const to = [1, null, 1, 0, 1, 1];
  const mapped = mappedTask(loaded, { name: "two", title: "Two", labels, to });
  assert.equal([mapped.task.name, mapped.origin], ["two", loaded.origin]);
  assert.equal(
    mapped.splits.train!.map(({ label, where }) => [label, where.line]),
    own.flatMap(({ label, where }) => (to[label] === null ? [] : [[to[label], where.line]])),
  );
  assert.match(mapped.notices.at(-1)!, /two: texts of .* left out/);
  throwsWith(() => mappedTask(loaded, { name: "two", title: "", labels, to: [0, 1] }), "two.to: expected a place or null for each of"); // prettier-ignore
  throwsWith(() => mappedTask(loaded, { name: "two", title: "", labels, to: [0, 0, 0, 0, 0, 0] }), "two.to: expected a class that becomes about the rest"); // prettier-ignore
  throwsWith(() => mappedTask(loaded, { name: "two", title: "", labels, to: [0, 1, 2, 0, 0, 0] }), "two.to: expected places in"); // prettier-ignore
  const options = { sst5: 5, rte: 2, cb: 3 } as const;
  for (const { of, to: places, labels: classes } of Object.values(mappedTasks))
    assert.equal([places.length, classes.length], [options[of], 2]);
});

test.run();
