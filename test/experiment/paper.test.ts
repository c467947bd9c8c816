import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Arm } from "../../src/experiment/arm";
import { armOf } from "../../src/experiment/arms";
import { experiments, recordsPath } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid } from "../../src/experiment/divergence";
import { budgetOf, isStill } from "../../src/experiment/plan";
import type { PlannedRun } from "../../src/experiment/plan";
import { fullArms, fullSettings, llama } from "../../src/experiment/paper/full";
import { queriesAt } from "../../src/schedule/schedule";
import { checkMethod, isExact } from "../../src/optimizer/method";
import type { Method } from "../../src/optimizer/method";

/** wd of a method, wherever it stands in its chain. */
const decayOf = ({ transforms }: Method): number | undefined =>
  transforms.map((link) => ("weightDecay" in link ? link.weightDecay : undefined)).find((decay) => decay !== undefined);

const test = suite("experiment/paper");
const grids = {
  tiny: new Map(experiments("tiny").map((grid) => [grid.name, cellsOf(grid)])),
  full: new Map(experiments("full").map((grid) => [grid.name, cellsOf(grid)])),
};
const gridNamed = (name: string, scale: "tiny" | "full") => grids[scale].get(name) ?? [];

test("Llama-2-7B's schedule on 1,000 texts is the one of the reference code: exponent 0.622, 15 queries from epoch 101", () => {
  // E = 10000 x 16 / 1000 = 160 epochs, beta = ln(20 / 0.85) / ln 160 = 0.622: 1 at epoch 1, 2 at 5, 3 at 10, 5 at 20, 8 at 40, 12 at 80
  const { schedule } = fullSettings(llama, 1000)(1e-4);
  const at = (epoch: number): number => queriesAt(schedule, { epoch, step: 63 * epoch });
  assert.equal([1, 5, 10, 20, 40, 80].map(at), [1, 2, 3, 5, 8, 12]);
  assert.equal([100, 101, 159].map(at), [14, 15, 15]);
});

test("a run on one budget says what it comes to in the other", () => {
  const settings = fullSettings(llama, 1000)(1e-4);
  const budgets = Object.fromEntries(fullArms(llama).map(({ id }) => [id, budgetOf(armOf(id, settings), 63)]));
  assert.equal(budgets["mezo"], { steps: 10_000, forwardPasses: 20_000 });
  assert.equal(budgets["zero-shot"], { steps: 0, forwardPasses: 0 });
  // constant Q spends AdaZeta's passes, less than a step of it
  const [adazeta, constant] = [budgets["adazeta"], budgets["tt-constant-q"]];
  assert.is(adazeta.steps, 10_000);
  assert.ok(adazeta.forwardPasses - constant.forwardPasses >= 0);
  assert.ok(adazeta.forwardPasses - constant.forwardPasses < 2 * 11);
  assert.equal(budgets["mezo-lora-smaller-rate"].forwardPasses, adazeta.forwardPasses);
});

test("every arm of the tables is plain data with a method in range", () => {
  for (const scale of ["tiny", "full"] as const)
    for (const cells of grids[scale].values())
      for (const { settings } of cells) {
        assert.equal(JSON.parse(JSON.stringify(settings)), settings);
        if (!isStill(settings.arm)) checkMethod(settings.arm.method);
      }
});

test("the tables count recorded runs of Figure 1 as their own", () => {
  const keys = new Set(
    ["minilm-trec", "smollm2-sst2"].flatMap((name) =>
      cellsOf(divergenceGrid(name as "minilm-trec")).map(({ key }) => key),
    ),
  );
  const shared = (name: string) => gridNamed(name, "tiny").filter(({ key }) => keys.has(key));
  // four arms, three seeds; three rates on MiniLM, one on SmolLM2
  assert.is(shared("glue-roberta").length, 36);
  assert.is(shared("superglue-llama2").length, 12);
  // AdaZeta itself, three seeds at two rates
  assert.is(shared("ablation").length, 6);
});

test("at tiny scale each arm with a rate has three trials on the first task, and seeds come one after another", () => {
  const cells = gridNamed("superglue-llama2", "tiny").filter(({ task }) => task === "sst2");
  const ofAdazeta = cells.filter(({ arm }) => arm === "adazeta");
  assert.is(ofAdazeta.length, 9);
  assert.equal(
    ofAdazeta.slice(0, 3).map(({ seed }) => seed),
    [0, 0, 0],
  );
});

test("the paper's tables at full scale: 6 tasks x k 16 and 512 x 5 draws, and 9 tasks", () => {
  const glue = gridNamed("glue-roberta", "full");
  assert.is(glue.length, 6 * 2 * 5 * 11);
  assert.equal([...new Set(glue.map(({ seed }) => seed))], [13, 21, 42, 87, 100]);
  assert.equal([...new Set(gridNamed("generation-llama2", "full").map(({ task }) => task))], ["squad", "drop"]);
  const superglue = gridNamed("superglue-llama2", "full");
  // choice tasks have no linear probe
  assert.is(superglue.length, 7 * 11 + 2 * 10);
  assert.is(recordsPath("glue-roberta", "full"), "data/results/glue-roberta-full.jsonl");
});

test("Llama-2-7B at full scale: every LoRA has the scripts' rank 5, and every zeroth-order arm the decay 0.01", () => {
  for (const name of ["superglue-llama2", "generation-llama2", "ablation"])
    for (const { arm, settings } of gridNamed(name, "full")) {
      if (isStill(settings.arm)) continue;
      const { adapter, method } = settings.arm;
      const byGradients = isExact(method);
      assert.is(decayOf(method), byGradients ? 0 : 0.01, `${name}, ${arm}`);
      if (adapter.kind === "lora") assert.equal([adapter.rank, adapter.alpha], [5, 16], `${name}, ${arm}`);
    }
});

test("LoRA + schedule differs from each neighbour in one part, at full scale as on a laptop", () => {
  for (const scale of ["tiny", "full"] as const)
    for (const name of scale === "tiny"
      ? ["superglue-llama2"]
      : ["superglue-llama2", "generation-llama2", "glue-roberta"]) {
      const cells = gridNamed(name, scale).filter(({ seed, learningRate }) => seed === 0 || learningRate === 1e-4);
      const armAt = (of: string): Arm => {
        const found = cells.find(({ arm, learningRate }) => arm === of && [3e-3, 1e-4].includes(learningRate));
        if (found === undefined || isStill(found.settings.arm)) throw new Error(`no arm ${of} in ${name}`);
        return found.settings.arm;
      };
      const [both, tensorTrain, oneQuery] = ["lora-schedule", "adazeta", "mezo-lora"].map(armAt);
      const without = (arm: Arm) => ({ ...arm, name: "", method: { ...arm.method, name: "" } });
      assert.equal({ ...without(both), adapter: null }, { ...without(tensorTrain), adapter: null });
      const { queries } = both.method;
      assert.equal(without(both), {
        ...without(oneQuery),
        method: { ...without(oneQuery).method, queries },
      });
    }
});

test("RoBERTa-large at full scale has no decay, and a LoRA of rank 8", () => {
  for (const { arm, settings } of gridNamed("glue-roberta", "full")) {
    if (isStill(settings.arm)) continue;
    const { adapter, method } = settings.arm;
    assert.is(decayOf(method), 0, arm);
    // the reference freezes the masked-LM head in AdaZeta's mode and not in LoRA's
    if (adapter.kind === "lora") assert.equal([adapter.rank, adapter.alpha, adapter.head], [8, 16, "label words"], arm);
  }
});

test("records of Figure 1 are found by the same keys as ever", () => {
  for (const name of ["minilm-trec", "smollm2-sst2"] as const) {
    const lines = readFileSync(`data/results/divergence-${name}.jsonl`, "utf8").trim().split("\n");
    const recorded = lines.map((line) => (JSON.parse(line) as { readonly key: string }).key);
    assert.equal(new Set(cellsOf(divergenceGrid(name)).map(({ key }) => key)), new Set(recorded));
  }
});

test("budgets follow the texts that are there: WSC's 425 after repeats, TREC's short class, 54 with the reference's dev", () => {
  const cellOf = (grid: string, task: string, arm: string) =>
    gridNamed(grid, "full").find((cell) => cell.task === task && cell.arm === arm)!;
  const armOf = (settings: PlannedRun): Arm => settings.arm as Arm;
  for (const [grid, task, train, batch] of [
    ["superglue-llama2", "wsc", 425, 16],
    ["superglue-llama2", "wsc", 54, 16],
    ["glue-roberta", "trec-k512", 2639, 16],
  ] as const) {
    const at = (arm: string) => armOf(cellOf(grid, task, arm).fitted!(train));
    const steps = grid === "glue-roberta" ? 80_000 : 10_000;
    const { queries } = at("adazeta").method;
    assert.equal((queries as { readonly exponent: unknown }).exponent, { target: 20, epochs: (steps * batch) / train });
    const epochSteps = Math.ceil(train / batch);
    const spent = budgetOf(at("adazeta"), epochSteps);
    assert.is(spent.steps, steps);
    for (const arm of ["mezo-lora-smaller-rate", "tt-constant-q", "lora-constant-q"])
      assert.equal(at(arm).budget, { kind: "forward-passes", forwardPasses: spent.forwardPasses }, arm);
    assert.equal(at("tt-constant-q").method.queries, {
      kind: "constant",
      value: Math.round(spent.forwardPasses / (2 * steps)),
    });
    assert.equal(at("lora-schedule").method.queries, queries);
  }
});

test("with as many texts as were planned every run is the planned one, whatever grid and scale", () => {
  for (const scale of ["tiny", "full"] as const)
    for (const cells of grids[scale].values())
      for (const { settings, fitted } of cells) {
        const { train } = settings.problem;
        const classes = { sst2: 2, sst5: 5, snli: 3, mnli: 3, rte: 2, trec: 6 } as Readonly<Record<string, number>>;
        const planned = typeof train === "number" ? train : train.perClass * classes[settings.task];
        assert.equal(fitted!(planned), settings);
      }
});

test("the ablation changes one thing at a time, and constant queries and the larger batch say what they spend", () => {
  const cells = gridNamed("ablation", "tiny").filter(({ seed, learningRate }) => seed === 0 && learningRate === 3e-3);
  const armAt = (name: string): Arm => {
    const found = cells.find(({ arm }) => arm === name)?.settings.arm;
    if (found === undefined || isStill(found)) throw new Error(`no arm ${name}`);
    return found;
  };
  const base = armAt("adazeta");
  const without = (of: Arm) => ({ ...of, name: "" });
  assert.equal(without(armAt("rank-20")), { ...without(base), adapter: { ...base.adapter, rank: 20 } });
  assert.equal(without(armAt("no-biases")), { ...without(base), adapter: { ...base.adapter, biases: false } });
  const { queries } = base.method;
  assert.equal(armAt("cap-16").method.queries, { ...queries, cap: 16 });
  for (const q of [1, 2, 4, 8])
    assert.equal(armAt(`constant-q-${q}`).budget, { kind: "forward-passes", forwardPasses: 1824 });
  assert.is(armAt("batch-x4-one-query").batchSize, 32);
  // The upper half of MiniLM's 6 layers, and of Llama-2-7B's 32.
  const upper = (scale: "tiny" | "full") =>
    gridNamed("ablation", scale).find(({ arm }) => arm === "upper-half-of-the-layers")!.settings.arm;
  for (const [scale, from] of [
    ["tiny", 3],
    ["full", 16],
  ] as const)
    assert.equal((upper(scale) as Arm).adapter, { ...(upper(scale) as Arm).adapter, layers: { from } });
});

test.run();
