import { suite } from "uvu";
import * as assert from "uvu/assert";
import { experiments } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import { glueRoberta } from "../../src/experiment/paper/glue-roberta";
import type { PlannedRun } from "../../src/experiment/plan";
import type { ExperimentRecord } from "../../src/experiment/record";
import type { PlannedRecord } from "../../src/table/paper-cells";
import { paperWords } from "../../src/table/paper-words";
import { NO_STEPS, madeRecord } from "../support/made-record";
import { throwsWith } from "../support/throws";

const test = suite("table/paper-words");
const cells = cellsOf(glueRoberta("tiny"));
type OneCell = (typeof cells)[number];

/** A record that starts at 1.8 and ends at its lowest loss, with so many right of 100 on test. */
function recordOf(cell: OneCell, loss: number, right: number): ExperimentRecord<PlannedRun> {
  const evaluations = [1.8, loss].map((each, i) => ({
    step: 200 * i,
    forwardPasses: 400 * i,
    evaluationPasses: 4,
    accuracy: 0.5,
    loss: each,
  }));
  return madeRecord(cell, {
    forwardPasses: 400,
    history: { steps: NO_STEPS, evaluations },
    extra: {
      test: { loss, accuracy: right / 100, count: 100, metrics: { "macro f1": 0.25 } },
      chanceLoss: Math.log(6),
      counts: { train: [1, 1, 1, 1, 1, 1], test: [20, 16, 16, 16, 16, 16] },
    },
  });
}

const planned = (record: (cell: OneCell) => ExperimentRecord<PlannedRun> | null): readonly PlannedRecord[] =>
  cells.map((cell) => ({ cell, record: record(cell) }));

test("the worked sentences, each arm at the rate that was best on dev", () => {
  const is = paperWords(
    planned((cell) => {
      if (cell.task !== "trec") return null;
      const at = (loss: number) => (cell.learningRate === 3e-3 ? loss : loss + 0.1);
      if (cell.settings.arm.name === "AdaZeta") return recordOf(cell, at(0.9), 60 + 10 * cell.seed);
      return cell.settings.arm.name === "MeZO-LoRA" ? recordOf(cell, at(1.2), 20) : null;
    }),
  );
  assert.is(is.lowest("trec"), "AdaZeta 0.90; MeZO-LoRA 1.20");
  assert.is(is.falls("trec"), "AdaZeta 0.900; MeZO-LoRA 0.600");
  assert.is(is.moved("trec", "AdaZeta"), "1.80 to 0.90");
  // 20 of 100 is what a constant guess has
  assert.is(is.told("trec"), "AdaZeta 70.0 %");
  // 2 x 4.303 x 10 / sqrt(3) = 49.7; the arm at chance has no interval in the table
  assert.is(is.widths("trec"), "50 to 50 points");
  assert.equal([is.test("trec", "AdaZeta"), is.test("trec", "AdaZeta", "macro f1")], ["70.0", "25.0"]);
  assert.is(is.duel("AdaZeta", "MeZO-LoRA", "trec", "sst2"), "AdaZeta lower on trec; level or not measured on sst2");
  assert.is(is.duel("MeZO-LoRA", "AdaZeta", "trec"), "AdaZeta lower on trec");
  assert.is(is.at("trec", 3e-3).diverged(), "in none: AdaZeta; MeZO-LoRA");
});

test("a task that is not planned is an error that names those there are", () => {
  const is = paperWords(planned(() => null));
  throwsWith(() => is.lowest("wic"), "task: expected one of trec, sst2, sst5");
  throwsWith(() => is.moved("trec", "Adam"), "arm: expected one of");
});

test("before anything is recorded every sentence says so, at each scale", () => {
  for (const scale of ["tiny", "full"] as const)
    for (const grid of experiments(scale, "generation-llama2")) {
      const is = paperWords(cellsOf(grid).map((cell) => ({ cell, record: null })));
      const [task] = cellsOf(grid).map((cell) => cell.task ?? cell.settings.task);
      const said = [
        is.lowest(task),
        is.falls(task),
        is.moved(task, "AdaZeta"),
        is.widths(task),
        is.test(task, "AdaZeta"),
      ];
      assert.equal(said, Array<string>(5).fill("not measured"), grid.name);
      assert.equal([is.told(task), is.at(task, 3e-3).lowest()], ["none", "not measured"]);
    }
});

test.run();
