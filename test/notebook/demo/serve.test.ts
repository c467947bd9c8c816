import { request } from "node:http";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../../src/engine/load-model";
import { writeOnnxClassifier } from "../../../src/export/onnx-classifier";
import { serveDemo } from "../../../src/notebook/demo/serve";
import type { Demo } from "../../../src/notebook/demo/serve";
import { trec } from "../../../src/task/defs/trec";
import { drawnClassifier, loraSpec } from "../../support/drawn-classifier";
import { scratch } from "../../support/scratch";
import { rejectsWith } from "../../support/throws";
import { tinyFolder } from "../../support/tiny-folder";

const test = suite("notebook/demo/serve");
const files = scratch();
let demo: Demo;
test.before(async () => {
  const loaded = loadModel(tinyFolder("bert", files.file("base")), []);
  await writeOnnxClassifier(loaded, drawnClassifier(loaded, trec, loraSpec), files.file("mine"));
  demo = await serveDemo(files.file("mine"), 0);
});
test.after(async () => {
  await demo.close();
  await files.remove();
});

const tokens = (body: string): Promise<Response> => fetch(`${demo.url}tokens`, { method: "POST", body });

test("it gives a text's tokens, the page, ONNX Runtime and the model, and nothing else", async () => {
  const found = (await (await tokens('{"question":" abc "}')).json()) as { readonly ids: readonly number[] };
  assert.equal(found, { ids: [1, 2, 3], mask: null, cut: false });
  for (const path of ["", "page.css", "page.mjs", "ort/ort.wasm.min.mjs", "model/model.onnx", "about"])
    assert.is((await fetch(demo.url + path)).status, 200, path);
  for (const path of ["model/verify.json", "model/..%2f..%2fbase/config.json", "constructor", "ort/", "page.html"])
    assert.is((await fetch(demo.url + path)).status, 404, path);
  assert.match(demo.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.match((await fetch(demo.url)).headers.get("content-security-policy")!, "connect-src 'self'");
});

test("what is no text is refused by its name, and the next one is answered", async () => {
  const refused = async (body: string, message: string): Promise<void> => {
    const response = await tokens(body);
    assert.is(response.status, 400);
    assert.match(((await response.json()) as { readonly error: string }).error, message);
  };
  await refused("{", "text: expected fields as JSON");
  await refused("null", "question: expected a text");
  await refused('{"question":1}', "question: expected a text, got 1");
  await refused('{"question":""}', "expected at least one token");
  await refused(JSON.stringify({ question: "a".repeat(1 << 20) }), "text: expected at most");
  assert.is((await tokens('{"question":"a"}')).status, 200);
  assert.is((await fetch(`${demo.url}tokens`)).status, 405);
  assert.is((await fetch(demo.url, { method: "DELETE" })).status, 405);
});

test("another name of this computer is not answered, localhost is: a page from elsewhere reads nothing", async () => {
  const called = (host: string) =>
    new Promise((done, refuse) => {
      request(demo.url, { headers: { host } }, ({ statusCode }) => done(statusCode))
        .on("error", refuse)
        .end();
    });
  const { port } = new URL(demo.url);
  assert.is(await called("evil.example"), 403);
  assert.is(await called(`evil.example:${port}`), 403);
  assert.is(await called("localhost"), 403);
  assert.is(await called(`localhost:${port}`), 200);
});

test("a folder without a classifier and a port that is taken are told", async () => {
  await rejectsWith(serveDemo(files.file("base"), 0), "expected a folder that saveRunAsOnnx wrote");
  const { port } = new URL(demo.url);
  await rejectsWith(serveDemo(files.file("mine"), Number(port)), `port: expected a free one, got ${port}`);
});

test.run();
