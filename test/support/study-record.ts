import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid } from "../../src/experiment/divergence";
import type { ExperimentRecord } from "../../src/experiment/record";
import { madeRecord } from "./made-record";

/** A record of the MiniLM study at rate 3e-3 as it is written, with two steps and two evaluations; any of it replaced. */
export function studyRecord(armName: string, changes: Partial<ExperimentRecord> = {}): ExperimentRecord {
  const cells = cellsOf(divergenceGrid("minilm-trec"));
  const cell = cells.find(({ arm, learningRate }) => arm === armName && learningRate === 3e-3);
  if (cell === undefined) throw new Error(`no arm ${armName} in the study`);
  return madeRecord(cell, {
    adapter: cell.settings.arm.adapter,
    message: "finished after step 2",
    forwardPasses: 4,
    diverged: { step: 2 },
    history: {
      steps: {
        step: [1, 2],
        forwardPasses: [2, 4],
        queries: [1, 1],
        loss: [1.5, 1.4],
        rmsProjectedGradient: [3, 4],
        weightNorm: [1, 1.1],
      },
      evaluations: [
        { step: 0, forwardPasses: 0, evaluationPasses: 4, loss: 1.6, accuracy: 0.25 },
        { step: 2, forwardPasses: 4, evaluationPasses: 8, loss: null, accuracy: 0 },
      ],
    },
    extra: { counts: { train: [3, 4, 5, 1, 2, 1] } },
    ...changes,
  });
}
