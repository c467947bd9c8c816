import { bertSites } from "../../src/model/bert";
import { llamaSites } from "../../src/model/llama";

/** Sites of well-known models from their dimensions alone: adapters are laid out and counted without weights. */
export const descriptions = {
  "llama-2-7b": llamaSites({ layers: 32, hidden: 4096, intermediate: 11008, heads: 32, kvHeads: 32, headSize: 128 }),
  smollm2: llamaSites({ layers: 30, hidden: 576, intermediate: 1536, heads: 9, kvHeads: 3, headSize: 64 }),
  // RoBERTa has BERT's layers.
  "roberta-large": bertSites({ layers: 24, hidden: 1024, intermediate: 4096 }),
  minilm: bertSites({ layers: 6, hidden: 384, intermediate: 1536 }),
} as const;
