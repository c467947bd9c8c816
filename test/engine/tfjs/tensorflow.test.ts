import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openBackend } from "../../../src/engine/tfjs/tensorflow";
import type { Load } from "../../../src/engine/tfjs/tensorflow";
import { scratch } from "../../support/scratch";
import { rejectsWith } from "../../support/throws";

const test = suite("engine/tfjs/tensorflow");
const folder = scratch();
test.after(() => folder.remove());
const real = createRequire(resolve("package.json"));

/** The project's packages, with what `changed` says of some: an error when they are loaded, or another folder. */
function loading(changed: Readonly<Record<string, Error | { readonly folder: string; readonly error: Error }>>): Load {
  const load = (name: string): unknown => {
    const change = changed[name];
    if (change instanceof Error) throw change;
    if (change !== undefined) throw change.error;
    return real(name) as unknown;
  };
  load.resolve = (name: string): string => {
    const change = changed[name.replace(/\/package\.json$/, "")];
    if (change instanceof Error) throw change;
    return change === undefined ? real.resolve(name) : join(change.folder, "package.json");
  };
  return load;
}

const missing = (name: string): Error => new Error(`Cannot find module '${name}'`);

test("where the native packages are missing, wasm computes, and one line says why", async () => {
  const gpu = "@tensorflow/tfjs-node-gpu";
  const { name, told } = await openBackend(
    loading({ [gpu]: missing(gpu), "@tensorflow/tfjs-node": missing("@tensorflow/tfjs-node") }),
  );
  assert.is(name, "wasm");
  assert.is(told, "TensorFlow.js computes on wasm (tfjs-node-gpu: not installed; tfjs-node: not installed)");
});

test("a package without its binary is not loaded, and how to get it is said", async () => {
  const bare = folder.file("bare");
  mkdirSync(bare, { recursive: true });
  const { told } = await openBackend(
    loading({ "@tensorflow/tfjs-node-gpu": { folder: bare, error: new Error("was loaded") } }),
    ["tfjs-node-gpu", "wasm"],
  );
  assert.match(told, "tfjs-node-gpu: no binary (npm rebuild @tensorflow/tfjs-node-gpu --ignore-scripts=false");
});

test("a binary that does not load is passed over with its first line", async () => {
  const broken = folder.file("broken");
  mkdirSync(join(broken, "lib", "napi-v8"), { recursive: true });
  writeFileSync(join(broken, "lib", "napi-v8", "tfjs_binding.node"), "");
  const error = new Error("libtensorflow.so.2: cannot open shared object file\nmore");
  const { name, told } = await openBackend(
    loading({ "@tensorflow/tfjs-node": { folder: broken, error }, "@tensorflow/tfjs-node-gpu": missing("gpu") }),
  );
  assert.is(name, "wasm");
  assert.match(told, "tfjs-node: libtensorflow.so.2: cannot open shared object file)");
});

test("the order can be chosen, down to the plain kernels", async () => {
  assert.is((await openBackend(loading({}), ["cpu", "wasm"])).told, "TensorFlow.js computes on cpu");
});

test("without any backend the error has each one's reason", async () => {
  await rejectsWith(
    openBackend(loading({ "@tensorflow/tfjs-backend-cpu": missing("cpu") }), ["cpu"]),
    "TensorFlow.js: expected a backend that loads, got none (cpu: not installed)",
  );
});

test.run();
