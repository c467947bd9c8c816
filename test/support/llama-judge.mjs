// Says what llama.cpp computes: log-probabilities of each next token of given texts, with and without adapters.
// node test/support/llama-judge.mjs PACKAGE < question > answer
//   PACKAGE    the folder of node-llama-cpp
//   question   { "model": path, "adapters": [path or null, ...], "texts": [[id, ...], ...] }
//   answer     [adapter][text][position] log p(id at position + 1 | those before), and what it answers greedily: { scores, version }
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const root = path.resolve(process.argv[2]);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(path.join(root, "dist/index.js")).href);
const { model: modelPath, adapters, texts } = JSON.parse(readFileSync(0, "utf8"));
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.warn,
  logger: console.error,
  maxThreads: 2,
});
const model = await llama.loadModel({ modelPath, useMmap: true, checkTensors: true });
// Every token that is asked for, at temperature 1 and without any cut: the plain softmax.
const generateNext = { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 1 } };
const scores = [];
for (const adapter of adapters) {
  const context = await model.createContext({
    contextSize: 256,
    batchSize: 256,
    threads: 2,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
    ...(adapter === null ? {} : { lora: { adapters: [{ filePath: adapter, scale: 1 }] } }),
  });
  const sequence = context.getSequence();
  const found = [];
  for (const ids of texts) {
    await sequence.clearHistory();
    const asked = Array.from(ids, (id, i) => (i === ids.length - 1 ? id : [id, { generateNext }]));
    const results = await sequence.controlledEvaluate(asked);
    found.push(Array.from(ids.slice(1), (id, i) => Math.log(results[i].next.probabilities.get(id) ?? 0)));
  }
  scores.push(found);
  await context.dispose();
}
process.stdout.write(JSON.stringify({ scores }));
process.exit(0);
