import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { arm } from "../../src/experiment/arms";
import type { Problem } from "../../src/experiment/problem";
import { keptRuns } from "../../src/notebook/kept-runs";
import { title } from "../../src/notebook/keep-run";
import { originOf, runLive } from "../../src/notebook/live-runs";
import type { LiveOptions, LiveRun } from "../../src/notebook/live-runs";
import { bestOnDev, testOnce } from "../../src/notebook/choose";
import { openAdapter, openProblem } from "../../src/notebook/open";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { readTrajectory } from "../../src/train/trajectory";
import { plotlyMime } from "../../src/notebook/figure-display";
import { asCell, closeSessions } from "../support/shown";
import type { Shown } from "../support/shown";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { choices, questions } from "../support/made-options";
import { tinyLoaded, tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("notebook/live-runs");
const files = scratch();
const settings = tinySettings("bert");
const two = [arm("AdaZeta", settings), arm("MeZO-LoRA", settings)];
let problem: Problem;
test.before(async () => {
  problem = await tinyProblem("bert");
});
test.after(async () => {
  await closeSessions();
  await files.remove();
});

const live = (store: string, arms = two, changes: Partial<LiveOptions> = {}, watch?: (cell: Shown) => void) =>
  asCell((cell) => {
    watch?.(cell);
    return runLive(problem, arms, { seed: 0, evaluateEvery: 4, store: files.file(store), ...changes });
  });
const bits = ({ result }: LiveRun) => fingerprintPoint(result.point);
const engineTime = async () =>
  (await Promise.all(two.map(({ adapter }) => openAdapter(problem.loaded, adapter)))).map(({ session }) =>
    session.engineMilliseconds(),
  );

test("two arms are trained, drawn in one figure, and kept", async () => {
  const cell = await live("two");
  const [first, second] = cell.value;
  assert.equal([first.result.steps.length, first.result.end.forwardPasses], [12, 40]); // run-arm.test.ts
  assert.is(second.result.end.forwardPasses, 24);
  // a figure and a bar for each arm, whose last states are shown at the end
  const figures = cell.outputs.filter(({ content }) => plotlyMime in content.data);
  assert.is(new Set(figures.map(({ content }) => content.transient.display_id)).size, 1);
  assert.is(figures.filter(({ update }) => !update).length, 1);
  const drawn = JSON.stringify(figures.at(-1)!.content.data[plotlyMime]);
  for (const name of ["AdaZeta", "MeZO-LoRA"]) assert.ok(drawn.includes(name), `${name} is not in the last figure`);
  assert.ok(
    cell
      .texts()
      .some(
        (text) => text.startsWith("AdaZeta: step 12/12") && text.endsWith("finished after step 12 (40 forward passes)"),
      ),
  );
  assert.equal(
    first.record.evaluations.map(({ step }) => step),
    [0, 4, 8, 12],
  );
  assert.is(first.record.learningRate, 0.02);
  const trajectory = readTrajectory(first.kept.path)!;
  assert.is(trajectory.steps.length, 12);
  assert.match(
    JSON.stringify(trajectory.header.note),
    /"arm":"AdaZeta","problem":"TREC on tiny bert","chanceLoss":1\.[67]\d+,"devTexts":12/,
  );
  assert.equal(readdirSync(files.file("two")).length, 2);
});

test("a bar ends where the run ends: on a budget of passes, and with queries that were changed meanwhile", async () => {
  const [, mezoLora] = two;
  const averaged = {
    ...mezoLora!,
    name: "four queries",
    method: { ...mezoLora!.method, queries: { kind: "constant", value: 4 } as const },
    budget: { kind: "forward-passes", forwardPasses: 50 } as const,
  };
  const cell = await live("passes", [averaged]);
  assert.is(cell.value[0]!.result.end.step, 6); // 6 steps of 8 passes; a seventh is more than 50
  const bars = cell.texts().filter((text) => text.startsWith("four queries: step"));
  assert.ok(
    bars.every((text) => / step \d+\/6 /.test(text) || / step 0\/6 /.test(text)),
    bars.join("\n"),
  );
  assert.match(bars.at(-1)!, /step 6\/6 .* 48 forward passes .*finished after step 6/);
  assert.not.ok(cell.texts().some((text) => text.includes("nothing was changed")));
  assert.ok(
    cell
      .texts()
      .some((text) => /^four queries: learning rate [\d.]+, perturbation scale [\d.]+, queries 4$/.test(text)),
  );
  const html = cell.outputs
    .map(({ content }) => String(content.data["text/html"] ?? ""))
    .filter((text) => text.includes("progress"));
  assert.match(html.at(-1)!, 'value="1.0000"');
});

test("a second call shows the runs from their records without a forward pass", async () => {
  const first = await live("again");
  const before = await engineTime();
  const second = await live("again");
  assert.equal(await engineTime(), before);
  assert.equal(second.value.map(bits), first.value.map(bits));
  assert.equal(
    second.value.map(({ result }) => fingerprintPoint(result.best!.point)),
    first.value.map(({ result }) => fingerprintPoint(result.best!.point)),
  );
  assert.is(second.lines.filter((line) => line.includes("from the record of")).length, 2);
  assert.is(readdirSync(files.file("again")).length, 2);
});

test("recompute runs again, in the place of the old run", async () => {
  const first = await live("recompute", two.slice(0, 1));
  const before = await engineTime();
  const again = await live("recompute", two.slice(0, 1), { recompute: true });
  assert.ok((await engineTime())[0] > before[0]);
  assert.equal(again.value.map(bits), first.value.map(bits));
  assert.not.ok(again.lines.some((line) => line.includes("from the record of")));
  assert.is(readdirSync(files.file("recompute")).length, 1);
});

test("Stop ends after the current step and keeps the run; the same cell then continues to the same bits", async () => {
  const whole = await live("whole");
  const stopped = await live("stopped", two, {}, (cell) => {
    cell.hear.push((text) => (/^AdaZeta: step [1-9]/.test(text) ? cell.stop() : undefined));
  });
  assert.is(stopped.value.length, 1); // the second arm was not begun
  const [half] = stopped.value;
  const { end, steps } = half.result;
  assert.is(end.reason, "stopped");
  assert.ok(steps.length < 12, `stopped too late: ${steps.length}`);
  assert.is(readTrajectory(half.kept.path)!.steps.length, steps.length);
  assert.ok(
    stopped.lines.includes(
      `interrupted at step ${end.step} of AdaZeta; the record is kept, run the cell again to continue`,
    ),
  );
  const continued = await live("stopped");
  assert.equal(continued.value.map(bits), whole.value.map(bits));
  assert.equal(
    continued.value[0].result.steps.map(({ projectedGradients }) => projectedGradients),
    whole.value[0].result.steps.map(({ projectedGradients }) => projectedGradients),
  );
  assert.is(readdirSync(files.file("stopped")).length, 2);
});

test("Stop in a step that takes long ends its engine; the record is kept, and the same cell goes on with another", async () => {
  const queries = 50_000; // a step of them takes longer than a stopped run waits
  const many = {
    ...two[1]!,
    name: "many",
    method: { ...two[1]!.method, queries: { kind: "constant", value: queries } as const },
  };
  const stopped = await asCell(({ stop }) => {
    const objective: Problem["objective"] = (session) => {
      const own = problem.objective(session);
      return { ...own, losses: (...asked) => (setTimeout(stop, 300), own.losses(...asked)) };
    };
    return runLive({ ...problem, objective }, [many], { seed: 0, evaluateEvery: 1, store: files.file("long") });
  });
  assert.equal([stopped.value[0]!.result.end.reason, stopped.value[0]!.result.steps.length], ["stopped", 0]);
  assert.ok(
    stopped.lines.includes("interrupted at step 0 of many; the record is kept, run the cell again to continue"),
  );
  const { session: old } = stopped.value[0]!;
  const start = new Float32Array(old.layout.size);
  await rejectsWith(old.features([start], { ids: [[1, 2]] }), "the model was closed");
  const { session } = await openAdapter(problem.loaded, many.adapter);
  assert.ok((await problem.evaluate(session, start, "dev", many.adapter)).loss > 0);
});

test("options and texts to write are trained and kept like classes", async () => {
  const sizes = { seed: 1, batchSize: 4, train: 8, dev: 6, test: 4 };
  for (const texts of [choices, questions]) {
    const task = await openProblem(tinyLoaded("llama"), texts, sizes);
    const arms = [arm("AdaZeta", tinySettings("llama", { steps: 2 }))];
    const cell = await asCell(async () => {
      const runs = await runLive(task, arms, { seed: 0, store: files.file(texts.task.name) });
      return { runs, scores: await testOnce(task, bestOnDev(runs)) };
    });
    const { runs, scores } = cell.value;
    assert.equal([runs.length, runs[0].result.steps.length, scores.count], [1, 2, 4]);
    assert.is(readTrajectory(runs[0].kept.path)!.header.identity.data, task.dataHash);
    assert.ok(runs[0].record.evaluations.every(({ loss }) => loss !== null && loss > 0));
  }
});

test("a cell that was stopped before it began trains nothing", async () => {
  const cell = await live("before", two, {}, ({ stop }) => stop());
  assert.equal(cell.value, []);
  assert.equal(cell.outputs, []);
});

test("other settings make another run beside the first; kept runs are named by what differs", async () => {
  await live("kept", [arm("AdaZeta", settings)]);
  await live("kept", [arm("AdaZeta", { ...settings, schedule: { ...settings.schedule, cap: 3 } })]);
  await live("kept", [arm("MeZO-LoRA", settings)], { seed: 1 });
  const store = files.file("kept");
  const found = keptRuns({ store, arm: "AdaZeta" });
  assert.equal(found.map(({ name }) => name).sort(), [
    "AdaZeta, rate 0.02, cap 3, seed 0",
    "AdaZeta, rate 0.02, cap 8, seed 0",
  ]);
  assert.equal(
    keptRuns({ store, arm: "MeZO-LoRA" }).map(({ name, seed }) => [name, seed]),
    [["MeZO-LoRA, rate 0.02, seed 1", 1]],
  );
  assert.is(keptRuns({ store }).length, 3);
  assert.is(keptRuns({ store, problem: title(problem), data: problem.dataHash }).length, 3);
  assert.is(keptRuns({ store, data: "of other texts" }).length, 0);
  assert.is(keptRuns({ store, problem: "SST2 on tiny llama" }).length, 0);
  assert.is(keptRuns({ store: files.file("no-such-store") }).length, 0);
  const [run] = found;
  assert.is(run.evaluations.length, 4);
  assert.is(run.chanceLoss, problem.chanceLoss);
});

test("a run that does not move says so at its end with a rate to try, measured or from its record; one that moves does not", async () => {
  const [, mezoLora] = two;
  const still = { ...mezoLora, name: "still", method: { ...mezoLora.method, learningRate: { kind: "constant", value: 1e-7 } } } as const; // prettier-ignore
  const said = async () => (await live("still", [still])).lines.filter((line) => line.includes("did not move"));
  const [line, ...others] = await said();
  assert.equal(others, []);
  assert.match(
    line!,
    /^still: the dev loss did not move: (\d\.\d+) before, \1 after, a change of -?0\.0000 ± 0\.0000 over the same texts, at learning rate 1e-7; try 1e-3: 1e-3 is the best of \d+ rates measured for lora on minilm/,
  );
  // From its record no text is looked at again.
  const [again] = await said();
  assert.match(
    again!,
    /^still: the dev loss did not move: (\d\.\d+) before, \1 after, at learning rate 1e-7; try 1e-3:/,
  );
  const moving = await live("two");
  assert.equal(
    moving.lines.filter((one) => one.includes("did not move: ")),
    [],
  );
});

test("the caption says model, data and seeds", () => {
  const origin = originOf(problem, 0, 1);
  assert.equal([origin.model, origin.seeds, origin.kind], ["tiny bert", [0, 1], "measured"]);
  assert.match(origin.data, /^trec from the samples/);
});

test.run();
