import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decidingFiles } from "../../src/experiment/deciding-files";
import { changedSources, sourceHashes } from "../../src/train/sources";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { quadraticRun } from "../support/analytic-runs";
import { killableRun } from "../support/killable-run";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("train/sources");
const files = scratch();
test.after(() => files.remove());

/** Works in a copy of src, where files may be changed. */
function inCopy<T>(work: (edit: (file: string, from: string | RegExp, to: string) => void) => T): T {
  const [folder, here] = [files.file("copy"), process.cwd()];
  mkdirSync(folder, { recursive: true });
  cpSync("src", `${folder}/src`, { recursive: true });
  process.chdir(folder);
  try {
    return work((file, from, to) => {
      const text = readFileSync(file, "utf8");
      assert.is.not(text.replace(from, to), text, `${file} holds no ${String(from)}`);
      writeFileSync(file, text.replace(from, to));
    });
  } finally {
    process.chdir(here);
  }
}

test("the files that decide: loop, schedule, estimator, optimizer, operations, adapters, models, engines, readouts; no displays", () => {
  const found = Object.keys(decidingFiles()!);
  for (const file of (
    "train/train schedule/power-law estimator/probes/two-sided optimizer/step random/normals tree/vector tt/initial ops/dual adapter/lora " +
    "model/llama engine/onnx/session engine/tfjs/serve task/token-objective task/readout experiment/run-arm weights/super-blocks"
  ).split(" "))
    assert.ok(found.includes(`src/${file}.ts`), file);
  assert.ok(found.includes("src/engine/onnx/worker.cjs"));
  assert.equal(
    found.filter((file) => /^src\/(check|disk|text|table|plot|notebook)\//.test(file)),
    [],
  );
});

test("a change of what is computed changes its file's hash alone; comments, indentation and empty lines change none", () => {
  inCopy((edit) => {
    const before = decidingFiles()!;
    const now = () => changedSources(before, decidingFiles()!);
    edit("src/schedule/power-law.ts", /^/, "// a note\n\n/* another,\n   longer one */\n");
    edit("src/schedule/power-law.ts", /\n {2}return/g, "\n      return");
    edit("src/notebook/display.ts", /$/, "\nexport const more = 1;\n");
    assert.equal(now(), []);
    edit("src/schedule/power-law.ts", /\breturn /, "return 10 * ");
    assert.equal(now(), ["src/schedule/power-law.ts"]);
    writeFileSync("src/schedule/more.ts", "export const more = 1;\n");
    edit("src/schedule/schedule.ts", /^/, 'import { more } from "./more";\n');
    assert.equal(now(), ["src/schedule/more.ts", "src/schedule/power-law.ts", "src/schedule/schedule.ts"]);
  });
});

test("types are not followed, later imports and workers are; without the project nothing is known", () => {
  const root = files.file("made");
  mkdirSync(root);
  const write = (name: string, text: string): void => writeFileSync(`${root}/${name}`, text);
  write(
    "a.ts",
    'import type { T } from "./t";\nimport {\n  b,\n} from "./b";\nexport type { U } from "./u";\nconst c = await import("./c");\n',
  );
  write("b.ts", 'export { d } from "./d";\n');
  for (const name of ["c", "d", "t", "u"]) write(`${name}.ts`, `export const ${name} = 1;\n`);
  const found = Object.keys(sourceHashes([`${root}/a.ts`])!).map((file) => file.slice(root.length + 1));
  assert.equal(found, ["a.ts", "b.ts", "c.ts", "d.ts"]);
  assert.is(sourceHashes(["no/such/file.ts"]), null);
});

const before = { "src/a.ts": "1", "src/b.ts": "1" };
const after = { "src/a.ts": "1", "src/b.ts": "2", "src/c.ts": "1" };

/** A run that was stopped after three steps. */
async function begun(name: string): Promise<string> {
  const path = files.file(name);
  const stop = new AbortController();
  await trainInFile({ ...quadraticRun({ signal: stop.signal }), path, sources: before }, (event) => {
    if (event.kind === "step" && event.record.step === 3) stop.abort();
  });
  return path;
}

test("a begun run is not continued with other files unasked; asked, its record says from which step on", async () => {
  const path = await begun("begun.jsonl");
  assert.equal(readTrajectory(path)!.header.sources, before);
  const other = { ...quadraticRun(), path, sources: after };
  await rejectsWith(trainInFile(other), "since then src/b.ts, src/c.ts changed; it is not continued unasked");
  assert.is(readTrajectory(path)!.steps.length, 3);
  const warnings: string[] = [];
  const run = await trainInFile({ ...other, whenChanged: "continue" }, (event) => {
    if (event.kind === "warning" && event.about === "sources") warnings.push(event.message);
  });
  assert.equal([run.end.reason, warnings.length], ["finished", 1]);
  const text = readFileSync(path, "utf8");
  assert.match(text, '{"kind":"sources","step":3,"changed":{"src/b.ts":"2","src/c.ts":"1"},');
  assert.equal(readTrajectory(path)!.sources, after);
});

test("with the same files, and where they are not known, it goes on as before", async () => {
  for (const sources of [before, null]) {
    const path = await begun(`same-${String(sources === null)}.jsonl`);
    assert.is((await trainInFile({ ...quadraticRun(), path, sources })).end.reason, "finished");
  }
});

test("a finished run is returned from its snapshot with the names of changed files; without one it is not walked by them", async () => {
  for (const snapshotEvery of [10, 0]) {
    const path = files.file(`ended-${snapshotEvery}.jsonl`);
    const run = await trainInFile({ ...killableRun(0), path, snapshotEvery, sources: before });
    const again = trainInFile({ ...killableRun(0), path, snapshotEvery, sources: after });
    if (snapshotEvery === 0) await rejectsWith(again, "src/b.ts, src/c.ts changed; it is not continued unasked");
    else assert.equal([(await again).point, (await again).best!.point], [run.point, run.best!.point]);
  }
});

test.run();
