import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** node-llama-cpp, in an environment of its own: no part of this project. */
const folder = process.env["ADAZETA_LLAMA_CPP"] ?? join(".cache", "llama-cpp", "node_modules", "node-llama-cpp");

export const hasLlama = existsSync(join(folder, "package.json"));

/** The reason of a skip for want of it. */
export const noLlama = "node-llama-cpp is not installed (.ci/run installs it)";

/**
 * Gives what llama.cpp computes from a GGUF model: [adapter][text][position] log p(the next token | those before), one for each token but the first.
 * @param adapters files to be added to the model, one at a time; null for the model alone
 */
export function llamaScores(
  model: string,
  adapters: readonly (string | null)[],
  texts: readonly (readonly number[])[],
): readonly (readonly (readonly number[])[])[] {
  const input = JSON.stringify({ model, adapters, texts });
  const answer = execFileSync(process.execPath, ["test/support/llama-judge.mjs", folder], {
    input,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["pipe", "pipe", "pipe"],
  });
  return (JSON.parse(answer.toString("utf8")) as { readonly scores: ReturnType<typeof llamaScores> }).scores;
}
