import { printed } from "./published";

/**
 * Several queries at a fixed 10,000 forward passes, RoBERTa-large: more queries, fewer steps, "marginal gains at best".
 * "linear": the learning rate grows with the queries. Source: MeZO, arXiv 2305.17333, Table 6.
 */
export const severalQueries = printed(
  {
    model: "RoBERTa-large",
    metric: "accuracy (%)",
    source: { what: "MeZO, arXiv 2305.17333, Table 6", how: "paper" },
    tasks: "sst2 snli trec",
  },
  [
    ["1 query", null, "89.6 65.1 66.7"],
    ["4 queries", null, "89.5 68.6 62.3"],
    ["4 queries, linear", null, "89.6 65.3 66.1"],
    ["16 queries", null, "90.4 67.0 62.8"],
    ["16 queries, linear", null, "88.9 62.8 64.2"],
  ],
);
