import { fail } from "../check/check";
import type { ChatMessage } from "../text/chat-template";
import type { ChatTaskOptions, TableTaskOptions } from "./own-options";
import type { PromptPart } from "../text/prompt";
import type { DirectorySource, HubSource } from "./source";

/** One example of a task, and where it was read from. */
export interface Example {
  /** The task's text fields by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Index of the class, or of the right option (the first, where several are right); 0 in a generation task. */
  readonly label: number;
  /** Options that a file lists for this example (ReCoRD's entities); absent where they follow from the fields. */
  readonly candidates?: readonly string[];
  /** All texts that are accepted, the one to train on first; absent in a classification. */
  readonly answers?: readonly string[];
  /** Examples with equal groups are judged together by some metrics (MultiRC: one question; ReCoRD: one passage). */
  readonly group?: string;
  /** A conversation; absent of other tasks. */
  readonly chat?: Conversation;
  readonly where: Where;
}

/** A conversation to learn from. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  /** How many messages at its beginning are only given: the assistant's turns among them are not learnt. */
  readonly given: number;
}

/** A row of a file: lines count from 1 (rows of a parquet file too). */
export interface Where {
  readonly file: string;
  readonly line: number;
}

export type { Reading } from "../model/model";

export type MetricName =
  | "accuracy"
  | "f1"
  | "macro f1"
  | "matthews"
  | "answer f1"
  | "question exact match"
  | "token f1"
  | "exact match"
  | "perplexity";

type Fields = Readonly<Record<string, string>>;

interface Common {
  readonly name: string;
  readonly title: string;
  /** Text fields, each with the column names that files use for it; "a.b" is b inside a. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Columns that together name an example's group. */
  readonly group?: readonly (readonly string[])[];
  /** Fields are taken with the white space around them, as the reference does; default: trimmed. */
  readonly verbatim?: true;
  /** Fields that may be empty in a file (one of MultiRC's answers is); default none. */
  readonly mayBeEmpty?: readonly string[];
  /** What the literature's tables show. */
  readonly metric: MetricName;
  /** Further columns of a table. */
  readonly further: readonly MetricName[];
  /** The split that the literature reports on, and that is therefore kept for the end. */
  readonly testSplit: "validation" | "test";
  /** Texts to take for dev of about 1,500 drawn; default 500. See `thousand`. */
  readonly dev?: number;
  /** What the reference takes for dev, where that is another number; see the oddities of `thousand`. */
  readonly referenceDev?: number;
  readonly directories: readonly DirectorySource[];
  /** null: not there in the form that the protocol uses. */
  readonly hub: HubSource | null;
  /** The project's own sample texts: one table, whose rows are split by `splitSamples`; null: none. */
  readonly samples: string | null;
  /** A user's own files, by their paths; see `tableTask` and `chatTask`. */
  readonly own?: OwnFiles;
}

/** A table of the user's, and perhaps a second one to test on. */
export interface OwnFiles {
  readonly train: string;
  readonly test: string | null;
  /** What the user said of a table (`tableTask`) or of conversations (`chatTask`), from which the task can be made again; null: of something else. */
  readonly declared: TableTaskOptions | ChatTaskOptions | null;
}

/** One of a few classes, the same for every example. */
export interface ClassificationTask extends Common {
  readonly kind: "classification";
  /** Class names, in the order of the label numbers. */
  readonly labels: readonly string[];
  /** Other spellings of class names in files, lower case. */
  readonly labelAliases: Readonly<Record<string, number>>;
  /** Columns that hold the label; default "label". */
  readonly labelColumns?: readonly string[];
  /** Labels of rows that the annotators did not agree on: such rows are left out. */
  readonly noLabel?: readonly string[];
  readonly masked: MaskedReading | null;
  readonly causal: CausalReading | null;
  readonly pooled: PooledReading | null;
}

/** A prompt with one mask: the model is scored there on one word per class, each with its leading space. */
export interface MaskedReading {
  readonly words: readonly string[];
  parts(fields: Fields): readonly PromptPart[];
  /**
   * The parts are one text to the tokenizer, which puts the special tokens at its ends itself; default: each part is split on its own,
   * as the reference of the published tables does.
   */
  readonly whole?: true;
  /** Longer prompts lose their end; where the parts are one text, its fields do, and the rest of the template stays. */
  readonly longest: number;
}

/** A prompt: the model is scored on the words that may follow it, one per class, written as they follow. */
export interface CausalReading {
  readonly words: readonly string[];
  prompt(fields: Fields): string;
}

/** The text itself, whose pooled vector is scored. */
export interface PooledReading {
  text(fields: Fields): string;
}

/** One of some options, which differ from example to example. */
export interface ChoiceTask extends Common {
  readonly kind: "choice";
  /** How the right option is given. */
  readonly right:
    | { readonly kind: "number"; readonly columns: readonly string[]; readonly names: readonly string[] }
    | { readonly kind: "text"; readonly candidates: readonly string[]; readonly answers: readonly string[] };
  prompt(example: Example): string;
  /** The options as they follow the prompt. */
  options(example: Example): readonly Option[];
}

export interface Option {
  readonly text: string;
}

/** A text of the model's own, compared with accepted answers. */
export interface GenerationTask extends Common {
  readonly kind: "generation";
  /** Columns of the list of accepted answers. */
  readonly answers: readonly string[];
  prompt(example: Example): string;
  /** What follows the prompt in training. */
  answer(example: Example): string;
  /** Decoding ends at this text, or after so many tokens. */
  readonly stop: string;
  readonly newTokens: number;
}

/** Conversations of the user's own, of which the assistant's turns are learnt; see `chatTask`. */
export interface ChatTask extends Common {
  readonly kind: "chat";
  readonly own: OwnFiles;
  /** A Jinja template in place of the model's own; null: the model's. */
  readonly template: string | null;
}

/** A task, declared: everything that differs between one collection of examples and another. */
export type Task = ClassificationTask | ChoiceTask | GenerationTask | ChatTask;

/** Refuses conversations where a prompt with what may follow it is asked for: they have none before a model's chat template has written them. */
export function refuseChat({ name }: ChatTask): never {
  return fail(
    `task ${name}`,
    "a task of prompts and what follows them",
    "conversations, which a model's chat template writes",
  );
}

/** Names of the classes that a sample is balanced over: a task without classes counts as one. */
export function classNames(task: Task): readonly string[] {
  return task.kind === "classification" ? task.labels : ["examples"];
}

/** Gives the class that an example counts to. */
export function classOf(task: Task, example: Example): number {
  return task.kind === "classification" ? example.label : 0;
}
