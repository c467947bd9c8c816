// Lets llama.cpp (node-llama-cpp, installed beside the project) continue texts, in a process of its own.
//   node llama-cpp.cjs PACKAGE < question > answer
//   question   { "model": path, "adapter": path or null, "texts": [...], "most": tokens of an answer }
//   answer     { "answers": [{ "asked": [id, ...], "ids": [id, ...], "text": words, "ended": by itself }, ...] }
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

// One thread: those of llama.cpp wait for each other in a loop, which on a machine at work takes minutes.
/** @typedef {{ readonly model: string, readonly adapter: string | null, readonly texts: readonly string[], readonly most: number }} Question */

async function main() {
  const root = path.resolve(process.argv[2] ?? "");
  const { getLlama, LlamaLogLevel } = await import(pathToFileURL(path.join(root, "dist/index.js")).href);
  /** @type {Question} */
  const { model: modelPath, adapter, texts, most } = JSON.parse(readFileSync(0, "utf8"));
  const llama = await getLlama({
    gpu: false,
    build: "never",
    logLevel: LlamaLogLevel.error,
    logger: console.error,
    maxThreads: 1,
  });
  const model = await llama.loadModel({ modelPath, useMmap: true });
  const lora = adapter === null ? {} : { lora: { adapters: [{ filePath: adapter, scale: 1 }] } };
  const context = await model.createContext({ contextSize: 1024, threads: 1, ...lora });
  const sequence = context.getSequence();
  const answers = [];
  for (const text of texts) {
    await sequence.clearHistory();
    const asked = model.tokenize(text, true);
    const ids = [];
    // The end of a turn ends the loop, and is not among its tokens.
    let ended = true;
    for await (const token of sequence.evaluate(asked, { temperature: 0 })) {
      ids.push(token);
      ended = ids.length < most;
      if (!ended) break;
    }
    answers.push({ asked: [...asked], ids, text: model.detokenize(ids).trim(), ended });
  }
  process.stdout.write(JSON.stringify({ answers }), () => process.exit(0));
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
