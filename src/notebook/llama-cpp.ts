import { spawn } from "node:child_process";
import { resolve as inProject } from "node:path";
import { fail, positiveInteger } from "../check/check";
import { knownOptions, namesOf } from "../check/known-options";
import type { LoadedModel } from "../engine/load-model";
import { requireChatTemplate } from "../experiment/chat-problem";
import { chatWriter } from "../text/chat-template";
import { environment } from "./environment";
import { stopSignal } from "./stop-signal";

/** What llama.cpp wrote after a question. */
export interface LlamaAnswer {
  /** The ids that it read the question as, by its own tokenizer. */
  readonly asked: readonly number[];
  readonly ids: readonly number[];
  readonly text: string;
  /** Whether it ended its turn itself; else it was cut off at the most tokens. */
  readonly ended: boolean;
}

/** How llama.cpp is asked. */
export interface LlamaOptions {
  /** A GGUF adapter that is added to the model (`saveRunAsGguf`). */
  readonly adapter?: string;
  /** Most tokens of an answer; default 128. */
  readonly newTokens?: number;
}

const OPTIONS = namesOf<LlamaOptions>({ adapter: true, newTokens: true });

/**
 * Lets llama.cpp answer questions with a model's GGUF file, as the model's chat template writes them, greedily: another program's word on what was written.
 * Where it is not installed a line says how to, and there are no answers.
 * For example `await askLlamaCpp(model, ["Can I freeze soup?"], { adapter: "data/runs/kitchen.gguf" })`.
 * @returns one for each question; null where llama.cpp is not installed
 * @throws when an option is unknown, the model is of no GGUF file, or llama.cpp fails, with what it said
 */
export async function askLlamaCpp(
  { name, files, chatTemplate = null }: LoadedModel,
  questions: readonly string[],
  options: LlamaOptions = {},
): Promise<readonly LlamaAnswer[] | null> {
  knownOptions("askLlamaCpp", options, OPTIONS);
  const { adapter, newTokens = 128 } = options;
  if (files?.kind !== "gguf") return fail(`model ${name}`, "one that was opened from a GGUF file", "another");
  const writer = chatWriter(requireChatTemplate(name, chatTemplate, "open another model"));
  const most = positiveInteger("newTokens", newTokens);
  const { llamaCpp } = environment();
  if (llamaCpp === null) {
    console.log(MISSING);
    return null;
  }
  const texts = questions.map((content) => writer.write([{ role: "user", content }], true));
  const asked = { model: files.weights, adapter: adapter === undefined ? null : inProject(adapter), texts, most };
  return (JSON.parse(await ask(llamaCpp, JSON.stringify(asked))) as { readonly answers: readonly LlamaAnswer[] })
    .answers;
}

const MISSING =
  "llama.cpp is not installed here, so it answers nothing. To let it: npm install --prefix .cache/llama-cpp --ignore-scripts --omit=optional " +
  "node-llama-cpp@3.21.1 @node-llama-cpp/linux-x64@3.21.1 (or the package of your machine: mac-arm64-metal, win-x64), then run the cell again.";

/** What the process of llama.cpp answers; Stop ends it. */
function ask(packageFolder: string, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [inProject("src/notebook/llama-cpp.cjs"), packageFolder], {
      signal: stopSignal(),
    });
    let [answer, said] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => (answer += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (said += part));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(answer);
      else reject(new Error(`llama.cpp: expected answers, got: ${said.trim().slice(-600) || `exit code ${code}`}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(question);
  });
}
