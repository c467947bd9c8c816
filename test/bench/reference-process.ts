import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { LabelledBatch } from "../../src/task/classifier";

/** reference.py, running. */
export interface ReferenceProcess {
  readonly torch: string;
  readonly trainable: number;
  /** One step, update included; returns its milliseconds as Python measured them. */
  step(batch: LabelledBatch, queries: number, index: number): Promise<number>;
  end(): void;
}

interface Answer {
  readonly seconds: number;
  readonly loss: number;
}

/**
 * Starts PyTorch's side.
 * @param options tokens of each label word
 * @throws when the process ends before it answers, with what it printed
 */
export async function startReference(
  python: string,
  gguf: string,
  threads: number,
  dtype: "float32" | "bfloat16",
  options: readonly (readonly number[])[],
): Promise<ReferenceProcess> {
  const args = ["test/bench/reference.py", "--gguf", gguf, "--threads", String(threads), "--dtype", dtype];
  const child = spawn(python, args, { stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-4000)));
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", (status) => reject(new Error(`reference.py ended with ${status}: ${log.trim()}`)));
  });
  ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async <T>(): Promise<T> => {
    const { value } = (await Promise.race([lines.next(), ended])) as { readonly value: string };
    return JSON.parse(value) as T;
  };
  const { torch, trainable } = await answer<{ torch: string; trainable: number }>();
  return {
    torch,
    trainable,
    async step({ input, labels }, queries, index) {
      const request = { prompts: input.ids, options, labels, queries, seed: index, learningRate: 1e-3 };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return 1000 * (await answer<Answer>()).seconds;
    },
    end: () => child.stdin.end(),
  };
}
