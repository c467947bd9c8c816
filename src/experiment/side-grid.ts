import type { AdapterSpec, SideSpec } from "../adapter/adapter";
import { stepsPerEpoch } from "../schedule/forward-passes";
import type { StudySettings } from "./arm";
import type { ArmId } from "./arms";
import type { Grid, Part } from "./cells";
import { studies, studySettings } from "./divergence";
import type { StudyName } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { budgetOf } from "./plan";
import type { PlannedRun, StudyArm } from "./plan";

const SEEDS = [0, 1, 2] as const;

/** What the arms of one task of the grid share. */
interface SideStudy {
  readonly layers: number;
  readonly side: Pick<SideSpec, "width" | "form" | "features">;
  readonly bottleneck: AdapterSpec;
  /** By gradients; an evaluation every eighth of them. */
  readonly steps: number;
  readonly rates: Partial<Readonly<Record<ArmId, readonly number[]>>>;
}

const dense = { kind: "bottleneck", bottleneck: 16, activation: "relu", scale: 1 } as const;

/**
 * The network has an eighth of the model's width, as SHERL's scripts, and the form that SHERL has for such a model: "norm" for BERT's encoder, "gated" for T5,
 * whose norms come first as SmolLM2's do. Rates lie half decades around one that trained in a short run on a draw of the data of its own (seed 9).
 */
const SIDE_STUDIES: Readonly<Record<StudyName, SideStudy>> = {
  "minilm-trec": {
    layers: 6,
    side: { width: 48, form: "norm" },
    bottleneck: { ...dense, placement: "roberta" },
    steps: 128,
    rates: {
      "adamw-bottleneck": [3e-3, 1e-3, 1e-2],
      "adamw-last-layer": [3e-4, 1e-4, 1e-3],
      "side-mean": [3e-3, 1e-3, 1e-2],
      sherl: [3e-3, 1e-3, 1e-2],
      "mezo-sherl": [3e-3, 1e-3, 1e-2],
    },
  },
  "smollm2-sst2": {
    layers: 30,
    // Six hidden states and the guide: 16 kB a token, so that those of all texts stay.
    side: { width: 72, form: "gated", features: { apart: 5 } },
    bottleneck: { ...dense, placement: "llama" },
    steps: 96,
    rates: {
      "adamw-bottleneck": [1e-3, 3e-4],
      "adamw-last-layer": [1e-4, 3e-5],
      "side-mean": [1e-3, 3e-3],
      sherl: [1e-3, 3e-3],
      "mezo-sherl": [1e-3, 3e-3],
    },
  },
};

/**
 * Compares accuracy by how far back a gradient goes: AdamW on bottlenecks in every layer, on the last layer's own weights, on a side network in front of it
 * with and without SHERL's weights, the same network by MeZO, and a linear probe. MiniLM on TREC and SmolLM2 on SST-2, as many rates for each arm of a task.
 * @example cellsOf(sideGrid()).length // 81: on MiniLM five arms at three rates, on SmolLM2 at two, and a probe, three seeds each
 */
export function sideGrid(): Grid<PlannedRun> {
  return { name: "side-network", stages: [(Object.keys(SIDE_STUDIES) as readonly StudyName[]).map(stageOf)] };
}

/**
 * Gives what the arms of a task of the grid share at a rate.
 * @example sideSettings("minilm-trec", 1e-3).layers // 6
 */
export function sideSettings(name: StudyName, learningRate: number, train?: number): StudySettings {
  const { layers, side, bottleneck, steps } = SIDE_STUDIES[name];
  const shared = studySettings(name, learningRate, { steps, ...(train !== undefined && { train }) });
  return { ...shared, layers, side, bottleneck, chunk: 1 };
}

function stageOf(name: StudyName): Part<PlannedRun> {
  const { model, task, problem } = studies[name];
  const { layers, steps, rates } = SIDE_STUDIES[name];
  const part: GridPart = {
    ...{ model, task, problem, threads: 1 },
    settings: (learningRate, train) => sideSettings(name, learningRate, train),
    evaluateEvery: steps / 8,
    cost: (arm) =>
      layersComputed(arm, layers) * budgetOf(arm, stepsPerEpoch(problem.train, problem.batchSize)).forwardPasses,
  };
  const arms = [
    gridArm(part, { id: "linear-probe" }),
    ...(Object.keys(rates) as ArmId[]).map((id) => gridArm(part, { id, learningRates: rates[id]! })),
  ];
  return { task, seeds: SEEDS, learningRates: rates.sherl!, arms };
}

/** Layers that a pass goes through where hidden states below the trained ones are kept: forward, and about twice as much back. */
function layersComputed(arm: StudyArm, layers: number): number {
  if (!("adapter" in arm)) return 0;
  const back = arm.method.probe?.kind === "backpropagation" ? 3 : 1;
  return back * (arm.adapter.kind === "bottleneck" ? layers : 1);
}
