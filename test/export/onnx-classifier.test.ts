import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import type { LoadedModel } from "../../src/engine/load-model";
import { openExported } from "../../src/export/exported-classifier";
import { writeOnnxClassifier } from "../../src/export/onnx-classifier";
import { verify } from "../../src/export/verification";
import { askedText, classifierRecipe } from "../../src/task/classifier-recipe";
import { trec } from "../../src/task/defs/trec";
import { tableTask } from "../../src/task/own-table";
import type { ClassificationTask } from "../../src/task/task";
import { drawnClassifier, engineShares, loraSpec, trainSpec } from "../support/drawn-classifier";
import type { Fields } from "../support/drawn-classifier";
import { near } from "../support/near";
import { findModel, missingModel, modelRoots } from "../support/models";
import { hasOnnxPython, noOnnxPython, onnxScores, runPython } from "../support/onnx-judge";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";
import type { TinyModelName } from "../support/tiny-models";

const test = suite("export/onnx-classifier");
const files = scratch();
test.after(() => files.remove());

const mail = tableTask({
  file: files.file("mail.csv", "subject,body,spam\nfree,now,yes\nhello,there,no\n"),
  template: "{subject}: {body} It was",
  label: "spam",
  labelWords: { no: "a", yes: "b" },
});
const QUESTIONS = ["Who was Galileo?", "How far is the moon from here?", "What is an atom?", "Where is Lima?"];

const fieldsOf = (task: ClassificationTask): readonly Fields[] =>
  QUESTIONS.map((text): Fields => (task === trec ? { question: text } : { subject: text, body: "So" }));

const opened = (name: TinyModelName, at: string): LoadedModel => loadModel(tinyFolder(name, files.file(at)), []);

test("the folder needs nothing else, answers as what was tuned, and is checked by its verify.json", async () => {
  for (const name of ["bert", "llama"] as const)
    for (const spec of [() => loraSpec, trainSpec]) {
      const loaded = opened(name, `base-${name}`);
      const task = name === "bert" ? trec : mail;
      const classifier = drawnClassifier(loaded, task, spec(loaded));
      const path = files.file(`${name}-${classifier.adapter.spec.kind}`);
      const { difference } = await writeOnnxClassifier(loaded, classifier, path);
      assert.ok(difference < 1e-5, `${difference}`);
      assert.equal(readdirSync(path).sort(), ["classifier.json", "model.onnx", "tokenizer.json", "tokenizer_config.json", "verify.json"]); // prettier-ignore
      const fields = fieldsOf(task);
      const exported = await openExported(path);
      const answers = await exported.classify(fields.map(exported.ask));
      await exported.dispose();
      assert.equal(exported.notes.labels, task.labels);
      near(answers.flat(), await engineShares(loaded, classifier, fields), 1e-5, name);
      const { ok, message } = await verify(path, loaded);
      assert.ok(ok, message);
      assert.match(message, "the same: log-probabilities of the classes of 4 texts differ by at most ");
    }
});

/** What the README's own lines of Python find to differ. */
function readmeCheck(path: string): number {
  const lines = [...readFileSync("README.md", "utf8").matchAll(/```python\n([^`]*)```/g)].map(([, code]) => code!);
  return runPython(
    lines.find((code) => code.includes("onnxruntime"))!,
    path,
  );
}

const PYTHON_AND = (name: "minilm" | "smollm2") =>
  skipUnless(hasOnnxPython && findModel(name) !== null, hasOnnxPython ? missingModel(name) : noOnnxPython);

for (const [name, task] of [
  ["minilm", trec],
  ["smollm2", mail],
] as const)
  // prettier-ignore
  PYTHON_AND(name)(
    test,
    `${name}: Python's onnxruntime agrees with the engine here, the tensor train's ReLU included`,
    async () => {
      const loaded = loadModel(name, modelRoots());
      for (const spec of name === "minilm" ? [loraSpec, trainSpec(loaded)] : [trainSpec(loaded)]) {
        const classifier = drawnClassifier(loaded, task, spec, 0.01);
        const path = files.file(`${name}-${spec.kind}`);
        const { difference } = await writeOnnxClassifier(loaded, classifier, path);
        assert.ok(difference < 1e-4, `${difference}`);
        const fields = fieldsOf(task);
        const expected = await engineShares(loaded, classifier, fields);
        const ids = fields.map((one) => askedText(classifier.recipe, one, loaded.tokenizer).ids);
        for (const left of [false, true]) {
          const found = onnxScores(join(path, "model.onnx"), { ids, masks: null }, left);
          const worst = Math.max(...found.probabilities.map((share, i) => Math.abs(share - expected[i]!)));
          assert.ok(worst < 5e-6, `${worst}`);
        }
        assert.ok(readmeCheck(path) < 1e-5, `${readmeCheck(path)}`);
      }
    },
  );

test("above the size that is allowed the weights lie in a file of their own, and saving again without it removes it", async () => {
  const loaded = opened("bert", "base-large");
  const classifier = drawnClassifier(loaded, trec, loraSpec);
  const path = files.file("large");
  const { bytes } = await writeOnnxClassifier(loaded, classifier, path, { largestFile: 1000 });
  assert.ok(readFileSync(join(path, "model.onnx")).length < bytes);
  assert.is(readFileSync(join(path, "model.onnx_data")).length, bytes);
  assert.ok((await verify(path, null)).ok);
  await rejectsWith(writeOnnxClassifier(loaded, classifier, path), "expected a name that is free");
  await writeOnnxClassifier(loaded, classifier, path, { replace: true });
  assert.not(existsSync(join(path, "model.onnx_data")));
  assert.ok((await verify(path, null)).ok);
});

test("another base, another adapter's base, a changed weight and another tokenizer are told", async () => {
  const loaded = opened("bert", "base-changed");
  const classifier = drawnClassifier(loaded, trec, loraSpec);
  const path = files.file("changed");
  await writeOnnxClassifier(loaded, classifier, path);
  const other = opened("llama", "other");
  const { ok, message } = await verify(path, other);
  assert.not(ok);
  assert.match(message, "this is another base: tuned was model.safetensors (");
  const foreign = { ...classifier, adapter: { ...classifier.adapter, modelId: "another" } };
  await rejectsWith(writeOnnxClassifier(loaded, foreign, files.file("foreign")), "this is another base");
  assert.not(existsSync(files.file("foreign")));
  const graph = readFileSync(join(path, "model.onnx"));
  const changed = Buffer.from(graph);
  changed.writeFloatLE(30, changed.length - 40);
  writeFileSync(join(path, "model.onnx"), changed);
  assert.match((await verify(path, null)).message, "not the same: ");
  writeFileSync(join(path, "model.onnx"), graph.subarray(0, 1000));
  await rejectsWith(verify(path, null), "model.onnx: expected a graph with its weights");
  writeFileSync(join(path, "model.onnx"), graph);
  const json = readFileSync(join(path, "tokenizer.json"), "utf8");
  writeFileSync(join(path, "tokenizer.json"), json.replace('"a":1,"b":2', '"a":2,"b":1'));
  assert.match((await verify(path, null)).message, "the tokenizer is another one");
});

test("a classifier so sure that fp32 has no probability for the other classes is written, and checked by log p", async () => {
  const loaded = opened("bert", "base-sure");
  const drawn = drawnClassifier(loaded, trec, loraSpec);
  const path = files.file("sure");
  const { difference } = await writeOnnxClassifier(loaded, { ...drawn, readout: { ...drawn.readout, scale: 600 } }, path); // prettier-ignore
  const { texts } = JSON.parse(readFileSync(join(path, "verify.json"), "utf8")) as { readonly texts: readonly { readonly values: readonly number[] }[] }; // prettier-ignore
  // Below exp(-104) fp32 has nothing but 0.
  const least = Math.min(...texts.flatMap(({ values }) => values));
  assert.ok(least < -150, `${least}`);
  assert.ok(difference < 1e-3, `${difference}`);
  assert.ok((await verify(path, null)).ok);
  if (hasOnnxPython) assert.ok(readmeCheck(path) < 1e-3);
});

test("a folder that is not there, and one whose weights in a file of their own are gone, are told by their names", async () => {
  await rejectsWith(verify(files.file("typo"), null), "typo: expected a folder or a file that was written before");
  const loaded = opened("bert", "base-apart");
  const path = files.file("apart");
  await writeOnnxClassifier(loaded, drawnClassifier(loaded, trec, loraSpec), path, { largestFile: 1000 });
  rmSync(join(path, "model.onnx_data"));
  await rejectsWith(openExported(path), "model.onnx_data: expected the graph's weights, which lie in a file of their own, got \"no such file\""); // prettier-ignore
});

test("a classifier.json that is missing or damaged is refused by its field", async () => {
  const loaded = opened("bert", "base-notes");
  const path = files.file("notes");
  await writeOnnxClassifier(loaded, drawnClassifier(loaded, trec, loraSpec), path);
  const whole = JSON.parse(readFileSync(join(path, "classifier.json"), "utf8")) as object;
  const refused = async (content: string, message: string): Promise<void> => {
    writeFileSync(join(path, "classifier.json"), content);
    await rejectsWith(openExported(path), message);
  };
  await refused("{", "classifier.json: expected JSON");
  await refused("null", "classifier.json: format: expected ");
  await refused(JSON.stringify({ ...whole, labels: ["one"] }), "labels: expected names of at least two classes");
  await refused(JSON.stringify({ ...whole, fields: {} }), "fields: expected at least one field");
  await refused(JSON.stringify({ ...whole, limits: { context: 0 } }), "limits: expected context");
  await refused(JSON.stringify({ ...whole, prompt: { reading: "pooled", parts: [{ pieces: [{ field: "x" }] }], words: [] } }), "one of the fields question"); // prettier-ignore
  writeFileSync(join(path, "classifier.json"), JSON.stringify({ ...whole, labels: ["a", "b"] }));
  await rejectsWith(verify(path, null), "model.onnx: classes: expected 2, got 6");
  await rejectsWith(openExported(files.file("nowhere")), "expected a folder that saveRunAsOnnx wrote");
});

test("where the disk does not take it, nothing has the name and nothing is left beside it", async () => {
  const loaded = opened("bert", "base-full");
  const classifier = drawnClassifier(loaded, trec, loraSpec);
  const folder = files.file("full");
  mkdirSync(folder);
  const blocked = join(folder, "blocked");
  writeFileSync(blocked, "a file");
  await rejectsWith(writeOnnxClassifier(loaded, classifier, join(blocked, "mine")), "expected to write it");
  // A weight that cannot be read any more stops the writing in the middle.
  const { files: base } = loaded;
  assert.ok(base?.kind === "safetensors");
  const path = join(folder, "mine");
  copyFileSync(base.weights, files.file("kept.safetensors"));
  writeFileSync(base.weights, readFileSync(base.weights).subarray(0, 3000));
  await writeOnnxClassifier(loaded, classifier, path).then(
    () => assert.unreachable(),
    () => undefined,
  );
  assert.equal(readdirSync(dirname(path)), ["blocked"]);
});

test("a task that changes its texts has no recipe, and the message says so", () => {
  const { tokenizer } = opened("bert", "base-task");
  const loud: ClassificationTask = {
    ...trec,
    name: "loud",
    pooled: { text: ({ question }) => question.toUpperCase() },
  };
  const example = { fields: { question: "Who?" }, label: 0, where: { file: "a", line: 1 } };
  throwsWith(
    () => classifierRecipe(loud, "pooled", { context: 16 }, [example], tokenizer),
    "task loud: expected a prompt that is a template with the task's texts in it",
  );
});

test.run();
