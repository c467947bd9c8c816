import { execFileSync, spawnSync } from "node:child_process";

/** transformers is no part of the environment; a path in ADAZETA_TRANSFORMERS_PYTHON names a Python that has it. */
const python = process.env["ADAZETA_TRANSFORMERS_PYTHON"] ?? "";

export const hasTransformers =
  python !== "" && spawnSync(python, ["-c", "import torch, transformers"], { stdio: "ignore" }).status === 0;

/** The reason of a skip for want of it. */
export const noTransformers = "transformers is not installed (ADAZETA_TRANSFORMERS_PYTHON names a Python that has it)";

/** What transformers makes of a folder: test/fixtures/merge/judge.py. */
export interface Judged {
  readonly type: string;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** [text][position] log p(the next token | those before). */
  readonly scores: readonly (readonly number[])[];
  readonly tokens: readonly (readonly number[])[];
  readonly chat: string | null;
}

/** Opens folders with transformers, one after the other in one process, and asks each for log-probabilities of token ids, and for the tokens of texts. */
export function judgedByTransformers(
  folders: readonly string[],
  ids: readonly (readonly number[])[],
  texts: readonly string[],
): readonly Judged[] {
  const answer = execFileSync(python, ["test/fixtures/merge/judge.py", ...folders], {
    input: JSON.stringify({ ids, texts }),
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "2" },
  });
  return JSON.parse(answer.toString("utf8")) as readonly Judged[];
}

export const hasPeft = hasTransformers && spawnSync(python, ["-c", "import peft"], { stdio: "ignore" }).status === 0;

/** The reason of a skip for want of it. */
export const noPeft = "PEFT is not installed (ADAZETA_TRANSFORMERS_PYTHON names a Python that has it)";

/** Runs a Python script where transformers is: its exit status, and all that it told. */
export function ranByTransformers(
  script: string,
  words: readonly string[],
): { readonly status: number | null; readonly told: string } {
  const { status, stdout, stderr } = spawnSync(python, [script, ...words], {
    encoding: "utf8",
    env: { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "2" },
  });
  return { status, told: `${stdout}${stderr}` };
}
