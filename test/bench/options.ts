import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly name: string;
  /** A Python with the packages that reference.py names. */
  readonly python: string | undefined;
  readonly rounds: number | undefined;
  /** What else the machine was doing, for the table. */
  readonly remark: string | undefined;
  /** Print only; do not write the table. */
  readonly dry: boolean;
}

export const usage = `npm run bench -- NAME [--python PATH] [--rounds N] [--remark TEXT] [--dry]

  step           one step against the same step in PyTorch fp32 (needs --python, an environment with what reference.py names)
  step-bfloat16  the same against PyTorch bf16
  variants       the same step by other settings and by directional derivatives
  queries        time and memory as the number of queries grows
  outside        the share of a step outside the engine
  engine         the share of the machine's matrix product rate that the engine reaches
  import         import time, time to open, peak memory

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
      remark: { type: "string" },
      dry: { type: "boolean", default: false },
    },
  });
  if (positionals.length !== 1) throw new Error(`bench: expected one NAME, got ${positionals.length}\n\n${usage}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds: expected a positive integer, got ${values.rounds}`);
  return { name: positionals[0], python: values.python, rounds, remark: values.remark, dry: values.dry };
}
