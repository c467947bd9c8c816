import { printed } from "./published";

/**
 * AdaZeta and rivals on Llama-2-7B as Sparse-MeZO's authors ran them: their own runs, not AdaZeta's table, which was not found.
 * Source: a note's copy of Sparse-MeZO's table (NeurIPS 2025); its text confirms the rows of MeZO and S-MeZO and the averages.
 */
export const sparseMezoLlama2 = printed(
  {
    model: "Llama-2-7B",
    metric: "accuracy (%)",
    source: { what: "runs of Sparse-MeZO's authors (NeurIPS 2025), from a copy of their table", how: "second-hand" },
    tasks: "boolq rte wic sst2",
  },
  [
    ["MeZO", null, "78.8 70.2 62.2 94.0"],
    ["ZO-AdaMU", null, "78.2 76.5 63.0 93.6"],
    ["AdaZeta", null, "79.8 75.8 62.0 94.0"],
    ["Sparse-MeZO", null, "82.2 77.6 65.3 94.8"],
  ],
);

/** MeZO on Llama-2-7B, batch 16, at two lengths. Source: MeZO-GV, arXiv 2601.04710, Table VI. */
export const mezoGvLlama2 = printed(
  {
    model: "Llama-2-7B",
    metric: "accuracy (%)",
    source: { what: "MeZO-GV, arXiv 2601.04710, Table VI", how: "paper" },
    tasks: "sst2 rte boolq wsc wic",
  },
  [
    ["MeZO", null, "88.7 62.1 80.1 62.1 60.8"],
    ["MeZO-LoRA", null, "93.7 63.3 79.5 62.5 57.5"],
    ["MeZO, 10,000 steps", null, "85.3 58.1 72.1 60.8 57.8"],
    ["MeZO-LoRA, 10,000 steps", null, "87.7 60.6 76.9 58.9 56.3"],
  ],
);

/** First-order tuning of Llama-2-7B on the same prompts and sizes: accuracy, F1 for SQuAD and DROP. Source: LoRETTA, Table 2. */
export const lorettaLlama2 = printed(
  {
    model: "Llama-2-7B",
    metric: "accuracy, F1 (%)",
    source: { what: "LoRETTA, Table 2", how: "paper" },
    tasks: "cb boolq wsc copa record squad drop",
  },
  [
    ["first-order", null, "66.07 84.6 63.46 86 81.1 90.71 51.38"],
    ["first-order adapter", null, "66.07 71.8 62.50 84 78.8 88.45 49.14"],
    ["first-order LoRA", null, "67.86 84.8 62.50 81 79.4 90.56 45.96"],
    ["first-order prefix", null, "51.78 78.6 61.53 83 81.0 90.56 45.95"],
    ["LoRETTA_rep", null, "55.35 78.1 57.61 86 80.3 88.47 42.71"],
    ["LoRETTA_adp", null, "66.07 87.0 63.46 87 80.0 90.17 51.60"],
  ],
);
