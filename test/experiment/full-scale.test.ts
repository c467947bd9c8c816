import { rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { grouped } from "../../src/check/grouped";
import { freeMemory } from "../../src/engine/free-memory";
import { fetchModel } from "../../src/engine/load-model";
import type { LoadedModel } from "../../src/engine/load-model";
import { experiments } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import type { Cell } from "../../src/experiment/cells";
import { FROZEN, isStill } from "../../src/experiment/plan";
import type { PlannedRun, StudyArm } from "../../src/experiment/plan";
import { studyRunner } from "../../src/experiment/study-run";
import { isExact } from "../../src/optimizer/method";
import { taskNamed } from "../../src/task/tasks";
import { hubSnapshot } from "../../src/weights/hub";
import { formatBytes } from "../../src/weights/memory";
import { llama2, robertaLarge, writeFullModel } from "../support/full-models";
import type { FullModel } from "../support/full-models";
import { hubServer } from "../support/hub-server";
import { madeTexts } from "../support/made-texts";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

const test = suite("experiment/full-scale");
const files = scratch();
test.after(() => files.remove());

/** The registry's name. @example shortName(llama2) // "llama-2-7b" */
const shortName = ({ repository }: FullModel): string => repository.replace(/^.*\/|-hf$/g, "").toLowerCase();

/** The same run for two steps, on few texts: also as it is fitted to the texts that are there. */
function twoSteps({ fitted, ...cell }: Cell<PlannedRun>): Cell<PlannedRun> {
  const settings = shortened(cell.settings);
  return { ...cell, settings, ...(fitted && { fitted: (train: number) => shortened(fitted(train)) }) };
}

function shortened(settings: PlannedRun): PlannedRun {
  const { arm, problem } = settings;
  const fewer =
    typeof problem.train === "number"
      ? { train: 2, dev: 1, test: 1 }
      : { train: { perClass: 3 }, dev: { perClass: 1 }, test: 6 };
  return { ...settings, threads: 2, problem: { ...problem, ...fewer }, arm: shorter(arm) };
}

function shorter(arm: StudyArm): StudyArm {
  if (isStill(arm)) return arm.kind === "linear-probe" ? { ...arm, strengths: [1e-3] } : arm;
  return { ...arm, adapter: onTwoLayers(arm.adapter), budget: { kind: "steps", steps: 2 } };
}

/** The upper half of the paper's layers is the upper one of two. */
function onTwoLayers(adapter: AdapterSpec): AdapterSpec {
  return "layers" in adapter && adapter.kind !== "full" ? { ...adapter, layers: { from: 1 } } : adapter;
}

/**
 * All arms on the first task of a model and all of the ablation, and on each other task one of these arms (default: all), in turn: every
 * arm and every task. Those that have the same adapter on the same model come together, since a session stays open for the next run.
 */
function configurations(full: FullModel, inTurn?: readonly string[]): readonly Cell<PlannedRun>[] {
  const ofModel = experiments("full")
    .flatMap((grid) => cellsOf(grid))
    .filter(({ settings }) => settings.model === shortName(full));
  const distinct = grouped(ofModel, ({ experiment, task, arm }) => `${experiment} ${task} ${arm}`).map(
    ([cell]) => cell,
  );
  const parts = grouped(distinct, ({ experiment, task }) => `${experiment} ${task}`);
  const chosen = parts.flatMap((cells, i) => {
    if (i === 0 || cells[0].experiment === "ablation") return cells;
    const some = cells.filter(({ arm }) => inTurn?.includes(arm) ?? true);
    return [some[i % some.length]];
  });
  return grouped(chosen, ({ settings: { arm, task } }) => {
    const features = taskNamed(task).kind === "classification";
    const backwards = !isStill(arm) && isExact(arm.method);
    return JSON.stringify([features, backwards, isStill(arm) ? FROZEN : arm.adapter]);
  }).flat();
}

/** A model as the hub gives it, fetched when it is first asked for. */
function fromHub(full: FullModel): () => Promise<LoadedModel> {
  const fetched = async (): Promise<LoadedModel> => {
    const folder = files.file(shortName(full));
    const hub = await hubServer(full.repository, { main: writeFullModel(full, folder) }, { type: "models" });
    const options = { endpoint: hub.endpoint, cacheDirectory: files.file("hub") };
    try {
      return await fetchModel(shortName(full), [], async (name) => (await hubSnapshot(name, null, options)).folder);
    } finally {
      await hub.close();
      rmSync(folder, { recursive: true });
    }
  };
  let opened: Promise<LoadedModel> | null = null;
  return () => (opened ??= fetched());
}

let runs = 0;

async function runAll(openModel: () => Promise<LoadedModel>, cells: readonly Cell<PlannedRun>[]): Promise<void> {
  const runner = studyRunner({
    cacheDirectory: files.file("engine"),
    openModel,
    openTask: (name) => Promise.resolve(madeTexts(taskNamed(name), { perClass: 6, other: 6 })),
  });
  try {
    for (const cell of cells.map(twoSteps)) {
      const what = `${cell.experiment} ${cell.task}: ${cell.arm}`;
      const result = await runner.run(cell, {
        path: files.file(`${runs++}.jsonl`),
        signal: undefined,
        onEvent: () => undefined,
        note: { commit: "0", machine: "test", command: "test", startedAt: "2026-01-01T00:00:00.000Z" },
      });
      assert.ok(Number.isFinite(result.extra.test?.loss), what);
      if ("run" in result) assert.equal([result.run.steps.length, result.run.end.reason], [2, "finished"], what);
    }
  } finally {
    await runner.dispose();
  }
}

/** Llama-2-7B's files here: as the hub has them (twice while they are fetched), and in the engine's form for two kinds of output. */
const DISK = 6e9;

/** @param memory what resident memory was measured to reach, and a little more */
function withRoom(memory: number): ReturnType<typeof skipUnless> {
  const { bavail, bsize } = statfsSync(tmpdir());
  const [free, disk] = [freeMemory(), bavail * bsize];
  return skipUnless(
    free >= memory && disk >= DISK,
    `needs ${formatBytes(memory)} of memory (${formatBytes(free)} free) and ${formatBytes(DISK)} of disk (${formatBytes(disk)} free)`,
  );
}

test("roberta-large: every arm and every task of the paper's tables takes two steps on generated weights from the hub", () =>
  runAll(fromHub(robertaLarge), configurations(robertaLarge)));

const llama = fromHub(llama2);
const onLlama = configurations(llama2, ["adazeta", "mezo-lora"]);
const [dear, others] = [true, false].map((all) => onLlama.filter(({ arm }) => (arm === "mezo") === all));

// The start, two points, the gradient, a perturbed point and the engine's own copy of it: six times 405 million numbers.
withRoom(11e9)(test, "llama-2-7b: MeZO on all of the weights takes two steps", async () => {
  assert.is(dear.length, 1);
  await runAll(llama, dear);
});

withRoom(6e9)(
  test,
  "llama-2-7b: every task, every change of the ablation and every other arm takes two steps, and answers are written",
  () => runAll(llama, others),
);

test.run();
