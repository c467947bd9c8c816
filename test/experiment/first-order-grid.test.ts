import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid } from "../../src/experiment/divergence";
import { firstOrderGrid } from "../../src/experiment/first-order-grid";
import { isStill } from "../../src/experiment/plan";
import { recordKey } from "../../src/experiment/record-key";
import { isExact } from "../../src/optimizer/method";
import { tinyModel } from "../support/tiny-models";

const test = suite("experiment/first-order-grid");
const cells = cellsOf(firstOrderGrid());
const armsOf = (of: typeof cells) => [...new Set(of.map(({ arm }) => arm))];

test("every arm has as many rates and seeds, and those by exact gradients as many steps and texts", () => {
  for (const arm of armsOf(cells)) {
    const own = cells.filter((cell) => cell.arm === arm);
    assert.is(new Set(own.map(({ learningRate }) => learningRate)).size, 3, arm);
    assert.is(new Set(own.map(({ seed }) => seed)).size, 3, arm);
    assert.is(own.length, 9, arm);
  }
  const exact = cells.filter(({ settings: { arm } }) => !isStill(arm) && isExact(arm.method));
  assert.equal(
    new Set(exact.map(({ settings: { arm } }) => JSON.stringify(isStill(arm) || [arm.budget, arm.batchSize]))).size,
    1,
  );
  assert.is(armsOf(exact).length, 5);
});

test("the four that train all weights differ in the method alone", () => {
  const { model } = tinyModel("bert");
  const whole = cells.filter(({ arm }) => arm.endsWith("-all-weights"));
  assert.is(armsOf(whole).length, 4);
  for (const { settings } of whole) {
    const { arm, ...shared } = settings;
    assert.not(isStill(arm));
    if (isStill(arm)) continue;
    assert.is(makeAdapter(arm.adapter, model).large, true);
    const first = whole.find(({ seed }) => seed === settings.seed)!.settings;
    assert.equal({ ...shared, arm: first.arm }, first);
  }
});

test("MeZO-LoRA's runs are the study's, by their keys", () => {
  const known = new Set(cellsOf(divergenceGrid("minilm-trec")).map(({ settings }) => recordKey(settings)));
  for (const { settings } of cells.filter(({ arm }) => arm === "mezo-lora")) assert.ok(known.has(recordKey(settings)));
});

test.run();
