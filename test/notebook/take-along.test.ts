import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceSession } from "../../src/engine/reference/session";
import type { Arm } from "../../src/experiment/arm";
import { arm } from "../../src/experiment/arms";
import { makeProblem } from "../../src/experiment/problem";
import { openExported } from "../../src/export/exported-classifier";
import { loadTask } from "../../src/task/load-task";
import { tableTask } from "../../src/task/own-table";
import { loadModel } from "../../src/engine/load-model";
import type { Problem } from "../../src/experiment/problem";
import { verify } from "../../src/export/verification";
import { testOnce, tunedAdapter } from "../../src/notebook/choose";
import { runLive } from "../../src/notebook/live-runs";
import type { LiveRun } from "../../src/notebook/live-runs";
import { saveRunAsPeft } from "../../src/notebook/save-peft";
import { mergeRun, saveRunAsGguf, saveRunAsOnnx } from "../../src/notebook/take-along";
import { lozo } from "../../src/optimizer/recipes";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { openRange } from "../../src/weights/range-file";
import { asCell, closeSessions } from "../support/shown";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";
import { tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("notebook/take-along");
const files = scratch();
let problem: Problem;
let runs: readonly LiveRun[];
test.before(async () => {
  const made = await tinyProblem("llama");
  const folder = loadModel(tinyFolder("llama", files.file("base")), []);
  assert.is(folder.model.id, made.loaded.model.id);
  problem = { ...made, loaded: { ...made.loaded, files: folder.files! } };
  const settings = tinySettings("llama");
  const inFactors: Arm = {
    ...arm("mezo", settings),
    name: "LOZO, all weights",
    adapter: { kind: "full", layers: "all", factors: 2 },
    method: lozo({ learningRate: settings.learningRate, rank: 2, redraw: 3 }),
  };
  const arms = [arm("MeZO-LoRA", settings), arm("mezo", settings), arm("AdaZeta", settings), inFactors];
  const options = { seed: 0, evaluateEvery: 4, store: files.file("runs") };
  runs = (await asCell(() => runLive(problem, arms, options))).value;
});
test.after(async () => {
  await closeSessions();
  await files.remove();
});

test("a LoRA run leaves as a GGUF adapter that says where it comes from", async () => {
  const path = await saveRunAsGguf(problem, runs[0]!, files.file("mine.gguf"), { type: "F16" });
  const { metadata, tensors } = readGgufHeader(openRange(path));
  assert.is(metadata.get("general.type"), "adapter");
  assert.match(String(metadata.get("general.description")), /^MeZO-LoRA.* on .*, step \d+$/);
  assert.ok(tensors.every(({ name, type }) => /^blk\.\d+\.attn_[qv]\.weight\.lora_[ab]$/.test(name) && type.name === "F16")); // prettier-ignore
});

test("a LoRA run, a full-parameter run and one in factors, merged, have on dev the loss that they had", async () => {
  for (const run of [runs[0]!, runs[1]!, runs[3]!]) {
    const { lines, value } = await asCell(() => mergeRun(problem, run, files.file(run.arm.name)));
    const { path, tuned, written } = value;
    assert.match(lines.join("\n"), new RegExp(`on dev ${tuned.toFixed(4)} as tuned, ${written.toFixed(4)} as written`));
    assert.ok(Math.abs(tuned - run.result.best!.evaluation.loss) < 1e-5, `${run.arm.name}: ${tuned}`);
    assert.ok(Math.abs(written - tuned) < 1e-5, `${run.arm.name}: ${tuned} and ${written}`);
    assert.ok(existsSync(path));
  }
});

test("a run in factors is looked at on test where its best checkpoint stood, whatever its engine has folded since", async () => {
  const run = runs[3]!;
  assert.ok(run.result.steps.length > 3, "it has folded");
  const scores = await testOnce(problem, run);
  assert.ok(scores.after >= 0 && scores.after <= 1);
  const { spec, layout, point } = tunedAdapter(problem, run);
  assert.equal(spec, { kind: "full", layers: "all" });
  assert.is(point.length, layout.size);
  const formed = referenceSession(problem.sessionModel, makeAdapter(spec, problem.sessionModel));
  const { loss, accuracy } = await problem.evaluate(formed, point, "test", spec);
  assert.is(accuracy, scores.after);
  assert.ok(Number.isFinite(loss));
});

test("what left a run is checked by its verify.json: as it is, on another base, and with one weight changed", async () => {
  const { loaded } = problem;
  for (const type of ["F32", "F16"] as const) {
    const adapter = await saveRunAsGguf(problem, runs[0]!, files.file(`checked-${type}.gguf`), { type });
    const found = await verify(adapter, loaded);
    assert.ok(found.ok, found.message);
    assert.match(found.message, "the same: log-probabilities of 4 texts differ by at most ");
    await rejectsWith(verify(adapter, null), "base: expected the model that ");
    const other = loadModel(tinyFolder("llama-tied", files.file(`other-${type}`)), []);
    const { ok, message } = await verify(adapter, other);
    assert.not(ok);
    assert.match(message, "this is another base: tuned was model.safetensors (");
  }
  const { path } = await mergeRun(problem, runs[1]!, files.file("whole"));
  assert.ok((await verify(path, null)).ok);
  const weights = readFileSync(`${path}/model.safetensors`);
  weights.writeFloatLE(30, weights.length - 40);
  writeFileSync(`${path}/model.safetensors`, weights);
  const { ok, message, difference } = await verify(path, null);
  assert.not(ok);
  assert.ok(difference! > 1e-3, message);
  assert.match(message, "not the same: ");
});

test("a PEFT folder has its verify.json and its card from the same save, and an older one's do not stay", async () => {
  const { loaded } = problem;
  const test = { before: 0.5, after: 0.75, probe: null, count: 12, tuned: "MeZO" };
  const folder = await saveRunAsPeft(problem, runs[0]!, files.file("peft"), { test });
  assert.ok((await verify(folder, loaded)).ok);
  const card = readFileSync(`${folder}/README.md`, "utf8");
  assert.match(card, /^---\nlicense: "apache-2\.0"\nbase_model: "HuggingFaceTB\/SmolLM2-135M-Instruct"\n/);
  assert.match(card, "| test | 75.0 % right (95 % interval 47 to 91 %) of 12 texts; before tuning 50.0 % |");
  const { result } = runs[0]!;
  assert.match(
    card,
    `| steps | 12, batch size 4, seed 0; the checkpoint is that of step ${result.best!.evaluation.step} |`,
  );
  assert.match(card, `| forward passes | ${result.end.forwardPasses} on training batches, `);
  const inMemory = { ...problem, loaded: { ...loaded, files: undefined } } as unknown as Problem;
  await saveRunAsPeft(inMemory, runs[0]!, folder);
  assert.not(existsSync(`${folder}/verify.json`));
  assert.match(readFileSync(`${folder}/README.md`, "utf8"), "| test | not looked at |");
});

test("beside what left a run lie its card and, of a GGUF file, a Modelfile", async () => {
  const adapter = await saveRunAsGguf(problem, runs[0]!, files.file("carded.gguf"));
  assert.match(readFileSync(`${adapter}.README.md`, "utf8"), "# tiny llama, tuned on ");
  const lines = readFileSync(`${adapter}.Modelfile`, "utf8").split("\n");
  assert.equal(lines.slice(1, 4), [
    "FROM ./smollm2.gguf",
    "ADAPTER ./carded.gguf",
    'TEMPLATE """{{ .Prompt }} It was"""',
  ]);
  const { path, made } = await mergeRun(problem, runs[1]!, files.file("carded"));
  const card = readFileSync(`${path}/README.md`, "utf8");
  assert.match(card, "library_name: transformers");
  assert.match(card, `| written | ${made} |`);
  assert.not(existsSync(`${path}.Modelfile`));
});

test("no form takes the place of the base, whoever says replace, and without the base's files nothing is written", async () => {
  const { loaded } = problem;
  const base = files.file("base");
  const before = readdirSync(base).map((name) => readFileSync(`${base}/${name}`));
  const own = "path: expected another name than the base's own";
  const replace = true;
  await rejectsWith(saveRunAsOnnx(problem, runs[0]!, base, { replace }), own);
  await rejectsWith(mergeRun(problem, runs[0]!, base, { replace }), own);
  await rejectsWith(saveRunAsPeft(problem, runs[0]!, base), own);
  assert.equal(
    readdirSync(base).map((name) => readFileSync(`${base}/${name}`)),
    before,
  );
  const file = files.file("base.gguf", readFileSync("test/fixtures/weights/tiny-llama.gguf"));
  const quantized = { ...problem, loaded: { ...loaded, files: { kind: "gguf", weights: file } } } as unknown as Problem;
  await rejectsWith(saveRunAsGguf(quantized, runs[0]!, file, { replace }), own);
  assert.equal(readFileSync(file), readFileSync("test/fixtures/weights/tiny-llama.gguf"));
  const inMemory = { ...problem, loaded: { ...loaded, files: undefined } } as unknown as Problem;
  const path = files.file("in-memory.gguf");
  await rejectsWith(saveRunAsGguf(inMemory, runs[0]!, path), "model: expected one that was opened from files");
  assert.not(existsSync(path));
});

test("a verify.json that is missing, damaged or another file is refused by its name", async () => {
  await rejectsWith(verify(files.file("nowhere.gguf"), null), "nowhere.gguf: expected a folder or a file that was written before"); // prettier-ignore
  const path = files.file("lost.gguf", "weights");
  await rejectsWith(verify(path, null), "lost.gguf.verify.json: expected the file that was written with the weights");
  for (const content of ["{", "[]", '{"format":"adazeta-verify-1"}', "null"]) {
    writeFileSync(`${path}.verify.json`, content);
    await rejectsWith(verify(path, null), "lost.gguf.verify.json: expected ");
  }
});

test("a run of any adapter leaves as an ONNX file that answers on dev as the run did; options that are scored whole do not", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? "good" : "bad"} ${"abcdefgh"[i % 8]}${"abcdefgh"[i >> 3]},${i % 2 ? "pos" : "neg"}`); // prettier-ignore
  const file = files.file("own.csv", `text,label\n${rows.join("\n")}\n`);
  const task = tableTask({ file, template: "{text} is", label: "label", labelWords: { neg: "a", pos: "b" } });
  const loaded = loadModel(tinyFolder("bert", files.file("encoder")), []);
  const own = await makeProblem(
    loaded,
    await loadTask(task, { hub: "off" }),
    { seed: 3, batchSize: 4, train: 8, dev: 4, test: 4, shots: 2 },
    async ({ model }) => referenceSession(model, makeAdapter({ kind: "none" }, model.sites)),
  );
  const settings = tinySettings("bert", { steps: 6 });
  const arms = [arm("MeZO-LoRA", settings), arm("mezo", settings), arm("AdaZeta", settings)];
  const options = { seed: 0, evaluateEvery: 3, store: files.file("own-runs") };
  for (const run of (await asCell(() => runLive(own, arms, options))).value) {
    const { path, difference } = await saveRunAsOnnx(own, run, files.file(`onnx-${run.arm.name}`));
    assert.ok(difference < 1e-5, `${run.arm.name}: ${difference}`);
    const classifier = await openExported(path);
    const examples = own.sample.parts.dev;
    const found = await classifier.classify(examples.map(({ fields }) => classifier.ask(fields)));
    await classifier.dispose();
    const loss = found.reduce((sum, shares, i) => sum - Math.log(shares[examples[i]!.label]!), 0) / found.length;
    assert.ok(Math.abs(loss - run.result.best!.evaluation.loss) < 1e-5, `${run.arm.name}: ${loss}`);
    assert.match(classifier.notes.note, run.arm.name);
  }
  const taken = files.file("onnx-AdaZeta");
  await rejectsWith(saveRunAsOnnx(problem, runs[0]!, taken), "expected a name that is free");
  // This problem's words are not those of its base's files: what was written does not compute what was tuned, and that is seen.
  const other = files.file("onnx-other");
  await rejectsWith(saveRunAsOnnx(problem, runs[0]!, other), "the tokenizer is another one");
  assert.not(existsSync(other));
  const { kind, ...rest } = problem;
  const whole = { ...rest, kind: "options" } as unknown as Problem;
  assert.is(kind, "classes");
  await rejectsWith(saveRunAsOnnx(whole, runs[0]!, files.file("onnx-options")), "options that are scored whole");
});

test("a tensor train stays here, and the message says why", async () => {
  const path = files.file("none");
  await rejectsWith(saveRunAsGguf(problem, runs[2]!, path), "a tensor train has a ReLU between its halves");
  await rejectsWith(mergeRun(problem, runs[2]!, path), "a tensor train has a ReLU between its halves");
  assert.not(existsSync(path));
});

test.run();
