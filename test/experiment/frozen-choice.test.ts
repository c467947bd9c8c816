import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { choiceText, frozenArm, readChoice } from "../../src/experiment/frozen-choice";
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
  // 3 arms x 4 tasks x 5 seeds, an ablation x 4 tasks x 3 seeds, 2 arms x 4 tasks x 5 seeds
  assert.is(cells.length, 60 + 12 + 40);
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
    assert.is(learningRate, frozen.learningRate);
    assert.equal(settings.arm.method, frozen.method);
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
  refused(changed([{ ...chosen, arm: "mine" }]), /^arm: expected one of/);
  refused(changed([{ ...chosen, learningRate: -1 }]), /minilm\[0\]\.learningRate: expected a positive number/);
  refused(changed([{ ...chosen, learningRate: 0.1 }]), /minilm\[0\]\.method: expected what xs-15 makes at that rate/);
  refused(
    changed([{ ...chosen, adapter: { ...chosen.adapter, rank: 4 } }]),
    /minilm\[0\]\.adapter: expected what xs-15/,
  );
});

test.run();
