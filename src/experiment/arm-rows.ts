import { firstOrder, lozo, lozoM, mezo, mezoFull, randomMask, subzero } from "../optimizer/recipes";
import { bottleneck, lora, meanQueries, oneQuery, scheduled, scheduledPasses, tensorTrain } from "./arm-parts";
import type { ArmRow } from "./arm-row";
import { PROBE_STRENGTHS } from "./linear-probe";

/**
 * The arms of Figure 1 and of the questions it leaves open, of the paper's tables, and of the runs about rates. A new method is a new row, added
 * last; no grid has it until the grid names its id.
 * - adazeta, tt-one-query, lora-schedule, mezo-lora: {tensor train, LoRA} x {schedule, one query}
 * - mezo-lora-batch-x4: the figure's own rival, four times the texts in each forward pass
 * - random-mask: one query on a random quarter of LoRA's parameters, new at each step (the reference code's "Sparse-MeZO", which masks all
 *   parameters of the model; Sparse-MeZO itself keeps small weights)
 * - mezo-lora-smaller-rate: one query at a third of the learning rate, at AdaZeta's forward passes
 * - tt-constant-q, lora-constant-q: AdaZeta's and LoRA's part with a constant number of queries, at AdaZeta's forward passes
 * - mezo: all of the model's own weights, one query, directions from a table of normals; mezo-prefix: one query on a prefix
 * - first-order-lora: backpropagation and AdamW, the ceiling
 * - zero-shot, linear-probe: without steps
 * - lozo, lozo-m, subzero: one query along directions of low rank, on LoRA
 * All zeroth-order arms have the same weight decay, so that neighbours differ in one part; the first-order arm has none.
 * Source: AdaZeta, arXiv 2406.18060, Figure 1 (exp.png of yifanycc/AdaZeta at 3659ba3); tables 1 and 18 of MeZO, arXiv 2305.17333, whose arms
 *   AdaZeta's code repeats; constant Q is its `--use_num`; one weight decay for all: its large_models/mezo.sh (finetune.sh, the first-order
 *   script, names none). The smaller rate and the arms of the rates are ours.
 */
export const comparedRows = [
  {
    id: "adazeta",
    title: "AdaZeta",
    recordedAs: "AdaZeta",
    look: { color: "blue", dash: "solid" },
    adapter: tensorTrain,
    method: scheduled,
  },
  {
    id: "mezo-lora",
    title: "MeZO-LoRA",
    recordedAs: "MeZO-LoRA",
    look: { color: "vermillion", dash: "solid" },
    adapter: lora,
    method: oneQuery,
  },
  {
    id: "lora-schedule",
    title: "LoRA + schedule",
    recordedAs: "LoRA + schedule",
    look: { color: "green", dash: "solid" },
    adapter: lora,
    method: scheduled,
  },
  {
    id: "tt-one-query",
    title: "TT, one query",
    recordedAs: "TT, one query",
    look: { color: "orange", dash: "solid" },
    adapter: tensorTrain,
    method: oneQuery,
  },
  {
    id: "mezo-lora-batch-x4",
    title: "MeZO-LoRA, batch x4",
    recordedAs: "MeZO-LoRA, batch x4",
    look: { color: "vermillion", dash: "dashdot" },
    adapter: lora,
    method: oneQuery,
    batchFactor: 4,
  },
  {
    id: "random-mask",
    title: "random mask",
    recordedAs: "random mask",
    look: { color: "purple", dash: "solid" },
    adapter: lora,
    method: ({ common }) => randomMask(common),
  },
  {
    id: "mezo-lora-smaller-rate",
    title: "MeZO-LoRA, smaller rate",
    recordedAs: "MeZO-LoRA, smaller rate",
    look: { color: "vermillion", dash: "dot" },
    adapter: lora,
    method: ({ common }) => mezo({ ...common, learningRate: common.learningRate / 3 }),
    budget: scheduledPasses,
    evaluateFactor: 4,
  },
  {
    id: "zero-shot",
    title: "zero-shot",
    recordedAs: "zero-shot",
    look: { color: "sky", dash: "solid" },
    still: { kind: "zero-shot" },
  },
  {
    id: "linear-probe",
    title: "linear probe",
    recordedAs: "linear probe",
    look: { color: "sky", dash: "solid" },
    still: { kind: "linear-probe", strengths: PROBE_STRENGTHS },
  },
  {
    id: "tt-constant-q",
    title: "TT, constant Q",
    recordedAs: "TT, constant Q",
    look: { color: "purple", dash: "dash" },
    adapter: tensorTrain,
    method: meanQueries,
    budget: scheduledPasses,
  },
  {
    id: "lora-constant-q",
    title: "LoRA, constant Q",
    recordedAs: "LoRA, constant Q",
    look: { color: "black", dash: "solid" },
    adapter: lora,
    method: meanQueries,
    budget: scheduledPasses,
  },
  {
    id: "first-order-lora",
    title: "first-order LoRA",
    recordedAs: "first-order LoRA",
    look: { color: "black", dash: "solid" },
    adapter: lora,
    method: ({ learningRate }) => firstOrder({ learningRate }),
    budget: ({ firstOrderSteps, steps }) => ({ kind: "steps", steps: firstOrderSteps ?? steps }),
  },
  {
    id: "mezo-prefix",
    title: "MeZO-prefix",
    recordedAs: "MeZO-prefix",
    look: { color: "green", dash: "dash" },
    adapter: ({ prefixTokens = 5 }) => ({ kind: "prefix", tokens: prefixTokens }),
    method: oneQuery,
  },
  {
    id: "mezo",
    title: "MeZO",
    recordedAs: "MeZO",
    look: { color: "vermillion", dash: "solid" },
    adapter: () => ({ kind: "full", layers: "all" }),
    method: ({ common }) => mezoFull({ ...common, chunk: 1 }),
  },
  {
    id: "lora-one-query",
    title: "LoRA, one query",
    recordedAs: "LoRA, one query",
    look: { color: "purple", dash: "dash" },
    adapter: lora,
    method: oneQuery,
    budget: scheduledPasses,
  },
  {
    id: "bottleneck-one-query",
    title: "bottleneck, one query",
    recordedAs: "bottleneck, one query",
    look: { color: "black", dash: "solid" },
    adapter: bottleneck,
    method: oneQuery,
    budget: scheduledPasses,
  },
  {
    id: "bottleneck-q-4",
    title: "bottleneck, Q 4",
    recordedAs: "bottleneck, Q 4",
    look: { color: "purple", dash: "dash" },
    adapter: bottleneck,
    method: ({ common }) => mezo({ ...common, queries: 4 }),
    budget: scheduledPasses,
    evaluateFactor: 1 / 4,
  },
  {
    id: "lozo",
    title: "LOZO",
    look: { color: "blue", dash: "longdash" },
    adapter: lora,
    method: ({ common }) => lozo(common),
  },
  {
    id: "lozo-m",
    title: "LOZO-M",
    look: { color: "purple", dash: "longdash" },
    adapter: lora,
    method: ({ common }) => lozoM(common),
  },
  // A basis is kept for a fifth of a laptop's steps (for 1000 of 20,000 in the source), and matrices are reshaped as there on LoRA.
  {
    id: "subzero",
    title: "SubZero",
    look: { color: "green", dash: "longdash" },
    adapter: lora,
    method: ({ common }) => subzero({ ...common, redraw: 50, reshape: true }),
  },
] as const satisfies readonly ArmRow[];
