import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readRecords } from "../../src/experiment/store";
import { loadTask } from "../../src/task/load-task";
import { readTrajectory } from "../../src/train/trajectory";
import { findModel, missingModel, rootOf } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

const test = suite("notebook/run-experiment");
const files = scratch();
test.after(() => files.remove());
const withMinilm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));

/** A folder with the project's code and nothing recorded: the command reads and writes from where it is started. */
const project = files.file("project");
mkdirSync(project);
for (const name of ["src", "node_modules", "package.json", "tsconfig.json"])
  symlinkSync(resolve(name), `${project}/${name}`);
const words = (...of: string[]) => ["--import", "tsx", "src/notebook/run-experiment.ts", ...of];
const inProject = {
  cwd: project,
  env: { ...process.env, ADAZETA_DATA_DIR: "", ADAZETA_MODEL_DIR: resolve(rootOf("minilm") ?? "") },
};
const command = (...of: string[]) => spawnSync(process.execPath, words(...of), { ...inProject, encoding: "utf8" });

test("a list names all 7 x 5 x 5 and 7 x 3 x 1 runs of Figure 1, and writes nothing", () => {
  const { status, stdout } = command("divergence", "--list");
  assert.is(status, 0);
  const lines = stdout.trim().split("\n");
  assert.is(lines.length, 175 + 21 + 2);
  assert.is(lines[0], "divergence-minilm-trec");
  assert.equal(readdirSync(project).sort(), ["node_modules", "package.json", "src", "tsconfig.json"]);
});

test("--list with a selection names its runs", () => {
  const { status, stdout } = command(
    "divergence-minilm-trec",
    "--list",
    "--only",
    "adazeta",
    "--seeds",
    "0-1",
    "--rates",
    "3e-3",
  );
  assert.is(status, 0);
  assert.equal(stdout.trim().split("\n").length, 1 + 2);
  assert.match(stdout, "adazeta, seed 1, learning rate 0.003");
});

test("--remake without a record that has a fault finds nothing to do; with some it lists exactly those", () => {
  const none = command("--remake");
  assert.equal([none.status, none.stdout], [0, "no record has a known fault: nothing to make again\n"]);
  mkdirSync(`${project}/data/results`, { recursive: true });
  const records = readRecords("data/results/divergence-minilm-trec.jsonl").records.slice(0, 4);
  const lines = records.map((record, i) => JSON.stringify(i % 2 === 0 ? record : { ...record, fault: "last-weight" }));
  writeFileSync(`${project}/data/results/divergence-minilm-trec.jsonl`, lines.map((line) => `${line}\n`).join(""));
  const { status, stdout } = command("--remake", "--list");
  rmSync(`${project}/data`, { recursive: true });
  rmSync(`${project}/.cache`, { recursive: true, force: true });
  assert.is(status, 0);
  const faulty = [records[1]!, records[3]!].map(({ key }) => key);
  // A run may be in several experiments: it is made once.
  assert.equal([...new Set([...stdout.matchAll(/^to do {5}(\w+)/gm)].map(([, key]) => key))].sort(), faulty.sort());
});

test("without a name or with an unknown one the usage is shown, with status 2", () => {
  for (const of of [[], ["convergence"]]) {
    const { status, stdout, stderr } = command(...of);
    assert.equal([status, stdout], [2, ""]);
    assert.match(stderr, "usage: npm run experiment -- NAME");
    assert.match(stderr, "divergence-minilm-trec, divergence-smollm2-sst2");
  }
  const { stderr } = command("held-outt");
  assert.match(stderr, 'NAME: no experiment begins with "held-outt"; nearest: held-out\n');
});

test("an unknown arm or seed is one clear line, with status 1; an unknown option is told with the usage, with status 2", () => {
  const only = command("divergence-minilm-trec", "--only", "adam");
  assert.is(only.status, 1);
  assert.match(only.stderr, "--only: expected one of adazeta, mezo-lora, lora-schedule");
  assert.is(only.stderr.trim().split("\n").length, 1);
  assert.match(
    command("divergence-minilm-trec", "--seeds", "9").stderr,
    "--seeds: expected one of 0, 1, 2, 3, 4, got 9",
  );
  const option = command("divergence", "--quickly");
  assert.is(option.status, 2);
  assert.match(option.stderr, /^Unknown option '--quickly'\n\nusage: npm run experiment/);
});

withMinilm(test, "Ctrl-C keeps what is done with status 130, and the same command goes on from there", async () => {
  const { splits } = await loadTask("trec", { hub: "off" });
  mkdirSync(files.file("data/TREC"), { recursive: true });
  for (const [split, name] of [
    ["train", "TREC.train.all"],
    ["test", "TREC.test.all"],
  ] as const)
    writeFileSync(
      files.file(`data/TREC/${name}`),
      splits[split]!.map(({ label, fields }) => `${label} ${fields["question"]}\n`).join(""),
    );
  const of = words("divergence-minilm-trec", "--only", "mezo-lora", "--seeds", "0", "--rates", "3e-3");
  const partial = `${project}/.cache/experiments`;
  const interrupted = async (steps: number) => {
    const child = spawn(process.execPath, of, {
      ...inProject,
      env: { ...inProject.env, ADAZETA_DATA_DIR: files.file("data") },
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const gone = new Promise((ended) => child.on("exit", ended));
    const timer = setInterval(() => {
      if (stepsIn(partial) < steps) return;
      clearInterval(timer);
      child.kill("SIGINT");
    }, 20);
    const status = await gone;
    clearInterval(timer);
    return { status, said };
  };
  const first = await interrupted(2);
  assert.is(first.status, 130, first.said);
  assert.match(first.said, "stopping after the current step; the same command goes on");
  const done = stepsIn(partial);
  assert.ok(done >= 2 && done < 240);
  assert.is((await interrupted(done + 1)).status, 130);
  assert.ok(stepsIn(partial) > done);
  const name = readdirSync(partial).find((file) => file.endsWith(".jsonl"))!;
  const { header } = readTrajectory(`${partial}/${name}`)!;
  assert.is(header.settings.method.name, "mezo");
  assert.match(
    JSON.stringify(header.note),
    "npm run experiment -- divergence-minilm-trec --only mezo-lora --seeds 0 --rates 3e-3",
  );
  assert.not.ok(existsSync(`${project}/data/results/divergence-minilm-trec.jsonl`));
  assert.not.ok(existsSync(`${partial}/divergence-minilm-trec.lock`));
});

/** Steps in the one trajectory of a folder; 0 before there is one. */
function stepsIn(folder: string): number {
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith(".jsonl")) : undefined;
  return name === undefined ? 0 : (readTrajectory(`${folder}/${name}`)?.steps.length ?? 0);
}

test.run();
