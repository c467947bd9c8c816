import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { environment } from "../../src/notebook/environment";
import { throwsWith } from "../support/throws";

const test = suite("notebook/environment");
let root: string;
test.before.each(() => {
  root = mkdtempSync(path.join(tmpdir(), "adazeta-environment-"));
});
test.after.each(() => rmSync(root, { recursive: true }));

test("an empty environment gives no folders and no parameters", () => {
  const { hub, ...rest } = environment({ HOME: "/home/one" }, root);
  assert.equal(rest, { dataFolder: undefined, modelFolders: [], llamaCpp: null, parameters: {} });
  assert.equal(hub, {
    endpoint: "https://huggingface.co",
    cacheDirectory: path.join("/home/one", ".cache", "huggingface", "hub"),
    offline: false,
  });
});

test("model files are looked for in ADAZETA_MODEL_DIR first, then among the installed packages", () => {
  const installed = path.join(root, ".venv/lib/python3.11/site-packages");
  mkdirSync(installed, { recursive: true });
  mkdirSync(path.join(root, "models"));
  assert.equal(environment({ ADAZETA_MODEL_DIR: "models" }, root).modelFolders, [path.join(root, "models"), installed]);
  assert.equal(environment({ ADAZETA_MODEL_DIR: "" }, root).modelFolders, [installed]);
});

test("the hub's own variables say where it is, where files are kept, who asks, and whether to ask at all", () => {
  const hub = (variables: Readonly<Record<string, string>>) => environment(variables, root).hub;
  assert.is(hub({ HF_HOME: "/a", XDG_CACHE_HOME: "/b" }).cacheDirectory, path.join("/a", "hub"));
  assert.is(hub({ HF_HUB_CACHE: "/c", HF_HOME: "/a" }).cacheDirectory, "/c");
  assert.is(hub({ XDG_CACHE_HOME: "/b" }).cacheDirectory, path.join("/b", "huggingface", "hub"));
  assert.is(hub({ HF_ENDPOINT: "http://127.0.0.1:1/" }).endpoint, "http://127.0.0.1:1");
  assert.is(hub({ HF_TOKEN: "own" }).token, "own");
  assert.equal(
    ["1", "true", "0", ""].map((HF_HUB_OFFLINE) => hub({ HF_HUB_OFFLINE }).offline),
    [true, true, false, false],
  );
});

test("a folder that does not exist is an error that names the variable", () => {
  throwsWith(
    () => environment({ ADAZETA_DATA_DIR: "nowhere" }, root),
    'ADAZETA_DATA_DIR: expected an existing folder, got "nowhere"',
  );
});

test("ADAZETA_SET is a JSON object", () => {
  assert.equal(environment({ ADAZETA_SET: '{"steps":5}' }, root).parameters, { steps: 5 });
  throwsWith(() => environment({ ADAZETA_SET: "steps=5" }, root), /^ADAZETA_SET: expected a JSON object such as/);
  throwsWith(() => environment({ ADAZETA_SET: "[5]" }, root), /^ADAZETA_SET: expected a JSON object, got/);
});

test.run();
