import type { LabelledBatch } from "../../src/task/classifier";
import { requirePackages } from "./python-packages";
import { startPython } from "./python-process";

/** What reference.py imports. */
const PACKAGES = ["torch==2.13.0", "transformers", "gguf", "accelerate"];

/** reference.py, running. */
export interface ReferenceProcess {
  readonly torch: string;
  readonly trainable: number;
  /** One step, update included; returns its milliseconds as Python measured them. */
  step(batch: LabelledBatch, queries: number, index: number, how?: Organisation): Promise<number>;
  end(): void;
}

/** How a step is organised: as the reference code, with all of this project's savings, or so with exact directional derivatives. */
export type Organisation = "reference" | "savings" | "derivatives";

/** SmolLM2 from its file, or RoBERTa-large's shape with random weights and this many layers. */
export type ReferenceModel =
  { readonly kind: "gguf"; readonly path: string } | { readonly kind: "roberta"; readonly layers: number };

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
  model: ReferenceModel,
  threads: number,
  dtype: "float32" | "bfloat16",
  options: readonly (readonly number[])[],
): Promise<ReferenceProcess> {
  requirePackages(python, PACKAGES);
  const what = model.kind === "gguf" ? ["--gguf", model.path] : ["--roberta", String(model.layers)];
  const args = [...what, "--threads", String(threads), "--dtype", dtype];
  const child = startPython(python, "reference.py", args);
  const { torch, trainable } = await child.answer<{ torch: string; trainable: number }>();
  return {
    torch,
    trainable,
    async step({ input: { ids, scored }, labels }, queries, index, how = "reference") {
      const request = { prompts: ids, scored, options, labels, queries, seed: index, learningRate: 1e-3, how };
      child.tell(request);
      return 1000 * (await child.answer<Answer>()).seconds;
    },
    end: child.end,
  };
}
