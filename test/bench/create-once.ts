// Compiles a generated Llama of SmolLM2's shape and opens it on ONNX Runtime in this process; prints what it took (JSON).
// Arguments: layers, "plain" or "dual", folder for the engine's files.
import { InferenceSession } from "onnxruntime-node";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { compile } from "../../src/engine/onnx/compile";
import { generatedLlama, smollm2Shape } from "./generated";
import { residentMemory } from "./memory";
import { llamaTrain, THREADS } from "./subject";

const [layers, kind, directory] = process.argv.slice(2);
const model = generatedLlama({ ...smollm2Shape, layers: Number(layers) });
const adapter = makeAdapter(llamaTrain, model);
// The first call writes the weights, which is done once; the second is what every later start does.
await compile(model, adapter, kind as "plain" | "dual", directory, { fused: true });
const before = residentMemory().now;
const started = performance.now();
const { path, nodes } = await compile(model, adapter, kind as "plain" | "dual", directory, { fused: true });
const compiled = performance.now() - started;
const cpu = process.cpuUsage();
const createStarted = performance.now();
await InferenceSession.create(path, {
  intraOpNumThreads: THREADS,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
});
const created = performance.now() - createStarted;
const { user, system } = process.cpuUsage(cpu);
const memory = residentMemory().now - before;
console.log(JSON.stringify({ nodes, compiled, created, cpu: (user + system) / 1000, memory }));
process.exit(0);
