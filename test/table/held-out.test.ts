import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeFileSync } from "node:fs";
import { cellsOf } from "../../src/experiment/cells";
import { choiceText, frozenArm } from "../../src/experiment/frozen-choice";
import type { FrozenChoice } from "../../src/experiment/frozen-choice";
import { heldOutGrid } from "../../src/experiment/held-out-grid";
import { againstChosen, heldOutPairs, heldOutTable, partsTold, verdicts, verdictTable } from "../../src/table/held-out";
import type { PlannedRecord } from "../../src/table/paper-cells";
import { rateDistances, rateDistanceTable } from "../../src/table/rate-distance";
import { madeRecord, NO_STEPS } from "../support/made-record";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("table/held-out");
const files = scratch();
test.after(() => files.remove());

const choice: FrozenChoice = {
  minilm: [
    frozenArm("minilm-trec", { arm: "xs-15", role: "chosen", start: "probe", learningRate: 0.3 }),
    frozenArm("minilm-trec", { arm: "adazeta-passes", role: "rival", start: "own", learningRate: 3e-3 }),
    frozenArm("minilm-trec", { arm: "mezo-lora", role: "rival", start: "own", learningRate: 3e-3 }),
    frozenArm("minilm-trec", { arm: "linear-probe", role: "beside", start: "own", learningRate: null }),
    frozenArm("minilm-trec", { arm: "xs-15", role: "ablation", start: "own", learningRate: 0.3 }),
  ],
  smollm2: [
    frozenArm("smollm2-sst2", { arm: "xs-15", role: "chosen", start: "calibrated", learningRate: 0.1 }),
    frozenArm("smollm2-sst2", { arm: "mezo-lora", role: "rival", start: "own", learningRate: 3e-3 }),
  ],
};
const path = files.file("choice.json");
writeFileSync(path, choiceText(choice));
const cells = cellsOf(heldOutGrid(path));

/** Records of MiniLM on SST-2 whose losses go through these, by arm and start; of so many seeds, each of which adds its own. */
function recorded(losses: Readonly<Record<string, readonly number[]>>, seeds = 5): readonly PlannedRecord[] {
  return cells.map((cell) => {
    const { model, task, problem } = cell.settings;
    const line = `${cell.arm} ${problem.readout ?? "own"}`;
    const frozen = cell.arm !== "xs-15" || cell.learningRate === 0.3;
    const known = losses[`${line} at ${cell.learningRate}`] ?? (frozen ? losses[line] : undefined);
    if (model !== "minilm" || task !== "sst2" || known === undefined || cell.seed >= seeds)
      return { cell, record: null };
    const evaluations = known.map((loss, i) => ({
      ...{ step: i, forwardPasses: 400 * i, evaluationPasses: 0, loss: loss + cell.seed / 10, accuracy: 0.5 },
    }));
    const extra = { test: { loss: 1, accuracy: 1 - known[1]!, count: 200 } };
    return { cell, record: madeRecord(cell, { history: { steps: NO_STEPS, evaluations }, extra }) };
  });
}
const losses = {
  "xs-15 probe": [0.6, 0.5, 0.55],
  "adazeta-passes own": [0.8, 0.62, 0.65],
  "mezo-lora own": [0.9, 0.7, 0.6],
  "linear-probe own": [0.58, 0.58],
  "xs-15 own": [0.8, 0.75, 0.7],
};

test("a pair has its arms with the lowest dev loss of each seed that is there, and the chosen's paired differences", () => {
  const pairs = heldOutPairs(recorded(losses), choice);
  assert.is(pairs.length, 8);
  const [first] = pairs;
  assert.equal([first.model, first.task, first.arms.map(({ role, runs, planned }) => `${role} ${runs.size}/${planned}`)], ["minilm", "sst2", ["chosen 5/5", "rival 5/5", "rival 5/5", "beside 5/5", "ablation 3/3"]]); // prettier-ignore
  const { mean, together } = againstChosen(first, first.arms[1])!;
  near([mean], [0.5 - 0.62], 1e-12);
  assert.is(together, false);
  near([againstChosen(first, first.arms[1], "test")!.mean], [0.12], 1e-12);
  assert.is(againstChosen(first, first.arms[0]), null);
});

test("the verdict names the best rival over shared seeds, passes to AdaZeta's final loss, and whether the probe is held", () => {
  const [first, second] = verdicts(heldOutPairs(recorded(losses), choice));
  // MeZO-LoRA's lowest is 0.6, AdaZeta's 0.62; AdaZeta ends at 0.65, where the chosen starts below it.
  assert.equal([first.rival!.arm, first.lowest, first.clear, first.holdsProbe, first.seeds], ["mezo-lora", true, true, true, 5]); // prettier-ignore
  assert.equal(first.toFinal, [0, 0, 0, 0, 0]);
  assert.equal([second.rival, second.lowest, second.clear, second.holdsProbe, second.toFinal], [null, null, null, null, []]); // prettier-ignore
  const worse = { ...losses, "xs-15 probe": [0.9, 0.64, 0.7] };
  const [lost] = verdicts(heldOutPairs(recorded(worse), choice));
  assert.equal([lost.lowest, lost.clear, lost.holdsProbe, lost.toFinal[0]], [false, false, false, 0.5]);
  const never = { ...losses, "xs-15 probe": [0.9, 0.9] };
  assert.is(verdicts(heldOutPairs(recorded(never), choice))[0].toFinal[0], Infinity);
});

test("a part that is taken away is told by its paired differences over all pairs", () => {
  const [one] = partsTold(heldOutPairs(recorded(losses), choice));
  assert.equal([one.arm, one.start, one.pairs, one.worse, one.clear], ["xs-15", "own", 1, 1, 1]);
  near([one.mean], [0.5 - 0.7], 1e-12);
  assert.equal(partsTold(heldOutPairs(recorded({}), choice)), []);
});

test("with one seed there is a mean and no interval, without any the tables say so", () => {
  const [one] = verdicts(heldOutPairs(recorded(losses, 1), choice));
  assert.equal([one.seeds, one.lowest, one.difference, one.clear], [1, true, null, null]);
  const none = heldOutPairs(recorded({}), choice);
  assert.is(heldOutTable(none, ["chosen", "rival"]).table.numRows(), 4 * 3 + 4 * 2);
  assert.is(verdictTable(verdicts(none)).table.get("lowest", 0), "?");
  assert.is(heldOutTable(heldOutPairs(recorded(losses, 2), choice), ["ablation"]).table.get("runs", 0), "2/3");
  throwsWith(() => heldOutTable(none, ["ceiling"]), "rows: expected at least one row");
});

test("runs of the chosen at other rates are no runs of the choice, and say how far its rate is from the best", () => {
  const rated = { ...losses, "xs-15 probe at 0.1": [0.6, 0.4], "xs-15 probe at 1": [0.6, 0.8] };
  const [first] = heldOutPairs(recorded(rated), choice);
  assert.is(first.arms[0].runs.size, 5);
  const [distance, ...others] = rateDistances(recorded(rated), choice);
  assert.equal([others.length, distance.seeds, distance.frozen, distance.best], [0, 3, 0.3, 0.1]);
  // Means over the seeds 0, 1 and 2, each of which adds a tenth of its own.
  near([...distance.losses.values()], [0.5, 0.6, 0.7], 1e-12);
  assert.equal([...distance.losses.keys()], [0.1, 0.3, 1]);
  near([distance.lost], [0.2], 1e-12);
  const { table } = rateDistanceTable([distance]);
  assert.is(table.get("lowest dev loss by rate", 0), "1e-1: 0.500; 3e-1: 0.600; 1e0: 0.700");
  assert.equal(rateDistances(recorded(losses), choice), []);
  // Where all rates come to the same, to no loss even, nothing is lost by the frozen one.
  const alike = { ...losses, "xs-15 probe": [0, 0], "xs-15 probe at 0.1": [0, 0] };
  const [none] = rateDistances(recorded(alike, 1), choice);
  assert.equal([none.best, none.lost], [0.3, 0]);
});

test.run();
