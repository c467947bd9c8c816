import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { choiceText, frozenArm, readChoice, readDecision } from "../../src/experiment/frozen-choice";
import type { FrozenArm, FrozenChoice } from "../../src/experiment/frozen-choice";
import { heldOutGrid, HELD_OUT } from "../../src/experiment/held-out-grid";
import { budgetOf, isStill } from "../../src/experiment/plan";
import { cellsOf as searched } from "../../src/experiment/cells";
import { plannedTask } from "../../src/experiment/own-tables";
import { searchGrid } from "../../src/experiment/search-grid";
import { readingsOf } from "../../src/task/reading";
import { taskNamed } from "../../src/task/tasks";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("experiment/frozen-choice");
const files = scratch();
test.after(() => files.remove());

const choice: FrozenChoice = {
  minilm: [
    frozenArm("minilm-trec", { arm: "xs-15", role: "chosen", start: "probe", learningRate: 0.3 }),
    frozenArm("minilm-trec", { arm: "xs-15", role: "ablation", start: "own", learningRate: 0.3 }),
    frozenArm("minilm-trec", { arm: "adazeta-passes", role: "rival", start: "own", learningRate: 3e-3 }),
    frozenArm("minilm-trec", { arm: "linear-probe", role: "beside", start: "own", learningRate: null }),
  ],
  smollm2: [
    frozenArm("smollm2-sst2", { arm: "core-15", role: "chosen", start: "calibrated", learningRate: 0.1 }),
    frozenArm("smollm2-sst2", { arm: "mezo-lora", role: "rival", start: "own", learningRate: 3e-3 }),
  ],
};

function written(data: unknown): string {
  const path = files.file("choice.json");
  writeFileSync(path, typeof data === "string" ? data : JSON.stringify(data));
  return path;
}

test("before it is frozen the held-out grid has no runs, and says why and what to do", () => {
  const grid = heldOutGrid(files.file("none.json"));
  assert.equal(cellsOf(grid), []);
  assert.match(grid.waits!, /^the choice is not frozen yet: .*none\.json does not exist\. Search first/);
});

test("written and read it is the same, and each arm stands on its model's four tasks with five paired seeds", () => {
  const path = written(choiceText(choice));
  assert.equal(readChoice(path), choice);
  const grid = heldOutGrid(path);
  assert.is(grid.waits, undefined);
  const cells = cellsOf(grid);
  // 3 arms x 4 tasks x 5 seeds, an ablation x 4 tasks x 3 seeds, 2 arms x 4 tasks x 5 seeds; the chosen at 2 rates beside its own x 4 tasks x 3 seeds, and x 1
  assert.is(cells.length, 60 + 12 + 40 + 24 + 8);
  assert.is(new Set(cells.map(({ key }) => key)).size, cells.length);
  const pairs = [...new Set(cells.map(({ settings }) => `${settings.model} ${settings.task}`))];
  assert.equal(pairs.sort(), [...HELD_OUT["minilm-trec"].map((task) => `minilm ${task}`), ...HELD_OUT["smollm2-sst2"].map((task) => `smollm2 ${task}`)].sort()); // prettier-ignore
  const chosenOn = new Set(searched(searchGrid()).map(({ settings: { model, task } }) => `${model} ${task}`));
  assert.equal(pairs.filter((pair) => chosenOn.has(pair)), []); // prettier-ignore
  for (const { settings, learningRate, arm } of cells) {
    const { maxTokens, cutTo } = settings.problem;
    assert.ok((cutTo ?? maxTokens ?? Infinity) <= 64);
    if (isStill(settings.arm)) continue;
    assert.ok(budgetOf(settings.arm, 16).forwardPasses <= 800, arm);
    const frozen = [...choice.minilm, ...choice.smollm2].find((each) => each.arm === arm)!;
    // Half a decade below its rate and above it the chosen stands too; nothing else of its method is other there.
    const beside = frozen.role !== "chosen" ? [] : frozen.learningRate === 0.3 ? [0.1, 1] : [0.03, 0.3];
    assert.ok([frozen.learningRate, ...beside].includes(learningRate), `${arm} at ${learningRate}`);
    assert.equal(settings.arm.method, { ...frozen.method, learningRate: { kind: "constant", value: learningRate } });
  }
});

test("each model reads its held-out tasks", () => {
  const readings = (tasks: readonly string[]) =>
    tasks.map((name) => {
      const task = plannedTask(name);
      return readingsOf(typeof task === "string" ? taskNamed(task) : task);
    });
  for (const [study, reading] of [
    ["minilm-trec", "pooled"],
    ["smollm2-sst2", "causal"],
  ] as const)
    for (const known of readings(HELD_OUT[study])) assert.ok(known.includes(reading));
});

test("a file that is no choice, and a row that makes something else than was frozen, are told by place", () => {
  const refused = (data: unknown, message: string | RegExp): void => throwsWith(() => heldOutGrid(written(data)), message); // prettier-ignore
  const changed = (minilm: readonly unknown[]): unknown => ({ format: "adazeta-frozen-choice-1", ...choice, minilm });
  const [chosen, , rival] = choice.minilm as readonly [FrozenArm, FrozenArm, FrozenArm];
  refused("{", "expected JSON");
  refused([], "expected an object");
  refused({ format: "x" }, /format: expected adazeta-frozen-choice-1, got "x"/);
  refused(changed([rival]), /minilm: expected exactly one arm that is chosen, got 0/);
  refused(changed([chosen]), /minilm: expected at least one rival, got 0/);
  refused(changed([null]), /minilm\[0\]: expected an arm/);
  refused(
    changed([{ ...chosen, role: "best" }]),
    /minilm\[0\]\.role: expected chosen, rival, beside, ceiling, ablation, got "best"/,
  );
  refused(changed([{ ...chosen, start: "shots" }]), /minilm\[0\]\.start: expected own, probe, calibrated/);
  refused(changed([{ ...chosen, arm: "mine" }]), /minilm\[0\]\.arm: expected an arm that there is .*, got "mine"/);
  refused(changed([{ ...chosen, learningRate: -1 }]), /minilm\[0\]\.learningRate: expected a positive number/);
  refused(changed([{ ...chosen, learningRate: 0.1 }]), /minilm\[0\]\.method: expected what xs-15 makes at that rate/);
  refused(
    changed([{ ...chosen, adapter: { ...chosen.adapter, rank: 4 } }]),
    /minilm\[0\]\.adapter: expected what xs-15/,
  );
  refused(changed([chosen, rival, rival]), /minilm\[2\]: expected an arm once from each start, got "adazeta-passes from own again"/); // prettier-ignore
  refused(changed([chosen, rival, { ...chosen, role: "rival" }]), /minilm\[2\]: expected an arm once from each start/);
  const still = { ...choice.minilm[3], role: "chosen" };
  refused(changed([still, rival]), /minilm: expected a chosen arm that makes steps, got "linear-probe"/);
});

test("a choice that was changed by hand is held to what was decided on, and a decision that is none is told", () => {
  const decided = (learningRate: number) => ({
    ...{ rule: [], runs: 0 },
    models: [{ model: "minilm", noise: 0, arms: [{ arm: "xs-15", start: "probe", learningRate, chosen: true }] }],
  });
  const file = (decision: unknown) => written({ format: "adazeta-frozen-choice-1", ...choice, decision });
  assert.equal(readChoice(file(decided(0.3))), choice);
  throwsWith(() => readChoice(file(decided(0.1))), /minilm: expected the chosen arm that was decided on, xs-15 from probe at 0\.1, got "xs-15 from probe at 0\.3"/); // prettier-ignore
  for (const none of ["x", {}, null, { rule: [], models: [{}] }]) {
    const path = file(none);
    for (const read of [readDecision, readChoice])
      throwsWith(() => read(path), "decision: expected {rule, runs, models");
  }
});

test.run();
