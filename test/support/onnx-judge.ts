import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Python with onnxruntime, in an environment of its own: no part of this project. */
const python = process.env["ADAZETA_ONNX_PYTHON"] ?? join(".cache", "onnxruntime", "bin", "python");

export const hasOnnxPython = existsSync(python);

/** The reason of a skip for want of it. */
export const noOnnxPython = "Python's onnxruntime is not installed (.ci/run installs it)";

/** What Python's onnxruntime computes. */
export interface Judged {
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
}

/** Gives what Python's onnxruntime makes of texts with a classifier's file, padding behind the texts or before them. */
export function onnxScores(
  path: string,
  { ids, masks }: { readonly ids: readonly (readonly number[])[]; readonly masks: readonly number[] | null },
  left = false,
): Judged {
  const input = JSON.stringify({ path, ids, masks, left });
  const answer = execFileSync(python, ["test/support/onnx-judge.py"], { input, stdio: ["pipe", "pipe", "pipe"] });
  return JSON.parse(answer.toString("utf8")) as Judged;
}

/** Runs lines of Python that print "...: number" at last, with one argument, and gives the number. */
export function runPython(code: string, argument: string): number {
  return Number(execFileSync(python, ["-c", code, argument]).toString("utf8").split(":").at(-1));
}
