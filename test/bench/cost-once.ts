// Measures one case in this process and prints what it took (JSON). Argument: a CostRequest as JSON.
import { messageOf } from "../../src/check/error-words";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { parsePrecision } from "../../src/engine/onnx/precision";
import { openSession } from "../../src/engine/open-session";
import type { EngineOptions } from "../../src/engine/open-session";
import { createWorkspace } from "../../src/estimator/workspace";
import { isExact } from "../../src/optimizer/method";
import { firstOrder, mezo } from "../../src/optimizer/recipes";
import type { Method } from "../../src/optimizer/method";
import { step } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import type { CostMethod } from "../../src/table/costs";
import { adapterOf, costModels } from "./cost-case";
import type { CostRequest } from "./cost-case";
import { residentMemory } from "./memory";
import { sequence } from "./sequence";
import { THREADS } from "./subject";

const given = JSON.parse(process.argv[2]) as CostRequest;

function methodOf(method: CostMethod): Method | null {
  switch (method) {
    case "inference":
      return null;
    case "zeroth-order, adapters":
      return mezo({ learningRate: 1e-6 });
    case "directional, adapters":
      return mezo({ learningRate: 1e-6, estimator: "directional" });
    case "zeroth-order, all weights":
      return { ...mezo({ learningRate: 1e-9 }), directions: { kind: "table", bits: 22 } };
    case "first-order, LoRA":
    case "first-order, all weights":
    case "first-order, LoRA, TensorFlow.js":
    case "first-order, all weights, TensorFlow.js":
      return firstOrder({ learningRate: 1e-9 });
  }
}

async function main(): Promise<object> {
  const { texts, tokens, steps, directory } = given;
  const before = residentMemory();
  const model = await costModels[given.model].open();
  const adapter = makeAdapter(adapterOf(given), model);
  const method = methodOf(given.method);
  const own = { threads: THREADS, cacheDirectory: directory, precision: parsePrecision(given.precision) };
  // A first-order step asks for no loss alone: the graph of losses is not held beside the gradient's.
  const keep = method !== null && isExact(method) ? "one" : "both";
  const options: EngineOptions = given.method.endsWith("TensorFlow.js")
    ? { engine: "tfjs" }
    : { ...own, keep, freeBytes: Infinity };
  const opening = performance.now();
  const session = await openSession(model, adapter, options);
  const openSeconds = (performance.now() - opening) / 1000;
  if (given.phase === "prepare") return {};
  const readout = { rows: sequence(2 * model.width, 99), classes: 2, width: model.width, scale: 1 };
  const objective = classifierObjective(session, readout);
  const ids = Array.from({ length: texts }, (_, b) =>
    Array.from({ length: tokens }, (__, t) => 5 + ((31 * b + 7 * t) % 20000)),
  );
  const batch = { input: { ids }, labels: ids.map((_, b) => b % 2) };
  const { layout } = adapter;
  let point = adapter.initial(0);
  const workspace = createWorkspace(layout.size);
  const seconds: number[] = [];
  for (let index = 0; index < steps; index++) {
    const from = performance.now();
    if (method === null) await objective.losses([point], batch);
    else
      ({ point } = await step(method, objective, point, { seed: 0, step: index, epoch: 0, layout, batch, workspace }));
    seconds.push((performance.now() - from) / 1000);
  }
  if (!Number.isFinite(point[0] ?? 0)) throw new Error("the steps left parameters that are not finite");
  const after = residentMemory();
  return {
    openSeconds,
    seconds,
    trainable: layout.size,
    engine: session.id.split("|").at(-1),
    startMiB: before.now,
    peakMiB: after.peak,
  };
}

main().then(
  (result) => {
    console.log(JSON.stringify(result));
    process.exit(0);
  },
  (error: unknown) => {
    console.error(messageOf(error));
    process.exit(1);
  },
);
