import { fail } from "../check/check";
import type { Tokenizer } from "../text/tokenizer";
import { encodeExamples, tokensOf } from "./encode";
import type { LengthLimits } from "./encode";
import { fitFields } from "./fit-fields";
import { parsedRecipe, promptsOf, recipeOf } from "./prompt-recipe";
import type { PromptRecipe } from "./prompt-recipe";
import type { ClassificationTask, Example, Reading } from "./task";

type Fields = Example["fields"];

/** What a written classifier is asked and how it answers, as plain data. */
export interface ClassifierRecipe {
  readonly labels: readonly string[];
  /** Text fields, each with the column names that tables use for it. */
  readonly fields: ClassificationTask["fields"];
  /** Fields are taken with the white space around them. */
  readonly verbatim?: true;
  readonly mayBeEmpty?: readonly string[];
  /** The template is a user's own: it is taken to the letter. */
  readonly own: boolean;
  readonly prompt: PromptRecipe;
  readonly limits: LengthLimits;
}

/**
 * Gives the recipe of a task in a reading, and sees on examples that it asks to the token what the task asks.
 * For example `classifierRecipe(sst2, "causal", { context: 2048 }, examples, tokenizer).labels`: ["negative", "positive"].
 * @throws when the task does more with its texts than to put them into a template
 */
export function classifierRecipe(
  task: ClassificationTask,
  reading: Reading,
  limits: LengthLimits,
  examples: readonly Example[],
  tokenizer: Tokenizer,
): ClassifierRecipe {
  const recipe: ClassifierRecipe = {
    labels: task.labels,
    fields: task.fields,
    ...(task.verbatim === true ? { verbatim: true } : {}),
    ...(task.mayBeEmpty === undefined ? {} : { mayBeEmpty: task.mayBeEmpty }),
    own: task.own !== undefined,
    prompt: recipeOf(task, reading),
    limits,
  };
  const encoded = (of: ClassificationTask): string => {
    const { ids, scored } = encodeExamples(of, reading, examples, tokenizer, limits);
    return JSON.stringify([ids, scored]);
  };
  if (encoded(task) !== encoded(taskOf(recipe, task.name)))
    fail(`task ${task.name}`, "a prompt that is a template with the task's texts in it", "one that changes its texts");
  return recipe;
}

/**
 * Gives a task that asks what a recipe says, of tables without labels.
 * For example `taskOf(recipe, "mail.csv").labels`.
 */
export function taskOf(recipe: ClassifierRecipe, name: string): ClassificationTask {
  const { labels, fields, verbatim, mayBeEmpty, own, prompt } = recipe;
  return {
    kind: "classification",
    name,
    title: name,
    fields,
    labels,
    labelAliases: {},
    labelColumns: [],
    ...promptsOf(prompt),
    ...(verbatim === true ? { verbatim } : {}),
    ...(mayBeEmpty === undefined ? {} : { mayBeEmpty }),
    metric: "accuracy",
    further: [],
    testSplit: "test",
    directories: [],
    hub: null,
    samples: null,
    ...(own ? { own: { train: name, test: null, declared: null } } : {}),
  };
}

/** A text as a written classifier takes it. */
export interface AskedText {
  readonly ids: readonly number[];
  /** The place of its mask; null where the model is not asked at one. */
  readonly mask: number | null;
  /** Whether it was longer than the model reads, and shortened. */
  readonly cut: boolean;
}

/**
 * Gives the tokens of a text by its fields, as in training; a text that is longer than the model reads has its fields shortened instead of being
 * refused.
 * For example `askedText(recipe, { sentence: "fine" }, tokenizer).ids`.
 * @throws when the fields leave no token, or the template alone is too long
 */
export function askedText(recipe: ClassifierRecipe, fields: Fields, tokenizer: Tokenizer): AskedText {
  const { prompt, limits } = recipe;
  const task = taskOf(recipe, "the text");
  const { reading } = prompt;
  const example = (of: Fields): Example => ({ fields: of, label: 0, where: { file: "the text", line: 1 } });
  const tokens = (of: Fields): number => tokensOf(task, reading, example(of), tokenizer);
  const fitting =
    reading === "masked" || limits.cutTo !== undefined
      ? fields
      : fitFields(fields, tokens, limits.context, reading === "causal" ? "beginning" : "end");
  const { ids, scored, cut } = encodeExamples(task, reading, [example(fitting)], tokenizer, limits);
  const mask = typeof scored === "string" ? null : scored[0]!;
  return { ids: ids[0]!, mask, cut: fitting !== fields || cut !== undefined };
}

/** Gives the recipe that JSON text holds. @throws when it is none, by the field's name */
export function parsedClassifier(what: string, value: unknown): ClassifierRecipe {
  const { labels, fields, verbatim, mayBeEmpty, own, prompt, limits } = (value ?? {}) as {
    readonly [key in keyof ClassifierRecipe]?: unknown;
  };
  if (!isTexts(labels) || labels.length < 2) return fail(`${what}: labels`, "names of at least two classes", labels);
  if (typeof fields !== "object" || fields === null || !Object.values(fields).every(isTexts))
    return fail(`${what}: fields`, "fields with the names of their columns", fields);
  const names = Object.keys(fields);
  if (names.length === 0) return fail(`${what}: fields`, "at least one field", fields);
  const { context, cutTo, beginning } = (limits ?? {}) as { readonly [key in keyof LengthLimits]?: unknown };
  const isLength = (length: unknown): length is number => Number.isInteger(length) && Number(length) > 0;
  if (!isLength(context) || !(cutTo === undefined || isLength(cutTo)))
    return fail(`${what}: limits`, "context, and perhaps cutTo, in tokens", limits);
  return {
    labels,
    fields: fields as ClassifierRecipe["fields"],
    ...(verbatim === true ? { verbatim } : {}),
    ...(isTexts(mayBeEmpty) ? { mayBeEmpty } : {}),
    own: own === true,
    prompt: parsedRecipe(`${what}: prompt`, prompt, names, labels.length),
    limits: {
      context,
      ...(cutTo === undefined ? {} : { cutTo }),
      ...(beginning === "kept" || beginning === "dropped" ? { beginning } : {}),
    },
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
