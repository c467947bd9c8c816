import { parseArgs } from "node:util";
import { makeAdapter } from "../adapter/make-adapter";
import type { AdapterSpec } from "../adapter/adapter";
import { keepAgreements } from "../engine/onnx/agreements";
import { FP32, parsePrecision, precisionName } from "../engine/onnx/precision";
import { onnxSession } from "../engine/onnx/session";
import { meetsRule } from "../engine/precision-rule";
import { measureAgreement, projectedGradients } from "../experiment/measure-agreement";
import { withReadout } from "../experiment/problem";
import { classifierObjective } from "../task/classifier";
import { commandLine } from "./command-line";
import { openModel, openProblem, openTask } from "./open";

const usage = `usage: npm run precision -- --model NAME [--task NAME] [--adapter tensor-train|lora] [--precisions NAME,NAME] [--directions N]
Measures, for each precision and estimator, whether projected gradients agree with exact ones in fp32, and keeps the figures with
the model's weights: the engine refuses what does not agree. Prints a table.`;

/** Directions that share a batch. */
const PER_BATCH = 10;
const BATCH = 8;
const CACHE = ".cache/onnx";

function adapterOf(kind: string, encoder: boolean): AdapterSpec {
  if (kind === "lora") return { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] };
  const placement = encoder ? "roberta" : "llama";
  return { kind: "tensor-train", placement, rank: 5, bottleneck: 64, scale: encoder ? 1 : 0.3, modes: null };
}

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      model: { type: "string" },
      task: { type: "string" },
      adapter: { type: "string", default: "tensor-train" },
      precisions: {
        type: "string",
        default: "fp32,file,int8,int4:32z,int4:128,int8-activations:7,int4-activations:32z",
      },
      directions: { type: "string", default: "50" },
    },
  });
  if (values.model === undefined || !["tensor-train", "lora"].includes(values.adapter as string)) {
    console.error(usage);
    return 2;
  }
  const loaded = await openModel(values.model as Parameters<typeof openModel>[0]);
  const encoder = loaded.model.head === null;
  const task = await openTask(values.task ?? (encoder ? "trec" : "sst2"));
  const groups = Math.ceil(Number(values.directions) / PER_BATCH);
  const options = { seed: 0, batchSize: BATCH, train: groups * BATCH, dev: 8, test: 8, maxTokens: 12 };
  const problem = withReadout(await openProblem(loaded, task, options));
  const adapter = makeAdapter(adapterOf(values.adapter as string, encoder), loaded.model.sites);
  const { at } = problem.batches();
  const batches = Array.from({ length: groups }, (_, step) => at(step));
  // A little away from the start: LoRA's derivatives by A are zero where B is.
  const noise = adapter.initial(1);
  const point = adapter.initial(0).map((x, i) => x + 0.1 * (noise[i] ?? 0) + (x === 0 ? 1e-3 * Math.sin(i + 1) : 0));
  const probes = { point, batches, perBatch: PER_BATCH, seed: 0 };
  const opened = (name: string) =>
    onnxSession(loaded.model, adapter, { precision: parsePrecision(name), cacheDirectory: CACHE, keep: "one" });

  const fp32 = await opened(precisionName(FP32));
  const exact = await projectedGradients(
    { kind: "directional", chunk: null },
    classifierObjective(fp32, problem.readout),
    probes,
  );
  await fp32.dispose();
  console.log(`${loaded.title}, ${task.origin.description}, ${values.adapter}, ${exact.length} directions\n`);
  console.log("| precision | estimator | correlation | relative error | allowed |\n| --- | --- | --- | --- | --- |");
  for (const name of (values.precisions as string).split(",")) {
    const precision = parsePrecision(name);
    const session = await opened(name);
    const figures = await measureAgreement(classifierObjective(session, problem.readout), exact, probes);
    await session.dispose();
    keepAgreements(figures, CACHE, loaded.model.id, adapter.spec.kind, precision);
    for (const [estimator, found] of Object.entries(figures)) {
      const cells = [
        precisionName(precision),
        estimator,
        found.correlation.toFixed(4),
        found.relativeError.toFixed(3),
        meetsRule(found) ? "yes" : "no",
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
  return 0;
}

commandLine({ usage, main });
