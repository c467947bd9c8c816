import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { sidePlaces } from "../../src/adapter/side";
import { arm } from "../../src/experiment/arms";
import { cellsOf } from "../../src/experiment/cells";
import { studySettings } from "../../src/experiment/divergence";
import { isStill } from "../../src/experiment/plan";
import { sideGrid, sideSettings } from "../../src/experiment/side-grid";
import { isExact } from "../../src/optimizer/method";
import { bertSites } from "../../src/model/bert";
import { llamaSites } from "../../src/model/llama";
import { throwsWith } from "../support/throws";

const test = suite("experiment/side-grid");
const cells = cellsOf(sideGrid());
const minilm = bertSites({ layers: 6, hidden: 384, intermediate: 1536 });
const smollm2 = llamaSites({ layers: 30, hidden: 576, intermediate: 1536, heads: 9, kvHeads: 3, headSize: 64 });

test("of each task all arms have as many rates and seeds, and those by gradients as many steps and texts", () => {
  for (const [task, rates] of [
    ["trec", 3],
    ["sst2", 2],
  ] as const) {
    const own = cells.filter((cell) => cell.task === task);
    const ids = [...new Set(own.map((cell) => cell.arm))];
    assert.is(ids.length, 6);
    for (const id of ids)
      assert.is(own.filter((cell) => cell.arm === id).length, id === "linear-probe" ? 3 : 3 * rates, id);
    const budgets = own.flatMap(({ settings: { arm: of } }) =>
      isStill(of) || !isExact(of.method) ? [] : [JSON.stringify([of.budget, of.batchSize])],
    );
    assert.is(new Set(budgets).size, 1);
  }
});

test("the side networks differ in their weights alone, and SHERL's by MeZO is the same network with what it replaces added whole", () => {
  for (const study of ["minilm-trec", "smollm2-sst2"] as const) {
    const [mean, sherl, byLosses] = (["side-mean", "sherl", "mezo-sherl"] as const).map((id) =>
      arm(id, sideSettings(study, 1e-3)),
    );
    assert.equal({ ...mean.adapter, aggregation: "anti-redundancy" }, sherl.adapter);
    assert.equal({ ...sherl.adapter, skip: "whole" }, byLosses.adapter);
    assert.equal(mean.method, sherl.method);
    assert.not(isExact(byLosses.method));
  }
});

test("what is trained: numbers of each arm, the last layer alone, and every fifth hidden state of SmolLM2", () => {
  const size = (id: "adamw-bottleneck" | "sherl" | "side-mean", study: "minilm-trec" | "smollm2-sst2") =>
    makeAdapter(arm(id, sideSettings(study, 1e-3)).adapter, study === "minilm-trec" ? minilm : smollm2).layout.size;
  // Twelve seats of 384 -> 16 -> 384 with biases.
  assert.is(size("adamw-bottleneck", "minilm-trec"), 12 * (2 * 384 * 16 + 16 + 384));
  assert.is(size("sherl", "minilm-trec") - size("side-mean", "minilm-trec"), 49);
  const { adapter } = arm("sherl", sideSettings("smollm2-sst2", 1e-3));
  assert.equal(sidePlaces(adapter as Extract<AdapterSpec, { kind: "side" }>, smollm2), [0, 5, 10, 15, 20, 25, 29]);
  assert.equal(arm("adamw-last-layer", sideSettings("smollm2-sst2", 1e-3)).adapter, {
    kind: "full",
    layers: { from: 29 },
  });
});

test("without a side network, or the number of layers, the arms that need them are refused", () => {
  throwsWith(() => arm("sherl", studySettings("minilm-trec", 1e-3)), "settings.side: expected a side network, got");
  throwsWith(
    () => arm("adamw-last-layer", studySettings("minilm-trec", 1e-3)),
    "settings.layers: expected the number of the model's layers",
  );
});

test.run();
