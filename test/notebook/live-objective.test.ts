import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeTrainable } from "../../src/experiment/make-trainable";
import type { Arm } from "../../src/experiment/arm";
import { bestOnDev, testReport, tunedAdapter } from "../../src/notebook/choose";
import { keptRuns } from "../../src/notebook/kept-runs";
import type { LiveRun } from "../../src/notebook/live-runs";
import { runLive } from "../../src/notebook/live-runs";
import { runJson } from "../../src/notebook/tune/run-json";
import { firstOrder } from "../../src/optimizer/recipes";
import { eggroll } from "../../src/optimizer/recipes/eggroll";
import { sst2 } from "../../src/task/defs/sst2";
import { ownReward } from "../../src/task/reward";
import { asCell, closeSessions } from "../support/shown";
import { questions } from "../support/made-options";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyLoaded } from "../support/tiny-problem";

const test = suite("notebook/live-objective");
const files = scratch();
test.after(async () => {
  await closeSessions();
  await files.remove();
});
const open = () =>
  makeTrainable(tinyLoaded("llama"), questions, { seed: 1, batchSize: 4, train: 8, dev: 6, test: 5 }, () => {
    throw new Error("a causal model needs no prototypes");
  });
const arm: Arm = {
  name: "EGGROLL",
  adapter: { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
  method: eggroll({ learningRate: 0.1, perturbationScale: 0.2, queries: 2, groups: "rank" }),
  budget: { kind: "steps", steps: 3 },
  batchSize: 4,
};
const short = ownReward({ name: "short", reward: ({ answer }) => -answer.length, newTokens: 4, temperature: 1 });

test("a reward of one's own trains in a cell, is kept, read from its record, and chosen by", async () => {
  const problem = await open();
  const how = { seed: 0, evaluateEvery: 1, objective: short, store: files.file("kept") };
  const [first] = (await asCell(() => runLive(problem, [arm], how))).value;
  assert.is(first!.result.end.reason, "finished");
  const { objective } = first!.result.header.settings;
  assert.equal(JSON.parse(JSON.stringify(objective)), objective);
  const cell = await asCell(() => runLive(problem, [arm], how));
  assert.is(cell.value[0]!.kept.id, first!.kept.id);
  assert.ok(cell.lines.some((line) => line.includes("from the record of")));
  const most = Math.max(...first!.result.evaluations.map((each) => each.objective!));
  assert.is(bestOnDev([first!]).result.best!.evaluation.objective, most);
  const scores = { before: 0.4, after: 0.4, probe: null, count: 5, tuned: "EGGROLL" };
  assert.match(testReport(problem, first!, scores), "it was trained for reward (short), -");
  const f1 = { ...first!, record: { ...first!.record, settings: { "objective.metric": "f1" } } };
  assert.match(testReport({ ...problem, task: sst2 }, f1, scores), "it was trained for f1 of the class positive, -");
  // A function with another text is another run.
  const other = ownReward({ ...short.writing, name: "short", reward: ({ answer }) => -2 * answer.length });
  const [second] = (await asCell(() => runLive(problem, [arm], { ...how, objective: other }))).value;
  assert.is.not(second!.kept.id, first!.kept.id);
  throwsWith(() => runJson({ ...problem, task: { ...problem.task, name: "squad" } }, first!), "a reward is a function");
});

test("a reward that fails before the first step is told in the cell, and where a checkpoint is asked for", async () => {
  const problem = await open();
  const broken = ownReward({ name: "broken", newTokens: 4, reward: () => { throw new Error("no dictionary"); } }); // prettier-ignore
  const how = { seed: 0, evaluateEvery: 1, objective: broken, store: files.file("broken") };
  const { lines, value: runs } = await asCell(() => runLive(problem, [arm], how));
  assert.is(runs[0]!.result.end.reason, "not-measured");
  assert.ok(
    lines.some((line) => line.startsWith("EGGROLL: ") && line.includes("no dictionary")),
    lines.join("\n"),
  );
  throwsWith(() => bestOnDev(runs), "no dictionary");
  throwsWith(() => tunedAdapter(problem, runs[0]!), "no dictionary");
});

test("runs for different rewards have names of their own, and are not chosen among by what they have not in common", async () => {
  const problem = await open();
  const store = files.file("several");
  const long = ownReward({ ...short.writing, name: "long", reward: ({ answer }) => answer.length });
  const runs: LiveRun[] = [];
  for (const objective of [short, long])
    runs.push(...(await asCell(() => runLive(problem, [arm], { seed: 0, objective, store }))).value);
  const names = keptRuns({ store }).map(({ name }) => name);
  assert.equal(names.sort(), ["EGGROLL, for reward (long), rate 0.1, seed 0", "EGGROLL, for reward (short), rate 0.1, seed 0"]); // prettier-ignore
  throwsWith(() => bestOnDev(runs), 'by: expected runs that were trained for one objective (or by "loss"), got "reward (short), reward (long)"'); // prettier-ignore
  throwsWith(
    () => bestOnDev(runs, { by: "f1" as never }),
    'by: expected "loss" or "accuracy" or "objective", got "f1"',
  );
  await rejectsWith(runLive(problem, [arm], { seed: 0, store, best: "objective" }), 'settings.best: expected "loss" or "accuracy" where nothing else is trained for'); // prettier-ignore
  await rejectsWith(runLive(problem, [arm], { seed: 0, store, best: "f1" as never }), 'settings.best: expected "loss" or "accuracy" or "objective"'); // prettier-ignore
});

test("a method that needs derivatives is refused before anything is opened or kept", async () => {
  const exact = { ...arm, method: firstOrder({ learningRate: 0.1 }) };
  const how = { seed: 0, objective: short, store: files.file("none") };
  await rejectsWith(runLive(await open(), [exact], how), "the reward short has no derivative");
  await rejectsWith(runLive(await open(), [arm], { ...how, objective: "acuracy" as never }), "expected \"loss\", exact match, token f1, or a reward"); // prettier-ignore
});

test.run();
