import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { besideOf, leftoversOf, writeWhole } from "../../src/disk/whole-file";
import { readTogether, settleFolder, writeFolder } from "../../src/disk/whole-folder";
import { settleFiles, writeFiles } from "../../src/disk/whole-set";
import { changesOf, cutOff } from "../support/cut-off";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("disk/whole");
const files = scratch();
test.after(() => files.remove());

const textOf = (path: string): string => readFileSync(path, "utf8");
const namesIn = (folder: string): readonly string[] => readdirSync(folder).sort();
const two = (text: string) => ({ "a.txt": `a ${text}`, "b.txt": `b ${text}` });
const saveTwo = (folder: string, text: string): void => writeFolder(folder, two(text), { last: "b.txt" });

test("a file is on the disk before it has its name, and its name before the writer goes on", () => {
  const path = files.file("order/a.json");
  const changes = changesOf(() => writeWhole(path, "new"));
  const from = changes.indexOf("writeSync");
  assert.equal(changes.slice(from), ["writeSync", "fsyncSync", "renameSync", "openSync", "fsyncSync"]);
  assert.is(textOf(path), "new");
});

test("killed before any of its changes a file is the old one or the new one, and the next write leaves nothing beside it", () => {
  const folder = files.file("killed-file");
  const path = join(folder, "a.json");
  writeWhole(path, "old");
  let kills = 0;
  while (cutOff(kills, () => writeWhole(path, "new"))) {
    assert.ok(["old", "new"].includes(textOf(path)), `killed before change ${kills}`);
    kills++;
    writeWhole(path, "old");
    assert.equal(namesIn(folder), ["a.json"]);
  }
  assert.ok(kills > 5, `${kills} kills`);
});

test("temporary files of dead writers are removed, those of living ones, and files of other names, stay", () => {
  const folder = files.file("left");
  const path = join(folder, "a.json");
  writeWhole(path, "1");
  const living = besideOf(path);
  const old = new Date(Date.now() - 7_200_000);
  const here = living.slice(path.length + 1).split("-")[2]!;
  const named = (name: string, age = old): string => {
    writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), age, age);
    return name;
  };
  writeFileSync(living, "");
  const start = living.slice(path.length + 1).split("-")[1]!;
  const gone = [
    named(`a.json.${2 ** 22 + 7}-1-${here}-00000001.part`, new Date()), // a process that is gone
    named(`a.json.${process.pid}-${Number(start) - 1}-${here}-00000002.part`, new Date()), // its number was given out again
    named("a.json.12-34-00000000-00000003.part"), // of another container, silent for two hours
    named("a.json.part"), // as earlier versions named them
    named("a.json.4711.tmp"),
  ];
  const kept = [
    named("a.json.12-34-00000000-00000004.part", new Date()), // of another container, writing now
    named("b.json.12-34-00000000-00000005.part"), // another file's
    named("a.json.note.part"), // nobody's
  ];
  assert.is(leftoversOf(path).length, gone.length + 2);
  writeWhole(path, "2");
  assert.equal(namesIn(folder), ["a.json", living.slice(folder.length + 1), ...kept].sort());
});

test("a folder killed before any of its changes is the old one or the new one, whole", () => {
  const parent = files.file("folders");
  const folder = join(parent, "mine");
  let kills = 0;
  for (;;) {
    saveTwo(folder, "old");
    writeFileSync(join(folder, "README.md"), "by hand");
    if (!cutOff(kills, () => saveTwo(folder, "new"))) break;
    // Between the renames the folder has no name; whoever reads or saves next gives it back.
    settleFolder(folder);
    const [a, b] = [textOf(join(folder, "a.txt")), textOf(join(folder, "b.txt"))];
    assert.ok(
      ["old", "new"].includes(a.slice(2)) && a.slice(2) === b.slice(2),
      `killed before change ${kills}: ${a}, ${b}`,
    );
    assert.is(textOf(join(folder, "README.md")), "by hand");
    assert.equal(namesIn(parent), ["mine"]);
    kills++;
  }
  assert.ok(kills > 12, `${kills} kills`);
});

test("a first save that is killed leaves no folder under the name, and nothing beside it", () => {
  const parent = files.file("first");
  let kills = 0;
  while (cutOff(kills, () => saveTwo(join(parent, "mine"), "new"))) {
    settleFolder(join(parent, "mine"));
    const left = existsSync(parent) ? namesIn(parent) : [];
    assert.ok(
      left.length === 0 || namesIn(join(parent, "mine")).join() === "a.txt,b.txt",
      `change ${kills}: ${left.join()}`,
    );
    rmSync(parent, { recursive: true, force: true });
    kills++;
  }
  assert.ok(kills > 8, `${kills} kills`);
});

test("a folder that cannot be moved is the new one, the old one or no save after a kill, and keeps what else is in it", () => {
  const parent = files.file("fixed");
  const within = join(parent, "with-folders");
  const linked = join(parent, "linked");
  mkdirSync(join(within, "runs"), { recursive: true });
  writeFileSync(join(within, "runs/record"), "kept");
  symlinkSync(within, linked);
  for (const folder of [within, linked]) {
    let kills = 0;
    for (;;) {
      saveTwo(folder, "old");
      if (!cutOff(kills, () => saveTwo(folder, "new"))) break;
      const b = join(folder, "b.txt");
      if (existsSync(b))
        assert.is(textOf(join(folder, "a.txt")).slice(2), textOf(b).slice(2), `killed before change ${kills}`);
      kills++;
    }
    assert.ok(kills > 10, `${kills} kills`);
    assert.equal(namesIn(folder), ["a.txt", "b.txt", "runs"]);
    assert.is(textOf(join(folder, "runs/record")), "kept");
  }
  assert.equal(namesIn(parent), ["linked", "with-folders"]);
});

test("files of an older save that were not written again go, where they are told to", () => {
  const folder = files.file("dropped");
  writeFolder(folder, { ...two("1"), "c.txt": "c 1", "d.txt": "d 1" }, { last: "b.txt" });
  writeFolder(folder, two("2"), { last: "b.txt", drop: ["c.txt"] });
  assert.equal(namesIn(folder), ["a.txt", "b.txt", "d.txt"]);
});

test("a save that fails leaves the older folder and nothing beside it", () => {
  const parent = files.file("fails");
  const folder = join(parent, "mine");
  saveTwo(folder, "old");
  const full = () => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  };
  throwsWith(
    () => writeFolder(folder, { ...two("new"), "c.txt": full }, { last: "b.txt" }),
    "the disk is full: make room",
  );
  throwsWith(() => writeWhole(join(folder, "a.txt"), full), "what was there before is still whole");
  throwsWith(() => writeFiles([[join(folder, "a.txt"), "new"], [join(folder, "b.txt"), full]]), "ENOSPC"); // prettier-ignore
  assert.equal([textOf(join(folder, "a.txt")), textOf(join(folder, "b.txt"))], ["a old", "b old"]);
  assert.equal([namesIn(parent), namesIn(folder)], [["mine"], ["a.txt", "b.txt"]]);
});

test("files saved together are all old or all new after a kill, once they are settled", () => {
  const folder = files.file("together");
  const [a, b] = [join(folder, "x.a"), join(folder, "x.b")];
  const save = (text: string): void => writeFiles([[a, text], [b, text]]); // prettier-ignore
  let kills = 0;
  for (;;) {
    save("old");
    assert.equal(namesIn(folder), ["x.a", "x.b"]);
    if (!cutOff(kills, () => save("new"))) break;
    settleFiles(a);
    assert.is(textOf(a), textOf(b), `killed before change ${kills}`);
    kills++;
  }
  assert.ok(kills > 12, `${kills} kills`);
});

test("what another process replaces while it is read is read again", () => {
  const folder = files.file("read");
  saveTwo(folder, "1");
  let reads = 0;
  const found = readTogether([folder], () => {
    const a = textOf(join(folder, "a.txt"));
    if (reads++ === 0) saveTwo(folder, "2");
    return [a, textOf(join(folder, "b.txt"))];
  });
  assert.equal([found, reads], [["a 2", "b 2"], 2]);
});

test("a process that saves without end, killed again and again, leaves whole saves and nothing else", async () => {
  const parent = files.file("really");
  mkdirSync(parent);
  for (const after of [20, 33, 41, 57]) {
    await killedWhileSaving(parent, after);
    const [folder, a, b] = [join(parent, "mine"), join(parent, "x.a"), join(parent, "x.b")];
    settleFolder(folder);
    settleFiles(a);
    assert.is(textOf(join(folder, "a.txt")).slice(2), textOf(join(folder, "b.txt")).slice(2));
    assert.is(textOf(a), textOf(b));
  }
  saveTwo(join(parent, "mine"), "end");
  writeFiles([[join(parent, "x.a"), "end"], [join(parent, "x.b"), "end"]]); // prettier-ignore
  assert.equal(namesIn(parent), ["mine", "x.a", "x.b"]);
});

/** Saves in a process of its own, which is killed some milliseconds after its first save. */
async function killedWhileSaving(folder: string, milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/support/killed-saves.ts", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), milliseconds));
  await gone;
  assert.is(child.signalCode, "SIGKILL");
}

test("below what is a file a folder cannot be written, and that is what is said", () => {
  const blocked = files.file("blocked", "a file");
  throwsWith(() => saveTwo(join(blocked, "mine"), "new"), "mine: expected to write it, got ENOTDIR");
  assert.is(textOf(blocked), "a file");
});

test.run();
