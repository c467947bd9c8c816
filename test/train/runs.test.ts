import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mezo } from "../../src/optimizer/method";
import {
  compareRuns,
  deleteRun,
  findRun,
  keepSummary,
  listRuns,
  loadRun,
  newRun,
  safeName,
} from "../../src/train/runs";
import { trainInFile } from "../../src/train/train-in-file";
import { quadraticRun, settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("train/runs");
const files = scratch();
test.after(() => files.remove());

async function keep(store: string, name: string, learningRate: number, evaluate = quadraticRun().evaluate) {
  const run = newRun(store, name);
  const settings = settingsOf({ method: mezo({ learningRate }) });
  keepSummary(run, name, await trainInFile({ ...quadraticRun({ settings, evaluate }), path: run.path }));
  return run;
}

test("a name becomes a folder name and never a path", () => {
  assert.is(safeName("../AdaZeta, lr 3e-3"), "adazeta-lr-3e-3");
  assert.is(safeName("a/b\\c:d"), "a-b-c-d");
  assert.is(safeName("été"), "ete");
  assert.is(safeName("CON"), "run-con");
  throwsWith(() => safeName("../.."), "name: expected a name with a letter or a digit");
});

test("runs are kept, listed, loaded, compared and deleted", async () => {
  const store = files.file("runs");
  assert.equal(listRuns(store), []);
  await keep(store, "MeZO", 0.05);
  const second = await keep(store, "MeZO", 0.01);
  assert.is(second.id, "mezo-2");
  assert.equal(
    listRuns(store).map(({ id, summary }) => [id, summary.name, summary.steps]),
    [
      ["mezo", "MeZO", 6],
      ["mezo-2", "MeZO", 6],
    ],
  );
  assert.is(loadRun(store, "MeZO").trajectory.steps.length, 6);
  assert.is(compareRuns(store, "mezo", "mezo-2")[0], "settings.method.learningRate.value: mezo 0.05, mezo-2 0.01");
  deleteRun(store, "mezo");
  assert.equal(
    listRuns(store).map(({ id }) => id),
    ["mezo-2"],
  );
  throwsWith(() => loadRun(store, "mezo"), "run: expected one of mezo-2, got");
});

test("a run that was cut off is listed from its trajectory, one whose loss was NaN keeps it", async () => {
  const store = files.file("cut");
  writeFileSync(newRun(store, "killed").path, '{"kind":"hea');
  await keep(store, "nan", 0.01, async () => ({ loss: NaN, accuracy: 0 }));
  const [killed, nan] = listRuns(store);
  assert.is(killed.summary.message, "cut off; it can be resumed");
  assert.ok(Number.isNaN(nan.summary.last!.loss));
  assert.is(nan.summary.best, null);
});

test("nothing outside the store is found or deleted", () => {
  const store = files.file("fenced");
  newRun(store, "mine");
  mkdirSync(files.file("outside"));
  throwsWith(() => deleteRun(store, "../outside"), "run: expected one of mine");
  throwsWith(() => findRun(store, ".."), "expected a name");
  assert.ok(existsSync(files.file("outside")));
});

test.run();
