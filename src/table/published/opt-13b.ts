import { printed } from "./published";

/** MeZO on OPT-13B, 1,000 training texts: accuracy, F1 for SQuAD and DROP. Source: arXiv 2305.17333, Table 1. */
export const mezoOpt = printed(
  {
    model: "OPT-13B",
    metric: "accuracy, F1 (%)",
    source: { what: "MeZO, arXiv 2305.17333, Table 1", how: "paper" },
    tasks: "sst2 rte cb boolq wsc wic multirc copa record squad drop",
  },
  [
    ["zero-shot", null, "58.8 59.6 46.4 59.0 38.5 55.0 46.9 80.0 81.2 46.2 14.6"],
    ["in context", null, "87.0 62.1 57.1 66.9 39.4 50.5 53.1 87.0 82.5 75.9 29.6"],
    ["linear probe", null, "93.4 68.6 67.9 59.3 63.5 60.2 63.5 55.0 27.1 3.7 11.1"],
    ["MeZO", null, "91.4 66.1 67.9 67.6 63.5 61.1 60.1 88.0 81.7 84.7 30.9"],
    ["MeZO-LoRA", null, "89.6 67.9 66.1 73.8 64.4 59.7 61.5 84.0 81.2 83.8 31.4"],
    ["MeZO-prefix", null, "90.7 70.8 69.6 73.1 60.6 59.9 63.7 87.0 81.4 84.2 28.9"],
    ["first-order", null, "92.0 70.8 83.9 77.1 63.5 70.1 71.1 79.0 74.1 84.9 31.3"],
  ],
);
