import { mkdirSync, writeFileSync } from "node:fs";
import { commandLine } from "../../src/notebook/command-line";
import { blocksBench } from "./blocks";
import { creationBench } from "./creation";
import { costsBench } from "./costs";
import { engineBench } from "./engine";
import { generationBench } from "./generation";
import { exitsBench } from "./exits";
import { factorsBench } from "./factors";
import { fieldBench } from "./field";
import { gradientBench } from "./gradient";
import { importBench } from "./import";
import { kernelBench } from "./kernel";
import { benchOptions, usage } from "./options";
import type { BenchOptions } from "./options";
import { noiseBench } from "./noise";
import { outsideBench } from "./outside";
import { populationBench } from "./population";
import { queriesBench } from "./queries";
import { memoryBench, memoryLlamaBench } from "./memory-goals";
import { loadNow, markdown } from "./report";
import type { Report } from "./report";
import { stepBench } from "./step";
import { savingsBench } from "./savings";
import { settingsBench } from "./settings";
import { stepRobertaBench } from "./step-roberta";
import { throughputBench } from "./throughput";
import { variantsBench } from "./variants";

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  costs: costsBench,
  step: (options) => stepBench(options, "float32", 4),
  "step-15": (options) => stepBench(options, "float32", 15),
  "step-bfloat16": (options) => stepBench(options, "bfloat16", 4),
  "step-roberta": stepRobertaBench,
  savings: savingsBench,
  settings: settingsBench,
  variants: variantsBench,
  queries: queriesBench,
  noise: noiseBench,
  outside: outsideBench,
  engine: engineBench,
  creation: creationBench,
  field: fieldBench,
  gradient: gradientBench,
  blocks: blocksBench,
  generation: generationBench,
  exits: exitsBench,
  factors: factorsBench,
  import: importBench,
  kernel: kernelBench,
  population: populationBench,
  throughput: throughputBench,
  memory: memoryBench,
  "memory-llama": memoryLlamaBench,
};

async function main(words: readonly string[]): Promise<number> {
  const options = benchOptions(words);
  const bench = benches[options.name];
  if (bench === undefined) throw new Error(`bench: expected a known name, got ${options.name}\n\n${usage}`);
  const load = loadNow();
  const text = markdown(await bench(options), load, options.remark);
  console.log(text);
  if (options.dry) return 0;
  mkdirSync("test/bench/results", { recursive: true });
  writeFileSync(`test/bench/results/${options.name}.md`, text);
  return 0;
}

commandLine({ usage: `usage: ${usage}`, main });
