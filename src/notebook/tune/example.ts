/** Writes the settings file that `npm run tune -- --init` begins with: it runs as it is, in about a minute. */
export function exampleRunFile(): string {
  return EXAMPLE;
}

const EXAMPLE = `// A run without a notebook: npm run tune -- my-run.json
// Ctrl-C keeps it, and the same command goes on. "npm run tune -- --fields" lists every field.
{
  "name": "my first run",

  // A short name (minilm, smollm2, roberta-large, ...), a folder, a GGUF file or a hub repository.
  "model": "minilm",

  // Your own table: .csv, .tsv, .jsonl or .parquet, columns in braces, and for each class the word that may follow.
  // Or the name of a published task, such as "sst2" or "trec"; or conversations, for "smollm2": { "chat": { "file": "data/samples/kitchen.jsonl" } }.
  "task": {
    "file": "data/samples/messages.csv",
    "template": "{message}. This is a",
    "label": "kind",
    "labelWords": { "bug": " problem", "question": " question", "praise": " compliment" }
  },

  // How many texts at most. Every fourth row is kept for test, where there is no "testFile".
  "texts": { "train": 42, "dev": 24, "test": 30, "maxTokens": 24 },

  // What spends forward passes best here: a fitted readout to start from, a small core between frozen factors, its method and its rate (notebook 17).
  // It leaves for PEFT, llama.cpp and as a model of its own. Another adapter: "adapter": { "kind": "tensor-train" }; another recipe by its name and
  // rate: { "recipe": "adazeta", "learningRate": 3e-3, "cap": 8 }, or "mezo", "lozo", "zo-adam", ...
  "method": { "recipe": "well-spent" },

  // Or "forwardPasses", or "minutes".
  "budget": { "steps": 60 },
  "batchSize": 6,

  // "test" looks at the test texts, once, when the run has ended.
  "evaluation": { "every": 10, "best": "loss", "test": true },
  "seed": 0,

  // Runs are kept where notebooks keep theirs. Other forms than "peft": "classifier", "gguf", "onnx", "merge".
  "result": { "folder": "data/runs", "exports": [{ "as": "peft", "to": "data/runs/my-first-run" }] }
}
`;
