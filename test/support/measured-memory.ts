// Predicted and measured bytes of one pass: node --import tsx test/support/measured-memory.ts MODEL TEXTS TOKENS POINTS
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { onnxSession } from "../../src/engine/onnx/session";
import { predictMemory } from "../../src/weights/memory";
import { residentMemory } from "../bench/memory";
import { modelRoots } from "./models";

const [name, texts, tokens, points] = process.argv.slice(2);
const pass = { texts: Number(texts), tokens: Number(tokens), points: Number(points) };
const { model } = loadModel(name!, modelRoots());
const adapter = makeAdapter({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, model.sites);
const session = await onnxSession(model, adapter);
const ids = Array.from({ length: pass.texts }, (_, i) =>
  Array.from({ length: pass.tokens }, (__, t) => 1000 + 7 * t + i),
);
await session.features(Array<Float32Array>(pass.points).fill(adapter.initial(0)), { ids });
const predicted = predictMemory(model, { kind: "fp32" }, { ...pass, trainable: adapter.layout.size }).total;
console.log(JSON.stringify({ peak: residentMemory().peak * 2 ** 20, predicted }));
process.exit(0);
