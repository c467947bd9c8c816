// Quantizes a generated model, or takes AdaZeta steps with it, in this process; prints what it took (JSON).
// Argument: a MemoryCase as JSON.
import { makeAdapter } from "../../src/adapter/make-adapter";
import { compile } from "../../src/engine/onnx/compile";
import { parsePrecision } from "../../src/engine/onnx/precision";
import { onnxSession } from "../../src/engine/onnx/session";
import { createWorkspace } from "../../src/estimator/workspace";
import { mezo } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import type { MemoryCase } from "./memory-case";
import { memoryModel } from "./memory-case";
import { processMemory } from "./memory";
import { sequence } from "./sequence";
import { THREADS } from "./subject";

const given = JSON.parse(process.argv[2]) as MemoryCase;
const { model, spec } = memoryModel(given);
const adapter = makeAdapter(spec, model);
const precision = parsePrecision(given.precision);
const before = processMemory();
const started = performance.now();
const since = (from: number): number => (performance.now() - from) / 1000;

async function prepare(): Promise<object> {
  const kind = given.estimator === "directional" ? "dual" : "plain";
  await compile(model, adapter, kind, given.directory, { fused: true, prefix: true, precision });
  return { before, after: processMemory(), seconds: since(started) };
}

async function train(): Promise<object> {
  const { texts, tokens, estimator, arena, prepack, steps } = given;
  const session = await onnxSession(model, adapter, {
    threads: THREADS,
    cacheDirectory: given.directory,
    precision,
    keep: "one",
    tuning: { arena, prepack },
    freeBytes: Infinity,
  });
  const readout = { rows: sequence(2 * model.width, 99), classes: 2, width: model.width, scale: 1 };
  const objective = classifierObjective(session, readout);
  const { layout } = adapter;
  const ids = Array.from({ length: texts }, (_, b) =>
    Array.from({ length: tokens }, (__, t) => (31 * b + 7 * t) % 30000),
  );
  const batch = { input: { ids }, labels: ids.map((_, b) => b % 2) };
  const method = mezo({ learningRate: 1e-5, estimator, queries: 1 });
  const workspace = createWorkspace(layout.size);
  const point = adapter.initial(0);
  const seconds: number[] = [];
  for (let index = 0; index < steps; index++) {
    const from = performance.now();
    await step(method, objective, point, { seed: 0, step: index, epoch: 0, layout, batch, workspace });
    seconds.push(since(from));
  }
  const after = processMemory();
  if (!point.every(Number.isFinite)) throw new Error("the step left parameters that are not finite");
  await session.dispose();
  return { before, after, seconds };
}

(given.phase === "prepare" ? prepare() : train()).then(
  (result) => {
    console.log(JSON.stringify(result));
    process.exit(0);
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
