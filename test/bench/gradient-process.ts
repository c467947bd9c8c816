import type { LabelledBatch } from "../../src/task/classifier";
import type { Readout } from "../../src/task/readout";
import type { LocatedModel } from "./subject";
import { requirePackages } from "./python-packages";
import { startPython } from "./python-process";

/** gradient.py, running. */
export interface GradientProcess {
  readonly torch: string;
  readonly trainable: number;
  ask(batch: LabelledBatch, gradient: boolean): Promise<Answer>;
  end(): void;
}

/** What Python measured. */
export interface Answer {
  readonly seconds: number;
  readonly loss: number;
  /** Bytes of resident memory, the most so far. */
  readonly peak: number;
}

/** Starts PyTorch's autograd on the same model, readout and adapter, with the same savings. */
export async function startGradient(
  python: string,
  files: LocatedModel,
  readout: Readout,
  { rank, alpha, threads }: { readonly rank: number; readonly alpha: number; readonly threads: number },
): Promise<GradientProcess> {
  requirePackages(python, ["torch==2.13.0", "transformers", "gguf", "accelerate"]);
  const model = files.kind === "gguf" ? ["--gguf", files.weights] : ["--bert", files.folder];
  const child = startPython(python, "gradient.py", [...model, "--threads", String(threads)]);
  const { classes, width, scale, bias } = readout;
  const rows = Array.from({ length: classes }, (_, c) => [...readout.rows.subarray(c * width, (c + 1) * width)]);
  child.tell({ rows, bias: bias === undefined ? Array<number>(classes).fill(0) : [...bias], scale, rank, alpha });
  return {
    ...(await child.answer<{ torch: string; trainable: number }>()),
    ask({ input: { ids, scored }, labels }, gradient) {
      if (scored?.some((at, b) => at !== ids[b]!.length - 1))
        throw new Error("gradient.py: expected texts that are scored at their last token");
      child.tell({ ids, labels, gradient });
      return child.answer<Answer>();
    },
    end: child.end,
  };
}
