import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import { loadGgufLora } from "../../src/weights/read-gguf-lora";
import { hasLlama, llamaScores } from "../support/llama";
import { findModel, missingModel, modelRoots } from "../support/models";
import { scratch } from "../support/scratch";
import { asCell, closeSessions } from "../support/shown";
import { skipUnless } from "../support/skip";

const test = suite("notebook/readme-lines");
const files = scratch();
test.after(async () => {
  await closeSessions();
  await files.remove();
});

/** The README's code that has these words, with its places and lengths changed. */
function readmeCode(words: string, changes: readonly (readonly [string, string])[]): string {
  const all = [...readFileSync("README.md", "utf8").matchAll(/```ts\n([^`]*)```/g)].map(([, code]) => code!);
  const code = all.find((one) => one.includes(words));
  assert.ok(code !== undefined, words);
  return changes.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replaceAll(from, to);
  }, code!);
}

skipUnless(findModel("smollm2") !== null, missingModel("smollm2"))(
  test,
  "the README's lines from a CSV to a file for llama.cpp run as they stand, and llama.cpp takes what they write",
  async () => {
    const path = files.file("mine.gguf");
    const src = pathToFileURL(resolve("src")).href;
    const code = readmeCode("await saveRunAsGguf(problem, bestOnDev(runs)", [
      ["./src/", `${src}/`],
      ["data/runs/mine.gguf", path],
      ["data/samples/messages.csv", resolve("data/samples/messages.csv")],
      ["steps: 100", "steps: 2"],
      ["{ seed: 0 });", `{ seed: 0, store: ${JSON.stringify(files.file("runs"))} });`],
    ]);
    assert.ok(code.trim().split("\n").length <= 11, "ten lines and the command");
    writeFileSync(files.file("lines.mts"), code);
    await asCell(() => import(pathToFileURL(files.file("lines.mts")).href));
    for (const ending of ["", ".verify.json", ".README.md", ".Modelfile"]) assert.ok(existsSync(path + ending), ending);
    const { model, tokenizer, files: base } = loadModel("smollm2", modelRoots());
    assert.ok(loadGgufLora(path, model).point.some((value) => value !== 0));
    if (!hasLlama || base?.kind !== "gguf") return;
    const asked = tokenizer.encode("The app crashes. This is a problem");
    const [[found] = []] = llamaScores(base.weights, [path], [asked]);
    assert.ok(found!.length === asked.length - 1 && found!.every((value) => value < 0));
  },
);

test.run();
