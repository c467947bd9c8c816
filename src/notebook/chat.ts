import { makeAdapter } from "../adapter/make-adapter";
import { fail } from "../check/check";
import { knownOptions, namesOf } from "../check/known-options";
import type { LoadedModel } from "../engine/load-model";
import { onnxGenerator } from "../engine/onnx/generator";
import { requireChatTemplate } from "../experiment/chat-problem";
import { answerChat } from "../task/answer-chat";
import type { ChatAnswer } from "../task/answer-chat";
import { chatWriter } from "../text/chat-template";
import type { ChatMessage } from "../text/chat-template";
import type { SavedAdapter } from "../weights/adapter-file";
import { registered } from "./registry";
import { stopSignal } from "./stop-signal";

/** How a conversation is answered. */
export interface ChatOptions {
  /** What was tuned (`tunedAdapter(problem, run)`, or an adapter that was loaded); default: the model as it is. */
  readonly tuned?: Pick<SavedAdapter, "spec" | "layout" | "point" | "modelId">;
  /** Most tokens of the answer; default 128. */
  readonly newTokens?: number;
  /** A Jinja template in place of the model's own chat template. */
  readonly template?: string;
}

const OPTIONS = namesOf<ChatOptions>({ tuned: true, newTokens: true, template: true });

/**
 * Lets a model answer a conversation, or a question alone, as it was made for conversations or as it was tuned: greedily, to the end of its turn. It stays open for
 * the next one.
 * For example `(await chat(model, "How long do I boil an egg?", { tuned: tunedAdapter(problem, chosen) })).text`: "Boil it for seven minutes.".
 * @throws when the model has no chat template, its template refuses the messages, or what was tuned is another model
 */
export async function chat(
  model: LoadedModel,
  messages: string | readonly ChatMessage[],
  options: ChatOptions = {},
): Promise<ChatAnswer> {
  knownOptions("chat", options, OPTIONS);
  const { tuned, newTokens, template } = options;
  const { name, tokenizer, chatTemplate = null } = model;
  const own =
    template === undefined
      ? requireChatTemplate(name, chatTemplate, "chat(model, messages, { template: JINJA })")
      : { source: template, special: chatTemplate?.special ?? {}, from: "the given template" };
  const writer = chatWriter(own);
  if (tuned !== undefined && tuned.modelId !== model.model.id)
    fail("tuned", `an adapter of this model, ${model.model.id}`, tuned.modelId);
  const adapter = makeAdapter(tuned?.spec ?? { kind: "none" }, model.model);
  const key = `${model.model.id} ${JSON.stringify(adapter.spec)}`;
  const generator = await registered(
    `chat ${key}`,
    () => onnxGenerator(model.model, adapter),
    `chat ${name} ${adapter.spec.kind}`,
  );
  const said = typeof messages === "string" ? [{ role: "user", content: messages }] : messages;
  const signal = stopSignal();
  return answerChat(generator, tokenizer, writer, tuned?.point ?? new Float32Array(0), said, {
    signal,
    ...(newTokens === undefined ? {} : { newTokens }),
  });
}

/**
 * Lets a model answer several questions, each a conversation of its own, as `chat` does.
 * For example `(await askModel(model, ["Can I freeze soup?"])).length`: 1.
 */
export async function askModel(
  model: LoadedModel,
  questions: readonly string[],
  options: ChatOptions = {},
): Promise<readonly ChatAnswer[]> {
  const answers: ChatAnswer[] = [];
  for (const question of questions) answers.push(await chat(model, question, options));
  return answers;
}
