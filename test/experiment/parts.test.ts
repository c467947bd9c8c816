import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf, selectCells } from "../../src/experiment/cells";
import { compactHistory } from "../../src/experiment/history";
import { takeLock, withLock } from "../../src/disk/lock";
import { listCells, parseOptions } from "../../src/experiment/options";
import { duration, progressLine } from "../../src/experiment/progress";
import { recordKey } from "../../src/experiment/record-key";
import { viewStore } from "../../src/experiment/store";
import type { EvaluationRecord, StepRecord } from "../../src/train/records";
import type { Part } from "../../src/experiment/cells";
import type { RunSettings } from "../../src/train/settings";
import { cells, part } from "../support/analytic-grid";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("experiment/parts");
const files = scratch();
test.after(() => files.remove());

test("a grid is arms x seeds x learning rates, seed by seed and rate by rate", () => {
  assert.equal(
    cells.slice(0, 5).map(({ arm, seed, learningRate }) => [arm, seed, learningRate]),
    [
      ["mezo", 0, 0.01],
      ["adazeta", 0, 0.01],
      ["mezo", 0, 0.03],
      ["adazeta", 0, 0.03],
      ["mezo", 1, 0.01],
    ],
  );
  assert.is(new Set(cells.map(({ key }) => key)).size, 8);
});

test("stages come one after another, the tasks of a stage take turns seed by seed", () => {
  const named = (task: string, seeds: readonly number[]): Part<RunSettings> => ({
    ...part,
    task,
    seeds,
    learningRates: [0.01],
  });
  const turns = cellsOf({ name: "turns", stages: [[named("a", [0, 1]), named("b", [7])], [named("c", [0])]] });
  assert.equal(
    turns.filter(({ arm }) => arm === "mezo").map(({ task, seed }) => `${task}${seed}`),
    ["a0", "b7", "a1", "c0"],
  );
});

test("a grid that contradicts itself is refused before any work", () => {
  const cellsWith = (changes: Partial<Part<RunSettings>>) => () =>
    cellsOf({ name: "g", stages: [[{ ...part, ...changes }]] });
  throwsWith(
    cellsWith({ arms: [...part.arms, part.arms[0]] }),
    'g, part 0: arms: expected distinct names, got "mezo twice"',
  );
  throwsWith(cellsWith({ arms: [] }), "arms: expected at least one");
  throwsWith(cellsWith({ seeds: [] }), "seeds: expected at least one");
  throwsWith(cellsWith({ seeds: [1, 1] }), 'seeds: expected distinct seeds, got "1 twice"');
  const fewer = { ...part.arms[0], name: "fewer", learningRates: [1, 2, 3] };
  throwsWith(
    cellsWith({ arms: [...part.arms, fewer] }),
    "learning rates of fewer: expected 2, as many as the others, got 3",
  );
  throwsWith(() => parseOptions(["x", "--seeds", "1,0-2"]), "--seeds: expected each seed once");
  throwsWith(() => parseOptions(["x", "--scale", "huge"]), '--scale: expected "tiny" or "full"');
});

test("a key depends on settings, not on the order of their properties", () => {
  assert.is(recordKey({ seed: 0, rank: 8 }), recordKey({ rank: 8, seed: 0 }));
  assert.is.not(recordKey({ seed: 0 }), recordKey({ seed: 1 }));
  assert.is(recordKey({ seed: 0 }).length, 16);
});

test("a selection takes arms, seeds and rates, and each key once", () => {
  const some = selectCells(cells, { only: ["adazeta"], seeds: [1], learningRates: null });
  assert.equal(
    some.map(({ arm, seed }) => [arm, seed]),
    [
      ["adazeta", 1],
      ["adazeta", 1],
    ],
  );
  assert.is(selectCells([...cells, ...cells], { only: null, seeds: null, learningRates: null }).length, 8);
  throwsWith(
    () => selectCells(cells, { only: ["adam"], seeds: null, learningRates: null }),
    "--only: expected one of mezo, adazeta",
  );
  throwsWith(
    () => selectCells(cells, { only: null, tasks: ["trec"], seeds: null, learningRates: null }),
    "--tasks: expected one of",
  );
});

test("the command line is read, and what it does not know is refused", () => {
  assert.equal(parseOptions(["divergence", "--only", "a,b", "--seeds", "0-2,5", "--rates=1e-3", "--list"]), {
    name: "divergence",
    scale: "tiny",
    only: ["a", "b"],
    tasks: null,
    seeds: [0, 1, 2, 5],
    learningRates: [0.001],
    list: true,
    oddities: {},
    share: null,
    workers: null,
    wholeRuns: false,
    remake: false,
  });
  assert.equal(parseOptions(["--oddities", "referenceDev,testForDev"]).oddities, {
    referenceDev: true,
    testForDev: true,
  });
  assert.equal(parseOptions([]).seeds, null);
  throwsWith(() => parseOptions(["--seeds", "x"]), "--seeds: expected numbers");
  throwsWith(() => parseOptions(["--seeds", "3-1"]), "--seeds: expected numbers or ranges");
  throwsWith(() => parseOptions(["--oddities", "odd"]), "--oddities: expected referenceDev, testForDev, keepRepeats");
  throwsWith(() => parseOptions(["--fast"]), "--fast");
});

test("a list says what is to do, and needs no lock", () => {
  const store = viewStore({ recordsPath: files.file("none.jsonl"), partialFolder: files.file("none") });
  assert.is(listCells(cells.slice(0, 1), store)[0], `to do     ${cells[0].key}  mezo, seed 0, learning rate 0.01`);
});

test("a progress line fits a terminal", () => {
  const progress = { what: "mezo, seed 0", done: 3, total: 30, share: 0.456, elapsedMs: 720_000, message: "" };
  assert.is(
    progressLine({ ...progress, state: "running", remainingMs: 7_530_000 }),
    "3/30 mezo, seed 0: 45 %, 12 min passed, about 2 h 6 min left",
  );
  assert.is(
    progressLine({ ...progress, state: "failed", remainingMs: null, message: "no model" }),
    "3/30 mezo, seed 0: failed (no model), 12 min passed",
  );
  assert.is(duration(59_400), "59 s");
});

test("a history keeps every evaluation and thins its steps, the last one included", () => {
  const step = {
    kind: "step",
    epoch: 0,
    queries: 1,
    projectedGradients: [1],
    learningRate: 1,
    directionalPasses: 0,
  } as const;
  const steps: StepRecord[] = Array.from({ length: 10 }, (_, i) => ({
    ...step,
    step: i + 1,
    forwardPasses: 2 * i + 2,
    loss: i === 9 ? NaN : 1 / 3,
    rmsProjectedGradient: 1,
    weightNorm: 123456.789,
    elapsedMs: 0,
  }));
  const evaluation = {
    kind: "evaluation",
    step: 0,
    forwardPasses: 0,
    evaluationPasses: 1,
    accuracy: 0.5,
    elapsedMs: 0,
  } as const;
  const evaluations: EvaluationRecord[] = [{ ...evaluation, loss: Infinity }];
  const history = compactHistory(steps, evaluations, 4); // every third, and the last
  assert.equal(history.steps.step, [3, 6, 9, 10]);
  assert.equal(history.steps.loss, [0.333333, 0.333333, 0.333333, null]);
  assert.is(history.steps.weightNorm[0], 123457);
  assert.is(history.evaluations[0].loss, null);
});

test("a lock is held once, given back, and taken over from a process that is gone", () => {
  const path = files.file("a.lock");
  const lock = takeLock(path);
  throwsWith(
    () => takeLock(path),
    `got process ${process.pid} on this computer (this very one: another cell); wait for it to end`,
  );
  lock.release();
  assert.not.ok(existsSync(path));
  // the same number, another start: the process that held it is gone and its number was given out again
  const before = JSON.parse(holderText(path)) as { pid: number };
  writeFileSync(path, JSON.stringify({ ...before, processStart: "1" }));
  if (existsSync("/proc/self/stat")) takeLock(path).release();
  writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, processStart: "1", host: hostname() }));
  takeLock(path).release();
  writeFileSync(path, "not a lock");
  takeLock(path).release();
  writeFileSync(path, JSON.stringify({ pid: 1, processStart: null, host: "elsewhere" }));
  throwsWith(() => takeLock(path), "on elsewhere; delete");
});

test("short work under a lock gives it back, waits for a living holder alone, and passes other errors on at once", () => {
  const path = files.file("short.lock");
  assert.is(
    withLock(path, () => 7),
    7,
  );
  throwsWith(
    () =>
      withLock(path, () => {
        throw new Error("half done");
      }),
    "half done",
  );
  assert.not.ok(existsSync(path));
  const lock = takeLock(path);
  throwsWith(() => withLock(path, () => 7, 30), `got process ${process.pid} on this computer`);
  lock.release();
  writeFileSync(files.file("a-file"), "");
  // no folder can be made there: with a patience of an hour this would not end
  throwsWith(() => withLock(files.file("a-file/x.lock"), () => 7, 3_600_000), "a-file");
});

function holderText(path: string): string {
  const lock = takeLock(path);
  const text = readFileSync(path, "utf8");
  lock.release();
  return text;
}

test.run();
