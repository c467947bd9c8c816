/**
 * Writes every export while files may have 512 bytes at most, which is what a full disk is to a program, and says what was told and what is left.
 *   node --import tsx test/support/full-disk.ts BASE FOLDER
 * BASE is a model's folder.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { messageOf } from "../../src/check/error-words";
import { writeWhole } from "../../src/disk/whole-file";
import { loadModel } from "../../src/engine/load-model";
import type { LoadedModel } from "../../src/engine/load-model";
import { mergeAdapter } from "../../src/export/merge-adapter";
import { writeMergedGguf } from "../../src/export/merged-gguf";
import { saveAdapter } from "../../src/weights/adapter-file";
import type { SavedAdapter } from "../../src/weights/adapter-file";
import { saveGgufLora } from "../../src/weights/gguf-lora";
import { savePeft } from "../../src/weights/peft-folder";

/** What came of one export: the error, what is left in its folder, and whether an older save is as it was. */
export interface Told {
  readonly what: string;
  readonly free: string | null;
  readonly left: readonly string[];
  readonly over: string | null;
  readonly same: boolean;
}

const [baseFolder = "", folder = ""] = process.argv.slice(2);
const base = loadModel(baseFolder, []);
const gguf = "test/fixtures/weights/tiny-llama.gguf";

function adapterOf({ model }: LoadedModel, spec: AdapterSpec): SavedAdapter {
  const { layout, initial } = makeAdapter(spec, model);
  return { spec, layout, point: initial(0), modelId: model.id, note: "" };
}

const lora = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "up"] } as const;
const saved = adapterOf(base, lora);
const FORM = { architecture: "llama", interleaved: 16 } as const;
const score = async (): Promise<number> => 0;
const exports: readonly (readonly [what: string, write: (path: string) => unknown])[] = [
  ["mine.safetensors", (path) => saveAdapter(path, saved)],
  ["mine.gguf", (path) => saveGgufLora(path, saved, base.model, { replace: true })],
  ["peft", (path) => savePeft(path, saved, base.model, "", { "README.md": "x".repeat(600) })],
  ["merged", (path) => mergeAdapter(base, saved, path, { replace: true, score })],
  ["merged.gguf", (path) => writeMergedGguf(path, gguf, new Map(), FORM, "F32", {})],
  // What `writeVerification` and `writeCard` do once they have their text.
  ["some.gguf.verify.json", (path) => writeWhole(path, "x".repeat(600))],
];

async function errorOf(write: (path: string) => unknown, path: string): Promise<string | null> {
  try {
    await write(path);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Every file below a path, with its content. */
function contents(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, "latin1");
  return readdirSync(path).sort().map((name) => `${name} ${contents(join(path, name))}`).join(); // prettier-ignore
}

async function main(): Promise<void> {
  const [fresh, older] = [join(folder, "fresh"), join(folder, "older")];
  for (const [what, write] of exports) {
    mkdirSync(join(fresh, what), { recursive: true });
    mkdirSync(join(older, what), { recursive: true });
    const failed = await errorOf(write, join(older, what, what));
    if (failed !== null) throw new Error(`${what}: ${failed}`);
  }
  execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=512"]);
  const told: Told[] = [];
  for (const [what, write] of exports) {
    const before = contents(join(older, what));
    const free = await errorOf(write, join(fresh, what, what));
    const over = await errorOf(write, join(older, what, what));
    told.push({ what, free, left: readdirSync(join(fresh, what)), over, same: contents(join(older, what)) === before });
  }
  console.log(JSON.stringify(told));
  process.exit(0);
}

void main();
