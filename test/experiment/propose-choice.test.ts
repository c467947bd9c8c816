import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WITHOUT } from "../../src/experiment/ablations";
import { cellsOf } from "../../src/experiment/cells";
import type { Cell } from "../../src/experiment/cells";
import { choiceText, readChoice, readDecision } from "../../src/experiment/frozen-choice";
import { heldOutGrid } from "../../src/experiment/held-out-grid";
import type { PlannedRun } from "../../src/experiment/plan";
import { decisionOf, proposeChoice } from "../../src/experiment/propose-choice";
import type { ExperimentRecord } from "../../src/experiment/record";
import { searchGrid } from "../../src/experiment/search-grid";
import { partsOf, searchedArms, startOf } from "../../src/experiment/searched";
import { chosenCurves } from "../../src/table/chosen-curves";
import { chosenTable, decidedTable } from "../../src/table/decided";
import { madeRecord, NO_STEPS } from "../support/made-record";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("experiment/propose-choice");
const files = scratch();
test.after(() => files.remove());

const cells = cellsOf(searchGrid());
type Losses = Readonly<Record<string, number>>;

/** Each seed's own, as a factor. */
const HARDER = 1.1;

/** The record of a run whose lowest dev loss is this, and which was higher before and after. */
function record(cell: Cell<PlannedRun>, lowest: number, numbers = 768): ExperimentRecord<PlannedRun> {
  const evaluations = [lowest + 0.5, lowest, lowest + 0.2].map((loss, i) => ({
    ...{ step: 10 * i, forwardPasses: 100 * i, evaluationPasses: 0, loss, accuracy: 0.5 },
  }));
  return madeRecord(cell, { parameters: numbers, history: { steps: NO_STEPS, evaluations } });
}

/** A finished search: every arm is at 1, each at its middle rate by a little, but for those that are named by part and arm; seed 1 is harder. */
function search(named: Losses, wobble: (cell: Cell<PlannedRun>) => number = () => 0) {
  return cells.map((cell) => {
    const { task, arm, seed, learningRate } = cell;
    const rates = cells.filter((each) => each.task === task && each.arm === arm && each.seed === seed).map((each) => each.learningRate); // prettier-ignore
    const off = learningRate === rates[0] ? 0 : 0.05;
    const level = named[`${task}: ${arm}`] ?? 1;
    return record(cell, (level + off + wobble(cell)) * HARDER ** seed, arm.startsWith("tt-lora") ? 12_480 : 768);
  });
}

const chosenOf = (named: Losses, wobble?: (cell: Cell<PlannedRun>) => number) => {
  const { choice } = proposeChoice(search(named, wobble));
  return [choice.minilm, choice.smollm2].map((arms) => arms.find(({ role }) => role === "chosen")!);
};

test("each arm stands at the rate of lowest mean over the seeds of the runs' lowest dev losses", () => {
  const arms = searchedArms(search({ "trec-probe: xs-15": 0.6 }));
  const best = arms.find(({ arm, start }) => arm === "xs-15" && start === "probe")!;
  assert.is(best.learningRate, 0.3);
  assert.is(best.atEdge, false);
  assert.equal([...best.losses.keys()], [0, 1]);
  // (0.6 + 0.6 * 1.1) / 2
  near([best.mean], [0.63], 1e-12);
  assert.is(arms.find(({ arm }) => arm === "linear-probe")!.learningRate, null);
  // 29 trained arms and a probe, 9 and a probe
  assert.is(arms.length, 30 + 10);
});

test("an arm whose runs are not all there is left out", () => {
  const records = search({}).filter(({ arm, seed }) => !(arm === "fzoo" && seed === 1));
  assert.not(searchedArms(records).some(({ arm }) => arm === "fzoo"));
  assert.not(proposeChoice(records).choice.minilm.some(({ arm }) => arm === "fzoo"));
});

test("parts are counted from the plainest arm", () => {
  const parts = (task: string, arm: string): number => {
    const { settings } = cells.find((cell) => cell.task === task && cell.arm === arm)!;
    return partsOf(settings.arm, task === "trec" ? "own" : "probe");
  };
  assert.equal(["mezo-lora", "xs-one", "xs-15"].map((arm) => parts("trec", arm)), [0, 0, 1]); // prettier-ignore
  assert.equal(["xs-one", "xs-15", "xs-15-spread", "xs-15-spread-decay", "xs-15-scales", "xs-15-momentum"].map((arm) => parts("trec-probe", arm)), [1, 2, 3, 4, 3, 3]); // prettier-ignore
});

test("the lowest on each model is chosen where no candidate is tied with both", () => {
  const [encoder, language] = chosenOf({ "trec-probe: core-15": 0.5, "sst2-calibrated: xs-15": 0.4 });
  assert.equal([encoder.arm, encoder.start, encoder.learningRate], ["core-15", "probe", 0.3]);
  assert.equal([language.arm, language.start, language.learningRate], ["xs-15", "calibrated", 0.1]);
});

test("a candidate within the noise of the lowest on both models is chosen for both", () => {
  // Seeds disagree by 4 % on MiniLM: the standard deviation around arms and seeds is near 0.03, the noise of two seeds too, of one a root of 2 more.
  const wobble = ({ task, arm, seed, learningRate }: Cell<PlannedRun>): number =>
    task === "trec-probe" && learningRate < 1 && ["xs-15", "core-one", "xs-31", "lora-15"].includes(arm) ? (seed === 0 ? 0.1 : -0.1) : 0; // prettier-ignore
  const named = { "trec-probe: core-15": 0.5, "trec-probe: xs-15-spread": 0.51, "sst2-calibrated: xs-15-spread": 0.4 };
  const { decision } = proposeChoice(search(named, wobble));
  assert.ok(decision.models[0].noise > 0.02 && decision.models[0].noise < 0.06, String(decision.models[0].noise));
  near([decision.models[1].noise], [Math.SQRT2 * decision.models[0].noise], 1e-12);
  assert.equal(chosenOf(named, wobble).map(({ arm }) => arm), ["xs-15-spread", "xs-15-spread"]); // prettier-ignore
  // Without disagreement there is no noise, and each model has its own.
  assert.equal(chosenOf(named).map(({ arm }) => arm), ["core-15", "xs-15-spread"]); // prettier-ignore
});

test("of tied candidates the one with fewer parts is chosen, then the one with fewer numbers", () => {
  const level = { "trec-probe: xs-15-spread": 0.5, "trec-probe: tt-lora-15": 0.5, "trec-probe: xs-15": 0.5, "sst2-probe: xs-15": 0.4, "sst2-calibrated: xs-15-spread": 0.4 }; // prettier-ignore
  assert.equal(chosenOf(level).map(({ arm }) => arm), ["xs-15", "xs-15"]); // prettier-ignore
  const trains = { "trec-probe: tt-lora-15": 0.5, "trec-probe: core-15": 0.5, "sst2: mezo-lora": 0.1 };
  assert.is(chosenOf(trains)[0].arm, "core-15");
});

test("beside the chosen stand its rivals at their own best rates, probe, ceiling, and on the encoder what is without one of its parts", () => {
  const { choice, decision } = proposeChoice(search({ "trec-probe: xs-15-spread": 0.5, "trec: fzoo": 0.7 }));
  const roles = choice.minilm.map(({ role, arm, start }) => `${role} ${arm} ${start}`);
  assert.equal(roles, [
    "chosen xs-15-spread probe",
    "rival adazeta-passes own",
    "rival mezo-lora own",
    "rival fzoo own",
    "rival sparse-mezo own",
    "beside linear-probe own",
    "ceiling first-order-lora probe",
    "ablation xs-15-spread own",
    "ablation lora-15 probe",
    "ablation xs-one probe",
    "ablation xs-15 probe",
  ]);
  // From its own start it was not searched: the chosen's rate.
  assert.is(choice.minilm[7].learningRate, 0.1);
  assert.equal(choice.smollm2.map(({ role, arm }) => `${role} ${arm}`).slice(1), ["rival adazeta-passes", "rival mezo-lora", "rival sparse-mezo", "beside linear-probe", "ceiling first-order-lora"]); // prettier-ignore
  const path = files.file("choice.json");
  writeFileSync(path, choiceText(choice, decision));
  assert.equal(readChoice(path), choice);
  assert.equal(readDecision(path), decision);
  const stages = heldOutGrid(path).stages.map((parts) => cellsOf({ name: "held-out", stages: [parts] }));
  // 4 tasks: 5 seeds of the encoder's 6 arms, one of the language model's first 4, 5 of the ceiling, 3 of 4 ablations, 3 of the chosen at 2 rates beside
  // its own, 4 of the language model's 4, 5 of its further rival, 5 of its ceiling, and one of its chosen at 2 rates beside.
  assert.equal(stages.map(({ length }) => length / 4), [5 * 6, 4, 5, 3 * 4, 3 * 2, 4 * 4, 5, 5, 2]); // prettier-ignore
  const all = stages.flat();
  for (const { role, arm, start } of choice.minilm)
    assert.is(all.filter((cell) => cell.arm === arm && cell.settings.model === "minilm" && startOf(cell.settings) === start).length, role === "ablation" ? 12 : role === "chosen" ? 20 + 24 : 20); // prettier-ignore
  for (const { arm, role } of choice.smollm2)
    assert.is(all.filter((cell) => cell.arm === arm && cell.settings.model === "smollm2").length, role === "chosen" ? 20 + 8 : 20); // prettier-ignore
  // Seed 0 of all pairs of a stage comes before seed 1 of any.
  const first = stages[0].filter(({ seed }) => seed === 0);
  assert.equal(stages[0].slice(0, first.length), first);
  assert.is(chosenTable(choice).table.numRows(), 11 + 6);
  assert.is(decidedTable(decision.models[0]).table.numRows(), 30);
});

test("curves are the chosen's and its rivals', each at its best rate and called by its start", () => {
  const records = search({ "trec-probe: xs-15-spread-decay": 0.5 }).map((each) => ({
    ...each,
    extra: { counts: { train: [1, 1], dev: [10, 10] } },
  }));
  const planned = cells.map((cell, i) => ({ cell, record: records[i] })).filter(({ cell }) => cell.settings.model === "minilm"); // prettier-ignore
  const curves = chosenCurves(planned, decisionOf(records).models[0]);
  const [first] = curves;
  assert.equal([first.arm, first.evaluations[1].loss], ["LoRA-XS, 15 directional, spread, decay, from probe", 0.5]);
  // Two seeds each
  assert.is(curves.length, 2 * new Set(curves.map(({ arm }) => arm)).size);
  assert.equal(decisionOf([]).models, []);
});

test("every candidate has parts that can be taken away, by arms that were searched from a fitted start", () => {
  const known = new Set(cells.filter(({ task }) => task === "trec-probe").map(({ arm }) => arm));
  for (const [arm, without] of Object.entries(WITHOUT))
    for (const id of Object.values(without)) assert.ok(known.has(id) && id !== arm, `${arm}: ${id}`);
});

test("a search without a candidate or without a rival is refused", () => {
  throwsWith(() => proposeChoice([]), "the search on minilm: expected a candidate with all its runs");
  const alone = search({}).filter(({ arm }) => !["adazeta-passes", "mezo-lora", "fzoo", "sparse-mezo"].includes(arm));
  throwsWith(() => proposeChoice(alone), /search on minilm: expected a rival/);
});

test.run();
