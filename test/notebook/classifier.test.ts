import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { arm } from "../../src/experiment/arms";
import type { Problem } from "../../src/experiment/problem";
import { frozenProbe } from "../../src/experiment/frozen-probe";
import { besideProbe, bestOnDev, saveRun, testOnce, testReport } from "../../src/notebook/choose";
import { saveRunAsPeft } from "../../src/notebook/save-peft";
import { openClassifier } from "../../src/notebook/classifier";
import { runLive } from "../../src/notebook/live-runs";
import { openAdapter } from "../../src/notebook/open";
import type { LiveRun } from "../../src/notebook/live-runs";
import { loadTask } from "../../src/task/load-task";
import { tableTask } from "../../src/task/own-table";
import { promptText } from "../../src/task/reading";
import { loadClassifier, saveClassifier } from "../../src/task/saved-classifier";
import { scores } from "../../src/task/readout";
import { predictions } from "../../src/task/loss";
import { intervalText } from "../../src/table/summary";
import { bestOf } from "../../src/train/best";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { asCell, closeSessions } from "../support/shown";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyLoaded, tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("notebook/classifier");
const files = scratch();
let problem: Problem;
let runs: readonly LiveRun[];
test.before(async () => {
  problem = await tinyProblem("bert");
  const settings = tinySettings("bert");
  const arms = [arm("AdaZeta", settings), arm("MeZO-LoRA", settings)];
  runs = (await asCell(() => runLive(problem, arms, { seed: 0, evaluateEvery: 4, store: files.file("runs") }))).value;
});
test.after(async () => {
  await closeSessions();
  await files.remove();
});

const withLoss = (run: LiveRun, loss: number | null): LiveRun => {
  const evaluations = loss === null ? [] : [{ ...run.result.evaluations[0]!, loss }];
  const best = loss === null ? null : { ...run.result.best!, evaluation: evaluations[0]! };
  return { ...run, result: { ...run.result, evaluations, best } };
};
/** A run with these dev losses and accuracies at its own evaluations. */
const withEvaluations = (run: LiveRun, pairs: readonly (readonly [number, number])[]): LiveRun => {
  const evaluations = pairs.map(([loss, accuracy], i) => ({ ...run.result.evaluations[i]!, loss, accuracy }));
  const best = bestOf(evaluations, { chance: run.chance });
  return {
    ...run,
    result: { ...run.result, evaluations, best: best && { evaluation: best, point: new Float32Array(0) } },
  };
};

test("of dev losses 1.2, 0.9 and none the run with 0.9 is chosen, wherever it stands", () => {
  const [a, b] = runs;
  const [high, low, none] = [withLoss(a, 1.2), withLoss(b, 0.9), withLoss(a, null)];
  assert.is(bestOnDev([high, low, none]), low);
  assert.is(bestOnDev([none, low, high]), low);
  throwsWith(() => bestOnDev([]), "runs: expected a run with a finite dev loss, got no run");
  throwsWith(() => bestOnDev([none]), "runs: expected a run with a finite dev loss");
});

test("a run whose loss only came down to a constant answer's is named and not chosen; by accuracy the choice says the same", async () => {
  const { loss } = runs[0].chance;
  const mild = withEvaluations(runs[0], [[loss + 0.4, 0.6], [loss + 0.39, 0.6]]); // prettier-ignore
  const hot = withEvaluations(runs[1], [[loss + 0.4, 0.6], [loss + 0.01, 0.25]]); // prettier-ignore
  const { value, lines } = await asCell(() => Promise.resolve(bestOnDev([mild, hot])));
  assert.is(value.arm.name, "AdaZeta");
  assert.is(value.result.best?.evaluation.step, 4);
  assert.is(lines.length, 2);
  assert.match(
    lines[0]!,
    /^MeZO-LoRA: that checkpoint is not chosen: the dev loss went from .* by a flatter output alone/,
  );
  assert.match(
    lines[1]!,
    /^AdaZeta, step 4: its dev loss, .*, is not below the best constant answer's, .*, by more than luck on 12 texts/,
  );
  // Step 4 of both has 60 % and 25 %, step 0 of the second a tie: the lower loss breaks it.
  assert.is(bestOnDev([hot, mild], { by: "accuracy" }), value);
});

test("by accuracy the checkpoint that a run had not kept is walked to again, to the bit", () => {
  const [run] = runs;
  const last = run.result.evaluations.at(-1)!;
  assert.is(last.step, 12);
  const best = { evaluation: run.result.evaluations[0]!, point: run.adapter.initial(0) };
  const evaluations = run.result.evaluations.map((one) => ({ ...one, accuracy: one === last ? 1 : 0 }));
  const chosen = bestOnDev([{ ...run, result: { ...run.result, best, evaluations } }], { by: "accuracy" });
  assert.is(chosen.result.best?.evaluation.step, 12);
  assert.equal(fingerprintPoint(chosen.result.best!.point), fingerprintPoint(run.result.point));
});

test("the test split is looked at once: the frozen model and the best checkpoint, with one readout", async () => {
  const run = bestOnDev(runs);
  const { before, after, probe, count, tuned } = await testOnce(problem, run);
  assert.equal([count, tuned], [12, run.arm.name]);
  const answers = async (session: LiveRun["session"], point: Float32Array) => {
    const [{ input, labels }] = problem.test;
    const said = predictions(scores(problem.readout, await session.features([point], input)), 6);
    return said.filter((answer, i) => answer === labels[i]).length / 12;
  };
  assert.is(after, await answers(run.session, run.result.best!.point));
  assert.ok(before >= 0 && before <= 1);
  const share = (value: number) => `${(100 * value).toFixed(1)} % (95 % interval ${intervalText(value, 12)} %)`;
  const { session } = await openAdapter(problem.loaded, { kind: "none" });
  assert.is(probe, (await frozenProbe(problem, session, "all")).test.accuracy);
  const found = { before, after, probe, count, tuned };
  assert.equal(testReport(problem, run, found).split("\n"), [
    `${run.arm.name}: ${share(after)} of 12 test texts`,
    `without tuning: ${share(before)}, asked "{question}", as one vector`,
    `a linear probe on the frozen features: ${share(probe!)}`,
    besideProbe(found),
  ]);
  await rejectsWith(testOnce(problem, withLoss(run, null)), "run: expected a run with a best checkpoint");
});

test("tuning that is behind the probe is said to be, with points and texts", () => {
  const found = { before: 0.6, after: 0.7, probe: 0.8, count: 50, tuned: "AdaZeta" };
  assert.match(
    besideProbe(found)!,
    /^AdaZeta is 10\.0 points \(5 of 50 texts\) behind a linear probe .*readout: "probe"/,
  );
  assert.match(
    besideProbe({ ...found, after: 0.5, fromProbe: true })!,
    /from which it started: here tuning brought nothing\.$/,
  );
  assert.match(besideProbe({ ...found, after: 0.82 })!, /^AdaZeta is 2\.0 points \(1 of 50 texts\) ahead of/);
  assert.match(besideProbe({ ...found, after: 0.8 })!, /as many right answers as/);
  assert.is(besideProbe({ ...found, probe: null }), null);
});

test("saved and loaded into a fresh session, the classifier gives the same answers as the run", async () => {
  for (const run of runs) {
    const path = saveRun(problem, run, files.file(run.adapter.spec.kind));
    const fresh = tinyLoaded("bert");
    const classifier = await openClassifier(fresh, path);
    for (const example of problem.sample.parts.test) {
      const text = promptText(problem.task, "pooled", example);
      const { label, probability, all } = await classifier.predict(text);
      const features = await run.session.features([run.result.best!.point], { ids: [fresh.tokenizer.encode(text)] });
      const [answer] = predictions(scores(problem.readout, features), 6);
      assert.is(label, problem.task.labels[answer]);
      assert.equal(all[0], { label, probability });
      assert.ok(Math.abs(all.reduce((sum, one) => sum + one.probability, 0) - 1) < 1e-12);
      assert.ok(all.every((one, i) => i === 0 || one.probability <= all[i - 1].probability));
    }
    await classifier.dispose();
  }
});

test("a LoRA saved as a folder for PEFT answers as the run does, and takes a task's fields", async () => {
  const [tensorTrain, run] = runs;
  const folder = await saveRunAsPeft(problem, run, files.file("peft"));
  assert.equal(
    ["adapter_config.json", "adapter_model.safetensors", "readout.safetensors"].map((name) =>
      existsSync(join(folder, name)),
    ),
    [true, true, true],
  );
  assert.match(readFileSync(join(folder, "adapter_config.json"), "utf8"), /sentence-transformers\/all-MiniLM-L6-v2/);
  const fresh = tinyLoaded("bert");
  const [peft, own] = [
    await openClassifier(fresh, folder, problem.task),
    await openClassifier(fresh, saveRun(problem, run, files.file("lora"))),
  ];
  for (const example of problem.sample.parts.test) {
    const answer = await peft.predict(example.fields);
    assert.equal(answer, await own.predict(promptText(problem.task, "pooled", example)));
  }
  await rejectsWith(own.predict({ question: "why" }), "predict: expected a text (fields need the task");
  await rejectsWith(peft.predict({ sentence: "why" }), "predict.question: expected a text");
  await rejectsWith(saveRunAsPeft(problem, tensorTrain, folder), "adapter: expected a LoRA");
  await peft.dispose();
  await own.dispose();
});

test("a saved classifier holds its template and words, in both formats, and another one's is refused with both", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => `${i % 2 ? "good" : "bad"} film ${i},${i % 2 ? "pos" : "neg"}`);
  const file = files.file("own.csv", `text,label\n${rows.join("\n")}\n`);
  const own = (template: string, labelWords: Readonly<Record<string, string>>) =>
    tableTask({ file, template, label: "label", labelWords });
  const words = { neg: " terrible", pos: " great" };
  const task = own("{text} It was", words);
  const texts = await loadTask(task, { hub: "off" });
  const trained = await tinyProblem("llama", { train: 8, dev: 4, test: 4 }, texts);
  const settings = tinySettings("llama", { steps: 3 });
  const [run] = (
    await asCell(() =>
      runLive(trained, [arm("MeZO-LoRA", settings)], { seed: 0, evaluateEvery: 3, store: files.file("own") }),
    )
  ).value;
  const fresh = tinyLoaded("llama");
  const saves = [
    saveRun(trained, run, files.file("own-saved")),
    await saveRunAsPeft(trained, run, files.file("own-peft")),
  ];
  for (const path of saves) {
    const opened = async (asked?: Parameters<typeof openClassifier>[2]): Promise<string> => {
      const classifier = await openClassifier(fresh, path, asked);
      const { prompt } = classifier;
      await classifier.dispose();
      return JSON.stringify(prompt);
    };
    const kept = '{"reading":"causal","template":"{text} It was","words":[" terrible"," great"]}';
    assert.is(await opened(), kept);
    assert.is(await opened(task), kept);
    // the same words for the same classes, named in another order
    assert.is(await opened(own("{text} It was", { pos: " great", neg: " terrible" })), kept);
    const tuned =
      'expected the prompt that it was tuned with, "{text} It was" with neg = " terrible", pos = " great", got ';
    const other = (template: string, labelWords: Readonly<Record<string, string>>, got: string): Promise<void> =>
      rejectsWith(opened(own(template, labelWords)), `${tuned}${got}`);
    await other("Q: {text} A:", words, '"Q: {text} A:" with neg = " terrible", pos = " great"; open it');
    await other("{text} It was ", words, '"{text} It was " with');
    await other(
      "{text} It was",
      { neg: " great", pos: " terrible" },
      '"{text} It was" with neg = " great", pos = " terrible"',
    );
    await other("{text} It was", { neg: " dog", pos: " cat" }, '"{text} It was" with neg = " dog", pos = " cat"');
    await rejectsWith(
      opened(own("{text} It was", { bad: " terrible", good: " great" })),
      `${path}: expected a task of the classes neg, pos, got bad, good`,
    );
  }
  // an older save: the same file without the prompt
  const [path] = saves;
  const { prompt, ...older } = loadClassifier(path, fresh.model.id);
  assert.ok(prompt);
  saveClassifier(path, older);
  const { value, lines } = await asCell(() => openClassifier(fresh, path, own("Q: {text} A:", words)));
  assert.is(value.prompt, null);
  assert.match(lines.join("\n"), /does not hold the template and the words that it was tuned with/);
  await value.dispose();
});

test("another model's classifier is refused before anything is opened", async () => {
  const path = saveRun(problem, runs[0], files.file("mine"));
  const other = tinyLoaded("llama");
  await rejectsWith(openClassifier(other, path), `expected an adapter for model ${other.model.id}`);
  await rejectsWith(openClassifier(problem.loaded, files.file("nothing-here")), "nothing-here.adapter.safetensors");
  throwsWith(() => saveRun(problem, withLoss(runs[0], null), path), "run: expected a run with a best checkpoint");
});

test("an empty text and one longer than the model's context are refused, and it goes on answering", async () => {
  const classifier = await openClassifier(problem.loaded, saveRun(problem, runs[0], files.file("long")));
  await rejectsWith(classifier.predict(""), "text: expected a text of 1 to 16 tokens, got 0");
  await rejectsWith(
    classifier.predict("why ".repeat(17)),
    "text: expected a text of 1 to 16 tokens, got 17; shorten it",
  );
  assert.is((await classifier.predict("why")).all.length, 6);
  await classifier.dispose();
});

test.run();
