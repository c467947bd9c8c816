import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { mergeAdapter } from "../../src/export/merge-adapter";
import { saveGgufLora } from "../../src/weights/gguf-lora";
import { savePeft } from "../../src/weights/peft-folder";
import type { Told } from "../support/full-disk";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";

const test = suite("export/full-disk");
const place = scratch();
test.after(() => place.remove());

const canLimit = spawnSync("prlimit", ["--version"], { stdio: "ignore" }).status === 0;

skipUnless(canLimit, "prlimit (util-linux) is not installed")(
  test,
  "a disk that fills leaves nothing under a fresh name, no temporary file, and an older save as it was, for every export",
  () => {
    const base = tinyFolder("llama", place.file("base"));
    const folder = place.file("disk");
    mkdirSync(folder);
    const words = ["--import", "tsx", "test/support/full-disk.ts", base, folder];
    const told = JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) as readonly Told[];
    assert.is(told.length, 6);
    for (const { what, free, left, over, same } of told) {
      for (const message of [free, over])
        assert.match(message ?? "nothing was told", /expected to write it, got .*EFBIG/, what);
      assert.equal(left, [], what);
      assert.ok(same, what);
    }
  },
);

test("a name that is taken is refused by every export, and nothing of it is touched", async () => {
  const loaded = loadModel(tinyFolder("llama", place.file("taken-base")), []);
  const { model } = loaded;
  const spec = { kind: "lora", rank: 2, alpha: 4, targets: ["query"] } as const;
  const { layout, initial } = makeAdapter(spec, model);
  const saved = { spec, layout, point: initial(0), modelId: model.id, note: "" };
  const folder = place.file("taken");
  mkdirSync(folder);
  writeFileSync(join(folder, "README.md"), "mine");
  const file = place.file("taken.gguf", "mine");
  const free = "expected a name that is free, got one that is there already";
  throwsWith(() => saveGgufLora(file, saved, model), free);
  await rejectsWith(mergeAdapter(loaded, saved, folder), free);
  await rejectsWith(mergeAdapter(loaded, saved, file), free);
  throwsWith(
    () => savePeft(folder, saved, model, "", { "README.md": "its own" }),
    "expected a name that is free, an empty folder or an older save, got a folder with other files",
  );
  throwsWith(() => savePeft(file, saved, model, ""), "expected a folder, or a name that is free, got a file");
  assert.equal(readdirSync(folder), ["README.md"]);
  const empty = place.file("empty");
  mkdirSync(empty);
  savePeft(empty, saved, model, "");
  savePeft(empty, saved, model, "");
  assert.ok(existsSync(join(empty, "adapter_config.json")));
});

test.run();
