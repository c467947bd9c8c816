import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { cellsOf } from "../../src/experiment/cells";
import { inHalfDecades } from "../../src/experiment/field-grid";
import { budgetOf, isStill } from "../../src/experiment/plan";
import { searchGrid } from "../../src/experiment/search-grid";
import { searchRows } from "../../src/experiment/search-rows";
import { isExact } from "../../src/optimizer/method";
import { descriptions } from "../support/descriptions";

const test = suite("experiment/search-grid");
const cells = cellsOf(searchGrid());
const trained = cells.flatMap((cell) => (isStill(cell.settings.arm) ? [] : [{ ...cell, arm: cell.settings.arm }]));

test("every rival and candidate has three rates in half decades, at the same seeds as the others of its part", () => {
  for (const task of new Set(cells.map((cell) => cell.task))) {
    const own = trained.filter((cell) => cell.task === task);
    const seeds = new Set(own.map(({ seed }) => seed));
    for (const name of new Set(own.map(({ arm }) => arm.name))) {
      const runs = own.filter(({ arm }) => arm.name === name);
      assert.is(runs.length, 3 * seeds.size, `${task}: ${name}`);
      assert.is(new Set(runs.map(({ learningRate }) => learningRate)).size, 3, `${task}: ${name}`);
      for (const { learningRate } of runs) assert.is(inHalfDecades(learningRate), learningRate, name);
    }
  }
});

test("no run has more than 800 forward passes, and all but the ceiling come near them", () => {
  for (const { arm } of trained) {
    const { forwardPasses } = budgetOf(arm, 16);
    assert.ok(isExact(arm.method) ? forwardPasses === 340 : forwardPasses <= 800 && forwardPasses > 760, `${arm.name}: ${forwardPasses}`); // prettier-ignore
  }
});

test("only TREC on MiniLM and SST-2 on SmolLM2 are chosen on, and parts differ in what they start from alone", () => {
  assert.equal([...new Set(cells.map(({ settings: { model, task } }) => `${model} ${task}`))], ["minilm trec", "smollm2 sst2"]); // prettier-ignore
  for (const { task, settings } of cells) {
    const { readout, ...others } = settings.problem;
    assert.is(task, readout === undefined ? settings.task : `${settings.task}-${readout}`);
    assert.equal(others, cells.find((cell) => cell.task === settings.task)!.settings.problem);
  }
});

test("every candidate is searched, and the small cores have as many numbers", () => {
  const names = new Set(trained.map(({ arm }) => arm.name));
  assert.equal(searchRows.filter(({ id }) => !names.has(id)).map(({ id }) => id), []); // prettier-ignore
  const numbers = (name: string): number => {
    const { arm } = trained.find((cell) => cell.arm.name === name)!;
    return makeAdapter(arm.adapter, descriptions.minilm).layout.size;
  };
  assert.equal(["xs-15", "core-15", "tt-lora-15", "lora-15"].map(numbers), [768, 768, 12_480, 73_728]);
});

test("a decayed rate falls to a tenth by the run's last step", () => {
  for (const name of ["xs-one-decay", "xs-15-decay", "xs-15-spread-decay"]) {
    const { arm, learningRate } = trained.find((cell) => cell.arm.name === name)!;
    const { steps } = budgetOf(arm, 16);
    assert.equal(arm.method.learningRate, { kind: "linear", from: learningRate, to: learningRate / 10, over: steps, unit: "step" }); // prettier-ignore
  }
});

test.run();
