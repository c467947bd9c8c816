import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly name: string;
  /** A Python with the packages that reference.py names. */
  readonly python: string | undefined;
  readonly rounds: number | undefined;
  /** Take no further round when it would end after so long. */
  readonly minutes: number | undefined;
  /** How deep a generated model is, where the benchmark has one. */
  readonly layers: number | undefined;
  /** What else the machine was doing, for the table. */
  readonly remark: string | undefined;
  /** Print only; do not write the table. */
  readonly dry: boolean;
}

export const usage = `npm run bench -- NAME [--python PATH] [--rounds N] [--minutes N] [--layers N] [--remark TEXT] [--dry]

  step           one step against the same step in PyTorch fp32 (needs --python, an environment with what reference.py names)
  step-15        the same with Q 15 against directional steps
  step-roberta   RoBERTa-large's shape against PyTorch's reference organisation and against PyTorch with all the same savings (--layers 24)
  step-bfloat16  the first against PyTorch bf16
  variants       the same step by other settings and by directional derivatives
  queries        time and memory as the number of queries grows
  savings        what each saving brings, one line each
  settings       what threads, spinning, arena, packing and graph rewriting do to a step
  noise          what the noise of a query costs beside its two forward passes, for adapters and for all weights
  outside        the share of a step outside the engine
  engine         the share of the machine's matrix product rate that the engine reaches, by precision
  creation       time to open a session by layers
  field          seconds of a forward pass and of a step by zeroth-order method; appends to data/results/pass-times.jsonl
  gradient       a loss and a gradient on ONNX Runtime, in PyTorch (needs --python) and on TensorFlow.js, in turn
  blocks         all weights by exact gradients, all of them alive or one block's, and parts of a model by how far back a gradient goes: memory and time; appends to data/results/gradient-memory.jsonl
  factors        a step of all weights by low-rank directions beside a LoRA's and MeZO's on formed weights: time and memory
  throughput     tokens a second inside a step over plain forward passes, by model, method, queries and precision
  generation     greedy decoding with and without the key/value cache, by precision
  population     texts of many points written in one pass, against those of one point
  costs          memory and time of one step by model, precision and method; appends to data/results/memory-and-speed.jsonl
  import         import time, time to open, peak memory
  exits          how kernels with an open model end on a busy machine
  kernel         start, first import, import after an edit, trivial cell and idle memory of the notebook kernel
  memory         resident memory of a step on RoBERTa-large's shape, generated, by precision and setting (--layers 24)
  memory-llama   the same on Llama-2-7B's shape (--layers 32); needs 5 GB of disk, writes weights in their precision's own form

Times are taken in turn, round by round: read ratios, not seconds. Needs the model packages (npm start, or ADAZETA_MODEL_DIR) and SST-2
and TREC (ADAZETA_DATA_DIR, or the hub). Writes test/bench/results/NAME.md.`;

/** @throws when an option is unknown or has no value */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      python: { type: "string" },
      rounds: { type: "string" },
      minutes: { type: "string" },
      layers: { type: "string" },
      remark: { type: "string" },
      dry: { type: "boolean", default: false },
    },
  });
  if (positionals.length !== 1) throw new Error(`bench: expected one NAME, got ${positionals.length}\n\n${usage}`);
  const count = (name: "rounds" | "minutes" | "layers"): number | undefined => {
    const value = values[name] === undefined ? undefined : Number(values[name]);
    if (value !== undefined && !(value > 0))
      throw new Error(`--${name}: expected a positive number, got ${values[name]}`);
    return value;
  };
  const { python, remark, dry } = values;
  return {
    name: positionals[0],
    python,
    rounds: count("rounds"),
    minutes: count("minutes"),
    layers: count("layers"),
    remark,
    dry,
  };
}
