import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseJsonc } from "../../../src/check/jsonc";
import { runLive } from "../../../src/notebook/live-runs";
import { openModel, openProblem, openTask } from "../../../src/notebook/open";
import { exampleRunFile } from "../../../src/notebook/tune/example";
import { checkRunFile } from "../../../src/notebook/tune/run-file";
import type { RunFile } from "../../../src/notebook/tune/run-file";
import { runJson } from "../../../src/notebook/tune/run-json";
import { terminalBar } from "../../../src/notebook/tune/terminal-bar";
import { evaluationLine, proposeForFile, tune } from "../../../src/notebook/tune/tune";
import type { Tuned } from "../../../src/notebook/tune/tune";
import { mezo } from "../../../src/optimizer/recipes";
import { loadPeft } from "../../../src/weights/peft-folder";
import { byteLevelJson } from "../../../src/text/byte-level";
import { tableTask } from "../../../src/task/own-table";
import { fingerprintPoint } from "../../../src/train/fingerprint";
import { readTrajectory } from "../../../src/train/trajectory";
import { asCell, closeSessions } from "../../support/shown";
import { scratch } from "../../support/scratch";
import { rejectsWith, throwsWith } from "../../support/throws";
import { tinyFolder } from "../../support/tiny-folder";

const test = suite("notebook/tune/tune");
const files = scratch();
/** A tiny encoder of 16 tokens whose tokenizer knows three letters and the space, so that a message is short enough. */
const folder = tinyFolder("bert", files.file("bert"));
const vocab = new Map([..."\u0120aio"].map((letter, id) => [letter, id]));
const letters = byteLevelJson({ vocab, merges: [], split: "gpt-2", added: [], before: null, after: null });
writeFileSync(`${folder}/tokenizer.json`, JSON.stringify(letters));
test.after(async () => {
  await closeSessions();
  await files.remove();
});

const FEW = { train: 12, dev: 9, test: 6, maxTokens: 16 };

/** A tiny model, with a store and an export of the test's own. */
const ofTest = (store: string) => ({
  model: folder,
  texts: FEW,
  evaluation: { every: 4, best: "loss", test: true },
  result: { folder: files.file(store), exports: [{ as: "peft", to: files.file(`${store}-peft`) }] },
});

/** The example with LoRA and AdaZeta, as its comments say, and what is the test's own. */
const example = (store: string, changes: object = {}): RunFile =>
  checkRunFile("example", {
    ...(parseJsonc(exampleRunFile(), "example") as object),
    adapter: { kind: "lora", rank: 8, targets: ["query", "value"] },
    method: { recipe: "adazeta", learningRate: 3e-3, cap: 8 },
    budget: { steps: 12 },
    ...ofTest(store),
    ...changes,
  });

const exampleTask = (parseJsonc(exampleRunFile(), "example") as { readonly task: object }).task;

interface Heard extends Tuned {
  readonly lines: readonly string[];
  readonly steps: readonly number[];
}

async function made(file: RunFile, stopAt = Infinity, changes: object = {}): Promise<Heard> {
  const stop = new AbortController();
  const [lines, steps]: [string[], number[]] = [[], []];
  const { value } = await asCell(() =>
    tune(file, {
      tell: (line) => void lines.push(line),
      progress: ({ step }) => {
        steps.push(step);
        if (step >= stopAt) stop.abort();
      },
      signal: stop.signal,
      ...changes,
    }),
  );
  return { ...value, lines, steps };
}

const bits = ({ run }: Pick<Tuned, "run">) => [run!.result.point, run!.result.best!.point].map(fingerprintPoint);

test("the example runs as it is written: evaluated, looked at on test, and taken along", async () => {
  const { run, problem, failed, stopped, lines, steps } = await made(example("first"));
  assert.equal([failed, stopped], [[], false]);
  assert.equal(
    steps,
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  assert.equal(
    run!.result.evaluations.map(({ step }) => step),
    [0, 4, 8, 12],
  );
  assert.ok(
    lines.some((line) => line.startsWith("step 4 (")),
    lines.join("\n"),
  );
  assert.ok(
    lines.some((line) => /^my first run: .* of 6 test texts\n/.test(line)),
    lines.join("\n"),
  );
  const peft = loadPeft(files.file("first-peft"), problem.loaded.model);
  assert.equal(fingerprintPoint(peft.point), fingerprintPoint(run!.result.best!.point));
  assert.is(readTrajectory(run!.kept.path)!.steps.length, 12);
});

test("what spends passes best starts from a fitted readout, and leaves as any LoRA does", async () => {
  const whole = parseJsonc(exampleRunFile(), "example") as object;
  const small = { adapter: { kind: "lora-xs", rank: 2 }, budget: { steps: 4 } };
  const { run, problem, failed } = await made(checkRunFile("example", { ...whole, ...ofTest("spent"), ...small }));
  assert.equal(failed, []);
  assert.is(problem.options.readout, "probe");
  const { probe, queries } = run!.arm.method;
  assert.equal([probe?.kind, queries], ["directional", { kind: "constant", value: 15 }]);
  const peft = loadPeft(files.file("spent-peft"), problem.loaded.model);
  assert.is(peft.spec.kind, "lora");
  const apart = checkRunFile("example", { ...whole, ...ofTest("apart"), adapter: { kind: "lora", rank: 2 } });
  await rejectsWith(
    made(apart),
    "method.learningRate: expected a learning rate, or a recipe by its name: the rate of well-spent was chosen for lora-xs, not for lora, got",
  );
  await rejectsWith(
    made(checkRunFile("example", { ...whole, ...ofTest("metric"), objective: "accuracy" })),
    'the metric accuracy has no derivative, got "directional": well-spent is such; name another recipe, for example {"recipe": "mezo", "learningRate": 1e-2, "perturbationScale": 0.1}',
  );
  const named = Object.entries({ ...whole, ...ofTest("unnamed"), ...small, budget: { steps: 1 } });
  const unnamed = await made(checkRunFile("example", Object.fromEntries(named.filter(([field]) => field !== "name"))));
  assert.is(unnamed.run!.arm.name, "well-spent");
  const own = await made(checkRunFile("example", { ...whole, ...ofTest("kept"), ...small, texts: { ...FEW, readout: "prototypes" } })); // prettier-ignore
  assert.is(own.problem.options.readout, "prototypes");
});

test("a run that is stopped is kept, goes on with the same command, and ends in the bits of one that was not", async () => {
  const whole = await made(example("whole"));
  const first = await made(example("parts"), 5);
  assert.is(first.stopped, true);
  assert.is(first.run!.result.end.reason, "stopped");
  assert.ok(existsSync(`${first.run!.kept.path}.snapshot`));
  assert.not.ok(existsSync(files.file("parts-peft")));
  const second = await made(example("parts"));
  assert.is(second.steps[0], first.run!.result.steps.length + 1);
  assert.equal(bits(second), bits(whole));
  assert.is(second.run!.kept.id, whole.run!.kept.id);
  const third = await made(example("parts"));
  assert.equal([third.steps, bits(third)], [[], bits(whole)]);
  assert.ok(third.lines.some((line) => line.includes("is there already: it will be left as it is")));
  assert.ok(third.lines.some((line) => line.startsWith("from the record of my-first-run-")));
  const again = await made(example("parts"), Infinity, { recompute: true });
  assert.equal([again.steps.length, bits(again)], [12, bits(whole)]);
});

test("a notebook's run, printed as JSON, is walked to the same bits without one", async () => {
  const declared = { file: "data/samples/messages.csv", template: "{message}. This is a", label: "kind", labelWords: { bug: " b", question: " q", praise: " p" } }; // prettier-ignore
  const options = { seed: 5, batchSize: 4, train: { perClass: 4 }, dev: 9, test: 6, maxTokens: 16, shots: 2 };
  const cell = await asCell(async () => {
    const problem = await openProblem(await openModel(folder), await openTask(tableTask(declared)), options);
    const adapter = {
      kind: "tensor-train",
      placement: "roberta",
      rank: 2,
      bottleneck: 8,
      scale: 0.5,
      modes: null,
      biases: false,
    } as const;
    const method = { ...mezo({ learningRate: 0.02, queries: 3 }), combine: { kind: "spread" } } as const;
    const arm = {
      name: "three, by spread",
      adapter,
      method,
      budget: { kind: "forward-passes", forwardPasses: 62 },
      batchSize: 3,
    } as const;
    const [run] = await runLive(problem, [arm], {
      seed: 2,
      evaluateEvery: 2,
      stopMargin: 9,
      best: "accuracy",
      store: files.file("cell"),
    });
    return { run: run!, text: runJson(problem, run!) };
  });
  const { run, text } = cell.value;
  const file = checkRunFile("printed", { ...(JSON.parse(text) as object), result: { folder: files.file("file") } });
  const { run: other } = await made(file);
  assert.equal(other!.result.header.settings, run.result.header.settings);
  assert.equal(bits({ run: other }), bits({ run }));
  assert.equal(
    other!.result.steps.map(({ projectedGradients }) => projectedGradients),
    run.result.steps.map(({ projectedGradients }) => projectedGradients),
  );
  assert.is(other!.kept.id, run.kept.id);
  // Pointed at the cell's folder it is the cell's own run.
  const same = await made({ ...file, result: { folder: files.file("cell") } });
  assert.equal([same.steps, bits(same)], [[], bits({ run })]);
  assert.is(readdirSync(files.file("cell")).length, 1);
});

test("a file's metric is trained for, told, and printed again; a cell with the same words has the same run", async () => {
  const method = { recipe: "mezo", learningRate: 0.05, perturbationScale: 0.3, queries: 2 };
  const file = example("metric", { objective: "macro f1", method, evaluation: { every: 4 }, result: { folder: files.file("metric") } }); // prettier-ignore
  const { run, problem, lines } = await made(file);
  const { settings } = run!.result.header;
  assert.equal([settings.objective, settings.best], [{ kind: "metric", metric: "macro f1" }, "objective"]);
  assert.ok(
    lines.some((line) => /^step 12 .*, trained for: \d\.\d{4}/.test(line)),
    lines.join("\n"),
  );
  const printed = checkRunFile("printed", JSON.parse(runJson(problem, run!)));
  const again = await made({ ...printed, result: { folder: files.file("metric-again") } });
  assert.is(fingerprintPoint(again.run!.result.point), fingerprintPoint(run!.result.point));
  const { value } = await asCell(
    () =>
    runLive(problem, [run!.arm], { seed: 0, evaluateEvery: 4, objective: "macro f1", best: "objective", store: files.file("metric") }), // prettier-ignore
  );
  assert.is(value[0]!.kept.id, run!.kept.id);
  await rejectsWith(proposeForFile(file), 'objective: expected "loss": a rate is proposed from its derivatives');
  await rejectsWith(made(example("none", { objective: "f1" })), "objective of messages.csv: expected");
  await rejectsWith(made(example("none", { objective: "accuracy", method: { recipe: "first-order", learningRate: 1e-3 } })), "the metric accuracy has no derivative"); // prettier-ignore
});

test("what was changed by hand is changed at its step again", async () => {
  const changes = [{ step: 4, change: { learningRate: { kind: "constant", value: 0.05 } } }];
  const by = await made(example("by-hand", { changes, result: { folder: files.file("by-hand") } }));
  assert.equal(
    by.run!.result.changes.map(({ step }) => step),
    [4],
  );
  assert.is(by.run!.result.steps[4]!.learningRate, 0.05);
  const printed = JSON.parse(runJson(by.problem, by.run!)) as object;
  assert.equal((printed as { changes: unknown }).changes, changes);
  const again = await made(checkRunFile("printed", { ...printed, result: { folder: files.file("by-hand-2") } }));
  assert.equal(bits(again), bits(by));
});

test("a budget of minutes ends at the first step after them, and goes on from where it was", async () => {
  const method = { recipe: "mezo", learningRate: 0.01 };
  const file = example("minutes", { method, budget: { minutes: 0.02 }, result: { folder: files.file("minutes") } });
  const { run } = await made(file);
  const { steps, end } = run!.result;
  assert.is(end.reason, "finished");
  const before = steps.at(-2)?.elapsedMs ?? 0; // the first step may take longer than all of it
  assert.ok(end.elapsedMs >= 1200 && before < 1200, `${before} of ${end.elapsedMs} ms`);
  assert.is((await made(file)).run!.result.steps.length, steps.length);
});

test("patience ends a run, and the mean of its last points leaves where it is asked to; both are in the printed file", async () => {
  const evaluation = { every: 1, patience: 2, averageLast: 3 };
  const method = { recipe: "mezo", learningRate: 5 };
  const to = files.file("mean-peft");
  const result = (take: string) => ({ folder: files.file("mean"), take, exports: [{ as: "peft", to }] });
  const { run, problem, lines } = await made(example("mean", { evaluation, method, result: result("average") }));
  const { end, average, averagedPoint } = run!.result;
  assert.is(end.reason, "patience");
  assert.ok(
    lines.some((line) =>
      line.startsWith(`the mean of the points after steps ${average!.steps.join(", ")} has dev loss `),
    ),
  );
  assert.equal(loadPeft(to, problem.loaded.model).point, averagedPoint);
  assert.match(loadPeft(to, problem.loaded.model).note, /mean of the points after steps/);
  const printed = JSON.parse(runJson(problem, run!)) as { readonly evaluation: object };
  assert.equal(printed.evaluation, evaluation);
  await rejectsWith(
    made(example("mean", { result: result("average") })),
    "evaluation.averageLast: expected a number of points",
  );
});

test("a second task of the file is scored beside dev, and event files are written where they are asked for", async () => {
  const { task } = parseJsonc(exampleRunFile(), "") as { readonly task: object };
  const drift = { task, texts: { train: 12, dev: 6, test: 6, maxTokens: 16, seed: 7 } };
  const result = { folder: files.file("drift"), tensorboard: files.file("boards") };
  const { run, lines } = await made(example("drift", { evaluation: { every: 6, drift }, result }));
  assert.ok(run!.result.evaluations.every(({ driftLoss }) => Number.isFinite(driftLoss)));
  assert.ok(
    lines.some((line) => line.includes("; not trained on: ")),
    lines.join("\n"),
  );
  assert.is(readdirSync(files.file("boards")).length, 1);
});

test("a rate is proposed for a file that leaves it open, and nothing is kept", async () => {
  const file = example("rate", { method: { recipe: "adazeta" }, result: { folder: files.file("rate") } });
  const { value } = await asCell(() => proposeForFile(file));
  assert.is(value.spread.directions, 40);
  assert.ok(value.rate === null || value.rate > 0);
  assert.equal((await asCell(() => proposeForFile(file))).value, value);
  assert.not.ok(existsSync(files.file("rate")));
  await rejectsWith(
    proposeForFile(example("rate", { method: { recipe: "zo-adam" } })),
    "method: expected one with plain steps",
  );
  await rejectsWith(made(file), "method.learningRate: expected a learning rate (--find-rate proposes one)");
  // A file that names no recipe has no plain steps, with whichever adapter: it is told what to name or to try.
  for (const adapter of [
    { kind: "lora-xs", rank: 2 },
    { kind: "lora", rank: 2 },
  ])
    await rejectsWith(
      proposeForFile(example("rate", { method: {}, adapter })),
      'method.recipe: expected one with plain steps, by its name, for example {"recipe": "mezo"}: the steps of well-spent are no plain ones, and its rate was chosen with it. Try a third and three times of it, {"learningRate": 1e-1}, got "well-spent"',
    );
});

test("a form that the adapter cannot leave in, and a name that cannot be written, are told", async () => {
  const exports = (as: string, to: string) => ({ result: { folder: files.file("exports"), exports: [{ as, to }] } });
  const train = { adapter: { kind: "tensor-train", rank: 2, bottleneck: 8 } };
  await rejectsWith(
    made(example("exports", { ...train, ...exports("merge", files.file("m")) })),
    'result.exports[0].as: expected a form that a tensor-train adapter leaves in (merge takes lora or lora-xs or tt-lora or tt-core or linear or full), got "merge"',
  );
  assert.not.ok(existsSync(files.file("exports")));
  const { failed, run } = await made(example("exports", exports("gguf", files.file("a.gguf"))));
  assert.is(run!.result.end.reason, "finished");
  assert.match(failed.join(), /a\.gguf \(gguf\): /);
  await rejectsWith(made(example("exports", { model: files.file("none") })), "none");
});

test("a rate that breaks the training is no success, and what was best until then leaves all the same", async () => {
  const file = example("broken", { method: { recipe: "mezo", learningRate: 1e30 } });
  const { failed, run, stopped, lines } = await made(file);
  assert.equal([run!.result.end.reason, stopped], ["not-finite", false]);
  assert.equal(failed, [`the run ended before its budget: ${run!.result.message}`]);
  assert.ok(existsSync(files.file("broken-peft")), lines.join("\n"));
  const again = await made(file);
  assert.equal(again.failed, failed);
});

test("a table with few texts is shared out among the sizes that the file leaves open, or cannot have", async () => {
  const letters = (i: number): string =>
    i
      .toString(3)
      .padStart(4, "0")
      .replace(/./g, (digit) => "aio"[Number(digit)]!);
  const rows = Array.from({ length: 32 }, (_, i) => `${letters(i)},${"xy"[i % 2]}\n`);
  writeFileSync(files.file("few.csv"), `message,kind\n${rows.join("")}`);
  const task = { file: files.file("few.csv"), template: "{message}", label: "kind", labelWords: { x: " a", y: " i" } };
  const method = { recipe: "mezo", learningRate: 1e-3 };
  const few = (texts: object, changes = {}): Promise<Heard> =>
    made(example("few", { task, method, texts, ...changes }));
  const sizesOf = ({ problem }: Heard): readonly number[] =>
    Object.values(problem.sample.counts).map(([x = 0, y = 0]) => x + y);
  // 24 rows are not kept for test, of the 128 + 100 + 2 x 8 that a file without sizes asks for.
  const open = await few({});
  assert.equal(sizesOf(open), [8, 9, 7, 8]);
  const told =
    'few texts: 9 to train on, 7 to evaluate on, up to 4 of each class for prototypes ("texts" in the file says otherwise)';
  assert.ok(open.lines.includes(told), open.lines.join("\n"));
  assert.not.ok(open.lines.some((line) => line.includes("asked for")));
  const { texts } = checkRunFile("printed", JSON.parse(runJson(open.problem, open.run!)));
  assert.equal([texts!.train, texts!.dev, texts!.shots], [9, 7, 4]);
  assert.equal(sizesOf(await few({ train: 12 })), [4, 12, 8, 8]);
  assert.equal(sizesOf(await few({ train: 24, dev: 9 })), [8, 12, 4, 8]);
  // Another table's sizes are not asked of this one.
  const drift = await few({ maxTokens: 16 }, { ...ofTest("few-drift"), texts: FEW, task: exampleTask, evaluation: { every: 4, drift: { task } } }); // prettier-ignore
  assert.ok(
    drift.lines.some((line) => line.includes('"evaluation.drift.texts" in the file')),
    drift.lines.join("\n"),
  );
});

test("exports that could not be written together, or with their type, are told before the run", async () => {
  const told = (exports: readonly object[], words: string) =>
    rejectsWith(made(example("told", { result: { folder: files.file("told"), exports } })), words);
  const [a, b] = [files.file("told-a"), files.file("told-b.gguf")];
  await told([{ as: "gguf", to: b, type: "Q8_0" }], 'result.exports[0].type: expected of gguf, F32 or F16, got "Q8_0"');
  await told([{ as: "merge", to: b, type: "BF16" }], "expected of merge, F32 or F16 or Q4_1 or Q8_0, got");
  await told([{ as: "merge", to: a, type: "Q8_0" }], "expected of merge, F32 or F16 or BF16, got");
  for (const as of ["peft", "classifier", "onnx"])
    await told([{ as, to: a, type: "F16" }], `result.exports[0].type: expected none: ${as} holds numbers as they are`);
  await told([{ as: "peft", to: a }, { as: "onnx", to: `${a}/` }], "result.exports[1].to: expected a name that is not"); // prettier-ignore
  await told(
    [
      { as: "gguf", to: `${a}/b.gguf` },
      { as: "peft", to: a },
    ],
    "result.exports[1].to: ",
  );
  await told(
    [
      { as: "classifier", to: a },
      { as: "gguf", to: `${a}.adapter.safetensors` },
    ],
    "result.exports[1].to: ",
  );
  assert.not.ok(existsSync(files.file("told")));
});

test("a record that is taken again has its event files, and is told to be changed otherwise than the file says", async () => {
  const by = (value: number) => ({ changes: [{ step: 4, change: { learningRate: { kind: "constant", value } } }] });
  const result = { folder: files.file("taken") };
  const first = await made(example("taken", { ...by(0.05), result }));
  const otherwise = (lines: readonly string[]) => lines.filter((line) => line.includes("otherwise than the file says"));
  assert.equal(otherwise(first.lines), []);
  const second = await made(example("taken", { ...by(0.05), result }), Infinity, { tensorboard: files.file("late") });
  assert.equal([second.steps, otherwise(second.lines)], [[], []]);
  const [log] = readdirSync(files.file("late"));
  const [events] = readdirSync(files.file(`late/${log}`));
  const written = readFileSync(files.file(`late/${log}/${events}`), "latin1");
  assert.equal([written.split("train/loss").length - 1, written.split("dev/loss").length - 1], [12, 4]);
  for (const changes of [by(0.01), {}])
    assert.is(otherwise((await made(example("taken", { ...changes, result }))).lines).length, 1);
});

test("a folder of runs that is a file is told in words", async () => {
  const file = files.file("no-folder", "");
  await rejectsWith(made(example("x", { result: { folder: file } })), "expected a folder, or a name that is free, got");
  await rejectsWith(made(example("x", { result: { folder: `${file}/runs` } })), "expected to write it, got ENOTDIR");
});

test("conversations are tuned, looked at on test, printed as JSON, and walked to the same bits again", async () => {
  const llama = tinyFolder("llama", files.file("llama"));
  const talk = (i: number) => [
    { role: "user", content: `ask ${"abcdefghijkl"[i]!}` },
    { role: "assistant", content: `say ${"lkjihgfedcba"[i]!}` },
  ];
  // As another program may write it: with a mark at its beginning, other line ends, and empty lines.
  const lines = Array.from({ length: 12 }, (_, i) => JSON.stringify({ messages: talk(i) }));
  const file = files.file("talks.jsonl", `\ufeff${lines.join("\r\n\r\n")}\r\n`);
  const jinja =
    "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}{% if add_generation_prompt %}assistant {% endif %}";
  const chat = { file, template: files.file("talks.jinja", jinja), name: "talks" };
  const settings = (store: string) =>
    checkRunFile("chat", {
      model: llama,
      task: { chat },
      texts: { train: 6, dev: 3, test: 3 },
      adapter: { kind: "lora", rank: 2 },
      method: { recipe: "mezo", learningRate: 0.01 },
      budget: { steps: 4 },
      batchSize: 3,
      evaluation: { every: 2, test: true },
      result: { folder: files.file(store), exports: [{ as: "merge", to: files.file(`${store}-whole`) }] },
    });
  const first = await made(settings("chat"));
  assert.equal(first.failed, []);
  assert.ok(
    first.lines.some((line) => line.includes("nats a token of the answers in 3 test conversations")),
    first.lines.join("\n"),
  );
  const printed = JSON.parse(runJson(first.problem, first.run!)) as { readonly task: unknown };
  assert.equal(printed.task, { chat });
  const again = await made(checkRunFile("printed", { ...printed, result: { folder: files.file("chat-2") } }));
  assert.equal([bits(again), again.run!.kept.id], [bits(first), first.run!.kept.id]);
  throwsWith(
    () => checkRunFile("chat", { ...printed, task: { chat: { fil: "a.jsonl" } } }),
    /task\.chat\.fil: .*nearest: file.*\n.*task\.chat\.file: expected a text .* got nothing/,
  );
});

test("a task that was written in a cell is refused", async () => {
  const { run, problem } = await made(example("first"));
  const own = { ...problem, task: { ...problem.task, own: undefined, name: "mine" } };
  throwsWith(
    () => runJson(own as never, run!),
    "task: expected a published task, a table of your own (tableTask), or conversations (chatTask)",
  );
});

test("a bar on a terminal is drawn over, and lines go above it", () => {
  let [out, time] = ["", 0];
  const terminal = { isTTY: true, columns: 60, write: (text: string) => void (out += text) };
  const bar = terminalBar("mine", terminal, () => time);
  time = 1000;
  bar.update({ step: 5, steps: 10, forwardPasses: 10, totalForwardPasses: 40, loss: 0.5 });
  assert.is(out, "\r\x1b[2K[#####               ] mine: step 5/10 \u00b7 loss 0.5000 \u00b7 10 f");
  out = "";
  bar.line("said");
  assert.match(out, /^\r\x1b\[2Ksaid\n\r\x1b\[2K\[#####/);
  out = "";
  bar.finish();
  assert.is(out, "\r\x1b[2K");
  const quiet = terminalBar("mine", { ...terminal, isTTY: false }, () => time);
  out = "";
  quiet.update({ step: 6, steps: 10, forwardPasses: 12 });
  assert.is(out, "");
  time += 30_000;
  quiet.update({ step: 7, steps: 10, forwardPasses: 14 });
  assert.match(out, /^\[#+ +\] mine: step 7\/10 .*\n$/);
});

test("an evaluation whose task has no right answers says nothing of them", () => {
  assert.is(
    evaluationLine({ step: 2, loss: 1, accuracy: NaN, forwardPasses: 4 }, false),
    "step 2 (4 forward passes): dev loss 1.0000",
  );
});

test("the command writes an example, lists the fields, keeps what Ctrl-C stops, and says what is wrong", async () => {
  const path = files.file("mine.json");
  assert.equal((await command("--init", path)).status, 0);
  assert.is(readFileSync(path, "utf8"), exampleRunFile());
  const twice = await command("--init", path);
  assert.equal([twice.status, twice.said.includes("expected a name that is free")], [1, true]);
  assert.ok((await command("--fields")).said.includes("budget (needed): when it has done enough"));
  assert.is((await command()).status, 2);
  const wrong = await command(files.file("wrong.json", '{ "modle": 1 }'));
  assert.equal([wrong.status, wrong.said.includes('nearest: model, got "modle"')], [1, true]);
  const long = { model: folder, task: (parseJsonc(exampleRunFile(), "") as { task: object }).task, texts: { train: 12, dev: 9, test: 6, maxTokens: 16 }, adapter: { kind: "lora" }, method: { recipe: "mezo", learningRate: 0.01 }, budget: { steps: 1_000_000 }, result: { folder: files.file("command") } }; // prettier-ignore
  const stopped = await command(files.file("long.json", JSON.stringify(long)), (said) => said.includes("step 20 ("));
  assert.equal([stopped.status, stopped.said.includes("it can be resumed")], [130, true]);
  assert.is(
    readTrajectory(`${files.file("command")}/${readdirSync(files.file("command"))[0]!}/trajectory.jsonl`)!.end!.reason,
    "stopped",
  );
});

/** Runs the command; `interrupt` says when Ctrl-C is pressed. */
function command(
  ...words: readonly (string | ((said: string) => boolean))[]
): Promise<{ readonly status: number | null; readonly said: string }> {
  const args = words.filter((word): word is string => typeof word === "string");
  const interrupt = words.find((word): word is (said: string) => boolean => typeof word === "function");
  const child = spawn(process.execPath, ["--import", "tsx", "src/notebook/run-tune.ts", ...args]);
  let [said, pressed] = ["", false];
  const hear = (data: Buffer): void => {
    said += String(data);
    if (pressed || interrupt?.(said) !== true) return;
    pressed = true;
    child.kill("SIGINT");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve) => child.on("exit", (status) => resolve({ status, said })));
}

test.run();
