import { fail, positiveInteger } from "../check/check";
import type { LoadedModel } from "../engine/load-model";
import type { ModelSession } from "../engine/session";
import { tokenScorer } from "../model/token-scorer";
import { chatWriter } from "../text/chat-template";
import type { ChatTemplate, ChatWriter } from "../text/chat-template";
import { trainingBatches } from "../task/batches";
import { tokenChance } from "../task/chance";
import type { Chance } from "../task/chance";
import { encodeChat, encodeChats, typedTokens } from "../task/encode-chat";
import type { LoadedTask } from "../task/loaded-task";
import { optionBatch } from "../task/option-batch";
import type { OptionBatch, ScoredText } from "../task/option-batch";
import { sampleTask } from "../task/sample";
import type { ChatTask, Example } from "../task/task";
import { optionObjective, scoreOptions } from "../task/token-objective";
import { fingerprintData } from "../train/fingerprint";
import type { OptionProblem } from "./option-problem";
import type { Scores } from "./problem";
import { samplingOf } from "./problem-options";
import type { ProblemOptions } from "./problem-options";
import { mean } from "../tree/mean";

/** Conversations of one evaluation pass. */
const EVALUATION_BATCH = 16;

/**
 * Samples conversations for a causal language model. The loss, in training and evaluation alike, is that of the assistant's tokens,
 *     L = -1/K sum_k log p(token_k | conversation before it)   over the K tokens of all learnt turns
 * in nats a token; `perplexity` is exp(L). Conversations of more than `maxTokens` tokens, the template's own included, are left out.
 * For example `(await makeChatProblem(smollm2, await loadTask(chatTask({ file })), options)).sample.parts.train.length`: 110.
 * @throws when the model is not causal or has no chat template, the template refuses a conversation, or too few pass the length limit
 */
export function makeChatProblem(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
): Promise<OptionProblem> {
  const { task } = from;
  const { model, tokenizer } = loaded;
  if (task.kind !== "chat") return fail(`task ${task.name}`, "conversations", task.kind);
  if (model.reading !== "causal") return fail(`conversations of ${task.name}`, "a causal language model", model.family);
  if (options.cutTo !== undefined)
    fail("cutTo", "none: a conversation is not cut (maxTokens leaves longer ones out)", options.cutTo);
  const writer = writerFor(loaded, task);
  const { maxTokens, ...others } = options;
  if (maxTokens !== undefined) positiveInteger("maxTokens", maxTokens);
  const sampling = samplingOf(task, "causal", tokenizer, others);
  const { filter, left } = shorterThan(maxTokens, (example) => encodeChat(example, tokenizer, writer).ids.length + 1);
  const sample = sampleTask(from, {
    ...sampling,
    keep: (example) => (sampling.keep?.(example) ?? true) && filter(example),
  });
  const { train: trainTexts, dev: devTexts, test: testTexts } = sample.parts;
  const encode = (examples: readonly Example[]) => encodeChats(examples, tokenizer, writer, model);
  const [train, dev, test] = [encode(trainTexts), encode(devTexts), encode(testTexts)];
  const parts = { dev, test };
  const chanceOn = (texts: readonly ScoredText[]): Chance => ({
    loss: tokenChance(texts.map(({ targets }) => targets)),
    accuracy: NaN,
    count: texts.length,
  });
  const chance = chanceOn(dev);
  return Promise.resolve({
    kind: "options",
    loaded,
    task,
    origin: from.origin,
    options,
    sessionModel: tokenScorer(model),
    chance,
    testChance: chanceOn(test),
    chanceLoss: chance.loss,
    sample,
    dataHash: fingerprintData({ train, dev }),
    notices: [
      ...from.notices,
      ...sample.notices,
      ...left(),
      ...typedTokens(task.name, [...trainTexts, ...devTexts, ...testTexts], tokenizer, writer),
      ...(/\bstrftime_now\b/.test(writer.template.source)
        ? ["the chat template may write today's date into each conversation: another day it is another run"]
        : []),
    ],
    batches: trainingBatches(train.length, options, (indices) => batchOf(indices.map((i) => train[i]!))),
    objective: optionObjective,
    metric: (name) => fail(`objective of ${task.name}`, '"loss": conversations have no metric to be trained for', name),
    async evaluate(session, point, part): Promise<Scores> {
      const { perExample, passes } = await evaluated(session, point, parts[part]);
      const loss = mean(perExample);
      const metrics = { perplexity: Math.exp(loss) };
      return { loss, perExample, accuracy: NaN, count: perExample.length, forwardPasses: passes, metrics };
    },
  });
}

/**
 * Gives the writer of a model's conversations: the task's own template, else the model's.
 * @throws when there is none, saying what to do
 */
export function writerFor({ name, chatTemplate = null }: LoadedModel, task: ChatTask): ChatWriter {
  if (task.template !== null)
    return chatWriter({
      source: task.template,
      special: chatTemplate?.special ?? {},
      from: "the template of chatTask",
    });
  return chatWriter(requireChatTemplate(name, chatTemplate, "chatTask({ file, template: FILE })"));
}

/**
 * Gives a model's chat template again.
 * @param instead what takes a template of the user's own
 * @throws when it has none, saying what to do
 */
export function requireChatTemplate(model: string, template: ChatTemplate | null, instead: string): ChatTemplate {
  return (
    template ??
    fail(
      `chat template of ${model}`,
      `one in chat_template.jinja, tokenizer_config.json or the GGUF file (open the version of the model that was made for conversations, or give a Jinja template: ${instead})`,
      "none",
    )
  );
}

/** A filter by length, and what is said of those that it left out. */
function shorterThan(
  most: number | undefined,
  lengthOf: (example: Example) => number,
): { readonly filter: (example: Example) => boolean; readonly left: () => readonly string[] } {
  const out = new Set<Example>();
  return {
    filter(example) {
      if (most === undefined || lengthOf(example) <= most) return true;
      out.add(example);
      return false;
    },
    left: () => (out.size === 0 ? [] : [`conversations of more than ${most} tokens left out: ${out.size}`]),
  };
}

function batchOf(texts: readonly ScoredText[]): OptionBatch {
  return optionBatch(texts.map((text) => ({ options: [text], label: 0 })));
}

/** Each conversation's part of the loss, whose mean it is: a long answer has a larger one. */
async function evaluated(
  session: ModelSession,
  point: Float32Array,
  texts: readonly ScoredText[],
): Promise<{ readonly perExample: readonly number[]; readonly passes: number }> {
  const each = mean(texts.map(({ targets }) => targets.length));
  const perExample: number[] = [];
  let passes = 0;
  for (let start = 0; start < texts.length; start += EVALUATION_BATCH) {
    const some = texts.slice(start, start + EVALUATION_BATCH);
    const scores = await scoreOptions(session, point, batchOf(some));
    passes++;
    scores.forEach(([score], i) => perExample.push((-score! * some[i]!.targets.length) / each));
  }
  return { perExample, passes };
}
