import type { Grid } from "./cells";
import { divergenceGrid } from "./divergence";
import { fieldGrid, fieldRatesGrid } from "./field-grid";
import { firstOrderGrid } from "./first-order-grid";
import { heldOutGrid } from "./held-out-grid";
import type { Scale } from "./options";
import { largeBatchGrid } from "./large-batch-grid";
import { methodsGrid } from "./methods-grid";
import { objectivesGrid } from "./objectives-grid";
import { ablation } from "./paper/ablation";
import { generationLlama2 } from "./paper/generation-llama2";
import { glueRoberta } from "./paper/glue-roberta";
import { superglueLlama2 } from "./paper/superglue-llama2";
import type { PlannedRun } from "./plan";
import { quantizedGrid } from "./quantized-grid";
import { ratesGrid } from "./rates-grid";
import { robustGrid } from "./robust-grid";
import { searchGrid } from "./search-grid";
import { sideGrid } from "./side-grid";

/** The experiments by name: the studies of Figure 1, the rates and the methods, which have only a tiny scale, and the paper's tables. */
const figures: Readonly<Record<string, () => Grid<PlannedRun>>> = {
  "divergence-minilm-trec": () => divergenceGrid("minilm-trec"),
  "divergence-smollm2-sst2": () => divergenceGrid("smollm2-sst2"),
  rates: ratesGrid,
  methods: methodsGrid,
  "field-rates": fieldRatesGrid,
  field: fieldGrid,
  "first-order-memory": firstOrderGrid,
  "side-network": sideGrid,
  search: searchGrid,
  "held-out": heldOutGrid,
  "large-batches": largeBatchGrid,
  "zero-shot-quantization": quantizedGrid,
  robust: robustGrid,
  objectives: objectivesGrid,
};
const tables: Readonly<Record<string, (scale: Scale) => Grid<PlannedRun>>> = {
  "glue-roberta": glueRoberta,
  "superglue-llama2": superglueLlama2,
  "generation-llama2": generationLlama2,
  ablation,
};

/** Names of the experiments that there are at a scale. */
export function experimentNames(scale: Scale): readonly string[] {
  return [...(scale === "tiny" ? Object.keys(figures) : []), ...Object.keys(tables)];
}

/** Gives the experiment at a scale that is called so, else those whose names begin like this; "" are all. */
export function experiments(scale: Scale, beginning: string = ""): readonly Grid<PlannedRun>[] {
  const names = experimentNames(scale);
  return names
    .filter((name) => (names.includes(beginning) ? name === beginning : name.startsWith(beginning)))
    .flatMap((name) => figures[name]?.() ?? tables[name]?.(scale) ?? []);
}

/** Says where an experiment's records are kept. @example recordsPath("glue-roberta", "full") // "data/results/glue-roberta-full.jsonl" */
export function recordsPath(name: string, scale: Scale, folder: string = "data/results"): string {
  return `${folder}/${name}${scale === "full" ? "-full" : ""}.jsonl`;
}

/** Gives the records of all experiments: a run that is in one of them is not made again for another. */
export function allRecords(folder?: string): readonly string[] {
  return (["tiny", "full"] as const).flatMap((scale) =>
    experimentNames(scale).map((name) => recordsPath(name, scale, folder)),
  );
}
