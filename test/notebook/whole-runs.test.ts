import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readRecords } from "../../src/experiment/store";
import { loadTask } from "../../src/task/load-task";
import { readTrajectory } from "../../src/train/trajectory";
import { findModel, missingModel, rootOf } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

const test = suite("notebook/whole-runs");
const files = scratch();
test.after(() => files.remove());
const withMinilm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));

/** Makes a folder with the project's code and nothing recorded: a command reads and writes from where it is started. */
function project(name: string): string {
  const folder = files.file(name);
  mkdirSync(folder);
  for (const part of ["src", "node_modules", "package.json", "tsconfig.json"])
    symlinkSync(resolve(part), `${folder}/${part}`);
  return folder;
}

async function writeTexts(): Promise<void> {
  const { splits } = await loadTask("trec", { hub: "off" });
  mkdirSync(files.file("data/TREC"), { recursive: true });
  for (const split of ["train", "test"] as const) {
    const lines = splits[split]!.map(({ label, fields }) => `${label} ${fields["question"]}\n`);
    files.file(`data/TREC/TREC.${split}.all`, lines.join(""));
  }
}

/** Runs the command in a folder. @param each looks at it every 20 milliseconds */
async function experiment(folder: string, words: readonly string[], each?: (interrupt: () => void) => void) {
  const env = {
    ...process.env,
    ADAZETA_DATA_DIR: files.file("data"),
    ADAZETA_MODEL_DIR: resolve(rootOf("minilm") ?? ""),
  };
  const child = spawn(process.execPath, ["--import", "tsx", "src/notebook/run-experiment.ts", ...words], { cwd: folder, env }); // prettier-ignore
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const timer = setInterval(() => each?.(() => child.kill("SIGINT")), 20);
  const status = await new Promise((ended) => child.on("exit", ended));
  clearInterval(timer);
  return { status, said };
}

const path = "data/results/glue-roberta.jsonl";
/** Records by key, without when they were made and how long that took. */
const recordsOf = (folder: string): readonly string[] =>
  readRecords(`${folder}/${path}`)
    .records.map((record) =>
      JSON.stringify(record, (name, value: unknown) => (/^(startedAt|endedAt|elapsedMs)$/.test(name) ? 0 : value)),
    ) // prettier-ignore
    .sort();

withMinilm(
  test,
  "two workers make a grid's runs on MiniLM as one process makes them, and Ctrl-C keeps what they have begun",
  async () => {
    await writeTexts();
    const words = ["glue-roberta", "--tasks", "trec", "--only", "zero-shot,linear-probe", "--seeds", "0"];
    const [one, two] = [project("one"), project("two")];
    const alone = await experiment(one, words);
    assert.is(alone.status, 0, alone.said);
    const spread = await experiment(two, [...words, "--workers", "2", "--whole-runs"]);
    assert.is(spread.status, 0, spread.said);
    assert.match(spread.said, "glue-roberta: 2 recorded, 0 were there, 0 failed");
    assert.is(recordsOf(two).length, 2);
    assert.equal(recordsOf(two), recordsOf(one), "commands that say where a run is made are left out of records");

    const partial = `${two}/.cache/experiments`;
    const steps = (): number => {
      const name = existsSync(partial) && readdirSync(partial).find((file) => file.endsWith(".jsonl"));
      return name ? (readTrajectory(`${partial}/${name}`)?.steps.length ?? 0) : 0;
    };
    const trained = ["glue-roberta", "--tasks", "trec", "--only", "mezo-lora", "--seeds", "0", "--rates", "3e-3"];
    let interrupted = false;
    const cut = await experiment(two, [...trained, "--workers", "1", "--whole-runs"], (interrupt) => {
      if (interrupted || steps() < 3) return;
      interrupted = true;
      interrupt();
    });
    assert.is(cut.status, 130, cut.said);
    assert.match(cut.said, "stopped after step");
    assert.ok(steps() >= 3);
    assert.equal(
      readdirSync(partial).filter((file) => file.endsWith(".lock")),
      [],
    );
  },
);

test.run();
