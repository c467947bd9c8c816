import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { besideOf } from "../../src/disk/whole-file";
import { mezo } from "../../src/optimizer/recipes";
import { claimTrajectory } from "../../src/train/claim";
import {
  compareRuns,
  deleteRun,
  findRun,
  keepSummary,
  listRuns,
  loadRun,
  newRun,
  runOf,
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

test("a damaged run is named with what to do, and keeps none of the others back", async () => {
  const store = files.file("damaged");
  const good = await keep(store, "good", 0.05);
  const damage = (id: string, file: string, content: string): void => {
    mkdirSync(join(store, id));
    writeFileSync(join(store, id, file), content);
  };
  const lines = readFileSync(good.path, "utf8").split("\n");
  damage("a-empty-summary", "summary.json", "");
  damage("b-no-summary", "summary.json", "[1]");
  damage("c-version", "trajectory.jsonl", '{"kind":"header","format":"adazeta-trajectory","version":2}\n');
  damage("d-in-the-middle", "trajectory.jsonl", [lines[0], "{oops", ...lines.slice(1)].join("\n"));
  damage("e-changed", "trajectory.jsonl", lines.join("\n").replace('"step":3,', '"step":3,"x":0,'));
  damage("f-not-text", "trajectory.jsonl", "\0\0\0\n\0\0\n");
  mkdirSync(join(store, "g-a-folder/trajectory.jsonl"), { recursive: true });
  const listed = listRuns(store);
  assert.equal(
    listed.filter(({ damaged }) => damaged === null).map(({ id, summary }) => [id, summary.steps]),
    [["good", 6]],
  );
  assert.is(listed.length, 8);
  for (const { damaged, summary, folder } of listed.filter(({ id }) => id !== "good")) {
    assert.ok(damaged!.includes(folder) && damaged!.includes("delete the folder"), damaged!);
    assert.is(summary.message, damaged);
  }
  assert.match(listed[2]!.damaged!, "trajectory.jsonl:1: version: expected 1, got 2");
  assert.match(listed[3]!.damaged!, "trajectory.jsonl:2: expected one JSON value");
  assert.is(compareRuns(store, "good", "good").length, 2);
  throwsWith(() => compareRuns(store, "good", "d-in-the-middle"), "trajectory.jsonl:2: ");
  for (const { id } of listed) deleteRun(store, id);
  assert.equal(listRuns(store), []);
});

test("a summary that is damaged or older than the trajectory is made anew from it", async () => {
  const store = files.file("summaries");
  const { path, folder } = await keep(store, "run", 0.05);
  const summary = join(folder, "summary.json");
  const text = readFileSync(summary, "utf8");
  for (const wrong of ["", "null", text.slice(0, 40), text.replace('"steps": 6', '"steps": 7')]) {
    writeFileSync(summary, wrong);
    const [run] = listRuns(store);
    assert.equal([run!.damaged, run!.summary.steps], [null, 6]);
  }
  writeFileSync(summary, text);
  writeFileSync(path, readFileSync(path, "utf8").split("\n").slice(0, 6).join("\n") + "\n");
  assert.is(listRuns(store)[0]!.summary.message, "cut off; it can be resumed");
});

test("a run that somebody works on is listed so, and not deleted", async () => {
  const store = files.file("working");
  const run = newRun(store, "now");
  const claim = claimTrajectory(run.path);
  assert.match(
    listRuns(store)[0]!.summary.message,
    `process ${process.pid} on this computer (this very one: another cell) works on it`,
  );
  throwsWith(() => deleteRun(store, "now"), "expected that nothing else works on it");
  claim.release();
  deleteRun(store, "now");
});

test("whoever asks for the run of a key gets the same place, also under a long name", () => {
  const store = files.file("keys");
  for (const name of ["AdaZeta", "a".repeat(70), "-".repeat(70), "été, ".repeat(20)]) {
    const key = `0badcaf${name.length % 10}`;
    const run = runOf(store, name, key);
    assert.ok(run.id.endsWith(key) && run.id.length <= 60, run.id);
    assert.is(runOf(store, name, key).id, run.id);
    assert.is(runOf(store, "another name", key).id, run.id);
  }
  assert.is(runOf(store, "AdaZeta", "12345678").id, "adazeta-12345678");
});

test("a list removes what dead writers left in runs' folders, and takes a saved adapter's folder for none", async () => {
  const store = files.file("swept");
  const { folder, path } = await keep(store, "run", 0.05);
  const living = besideOf(`${path}.snapshot`);
  writeFileSync(living, "");
  writeFileSync(living.replace(/\.\d+-\d*-/, `.${2 ** 22 + 7}-1-`), "");
  mkdirSync(join(store, "my-messages"));
  writeFileSync(join(store, "my-messages/adapter_config.json"), "{}");
  assert.equal(
    listRuns(store).map(({ id }) => id),
    ["run"],
  );
  assert.is(readdirSync(folder).filter((name) => name.endsWith(".part")).length, 1);
  throwsWith(() => deleteRun(store, "my-messages"), "run: expected one of run");
});

test.run();
