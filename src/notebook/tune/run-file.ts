import { readFileSync } from "node:fs";
import { fail, show } from "../../check/check";
import { nearestHint } from "../../check/nearest";
import { messageOf } from "../../check/error-words";
import {
  checked,
  count,
  either,
  fields,
  flag,
  listOf,
  named,
  nullable,
  oneOf,
  optional,
  positive,
  readField,
  text,
} from "../../check/fields";
import type { Field, Read } from "../../check/fields";
import { parseJsonc } from "../../check/jsonc";
import type { ProblemOptions, Size } from "../../experiment/problem";
import { checkSchedule } from "../../schedule/schedule";
import type { Schedule } from "../../schedule/schedule";
import { BEGINNINGS } from "../../task/encode";
import type { ChatTaskOptions, TableTaskOptions } from "../../task/own-options";
import { batchMetrics } from "../../task/batch-metrics";
import type { BatchMetricName } from "../../task/batch-metrics";
import { textMetrics } from "../../task/text-metrics";
import type { TextMetricName } from "../../task/text-metrics";
import { protocols } from "../../task/protocol";
import type { Protocol } from "../../task/protocol";
import { taskNamed } from "../../task/tasks";
import { BEST_BY } from "../../train/best";
import type { MethodChange } from "../../train/method-change";
import type { Budget } from "../../train/settings";
import { CHECKPOINTS } from "../checkpoint-of";
import { adapterField } from "./adapter-fields";
import { methodField } from "./method-chosen";

const size = (about: string): Field<Size> =>
  either<Size>(about, 'a number of texts, or {"perClass": number}', (value) =>
    typeof value === "number" ? count(about) : fields(about, { perClass: count("texts of each class") }),
  );

const model = either<string | { readonly name: string; readonly revision?: string; readonly gguf?: string }>(
  "which model is tuned",
  "a short name, a folder, a GGUF file, a hub repository, or an object with name, revision, gguf",
  (value) =>
    typeof value === "string"
      ? text("")
      : fields("", {
          name: text("as in a notebook's openModel"),
          revision: optional(text("branch, tag or commit of a hub repository")),
          gguf: optional(text("which GGUF file, by a part of its name")),
        }),
);

const table: Field<TableTaskOptions> = fields("a table of your own", {
  file: text("a .csv, .tsv, .jsonl or .parquet file with column names, from the project's root"),
  testFile: optional(text("a second one to test on; else every fourth row of each class is kept for it")),
  template: text('the prompt, columns in braces: "{title} It was"'),
  label: text("the column of classes"),
  labelWords: named("for each class the word that follows the prompt", text("")),
  name: optional(text("what records call it; default the file's name")),
});

const chat: Field<ChatTaskOptions> = fields("conversations of your own", {
  file: text("a .jsonl, .parquet, .csv or .tsv file with messages, or with prompt and completion"),
  testFile: optional(text("a second one to test on; else every fourth conversation is kept for it")),
  template: optional(text("a file with a Jinja template in place of the model's own chat template")),
  name: optional(text("what records call it; default the file's name")),
});

/** What a settings file says of a task: a published one's name, a table, or `{ "chat": conversations }`. */
export type TaskChoice = string | TableTaskOptions | { readonly chat: ChatTaskOptions };

const task = either<TaskChoice>(
  "what is learned",
  'a task\'s name, an object with file, template, label, labelWords, or {"chat": {"file": FILE}}',
  (value): Field<TaskChoice> =>
    typeof value === "string"
      ? checked("", "a task's name", (_, name) => taskNamed(String(name)).name)
      : typeof value === "object" && value !== null && "chat" in value
        ? fields("", { chat })
        : table,
  { "a table": table.within!, conversations: { chat } },
);

const texts = fields("how many texts, and which", {
  train: optional(size("to train on, at most; default 128, of few texts a share where no size is said")),
  dev: optional(size("to evaluate on, at most; default 100, or a share as of train")),
  test: optional(count("to test on, once, at most; default 200")),
  maxTokens: optional(count("longer prompts are left out")),
  minWords: optional(count("shorter texts are left out", 0)),
  cutTo: optional(count("longer prompts of a causal model lose their beginning")),
  beginning: optional(oneOf("what that cut does with the token that begins texts", BEGINNINGS)),
  shots: optional(count("labelled texts per class for an encoder's prototypes; default 8")),
  readout: optional(
    oneOf("what reads features; default an encoder's prototypes, a language model's label words", [
      "prototypes",
      "probe",
      "calibrated",
    ]),
  ),
  prototypeScale: optional(
    either<number | "fitted">(
      "inverse temperature of the prototypes; default fitted",
      'a positive number, or "fitted"',
      (value) => (typeof value === "string" ? oneOf("", ["fitted"]) : positive("")),
    ),
  ),
  protocol: optional(oneOf("draws as a reference protocol does", Object.keys(protocols) as Protocol[])),
  oddities: optional(named("the reference's habits to draw with besides", checked("", "true", (where, value) => (value === true ? value : fail(where, "true", value))))), // prettier-ignore
  batchSize: optional(count("texts that a batch of the problem's own has; default the run's")),
  threads: optional(count("where the problem itself opens an engine, to write answers")),
  seed: optional(count("draws prototypes, train, dev and the order of batches; default the run's", 0)),
});

const AMOUNTS = { steps: "steps", forwardPasses: "forward-passes", minutes: "minutes" } as const;

/** `{ "steps": 60 }`, `{ "forwardPasses": 480 }` or `{ "minutes": 10 }`. */
const budget: Field<Budget> = {
  about: "when it has done enough",
  holds: 'one of {"steps": number}, {"forwardPasses": number}, {"minutes": number}',
  read(where, value, complain) {
    const given = Object.keys(AMOUNTS).filter((name) => typeof value === "object" && value !== null && name in value);
    const read = fields("", {
      steps: optional(count("", 0)),
      forwardPasses: optional(count("", 0)),
      minutes: optional(positive("")),
    }).read(where, value, complain);
    if (typeof value === "object" && value !== null && given.length !== 1)
      complain(`${where}: expected one of ${Object.keys(AMOUNTS).join(", ")}, got ${show(value)}`);
    const [name] = given as (keyof typeof AMOUNTS)[];
    return { kind: AMOUNTS[name ?? "steps"], ...read } as Budget;
  },
};

const evaluation = fields("how it is looked at while it goes", {
  every: optional(count("steps between evaluations on dev; default 20; 0: before and after alone", 0)),
  best: optional(oneOf("which evaluation is the checkpoint; default loss, or objective where one is named", BEST_BY)),
  stopMargin: optional(
    nullable(positive("ends a run whose dev loss is so many nats above its lowest; default null: it goes on")),
  ),
  patience: optional(count("ends the run when so many evaluations in a row brought no better one")),
  averageLast: optional(count("how many of the last evaluated points are averaged at the end, and scored on dev")),
  drift: optional(
    fields("a second task that is not trained on, scored beside dev: what does tuning cost elsewhere?", {
      task,
      texts: optional(texts),
    }),
  ),
  test: optional(flag("looks at the test texts when the run has ended, and at a linear probe on them; default false")),
});

/** In what forms a run leaves. */
export const EXPORTS = ["classifier", "peft", "gguf", "onnx", "merge"] as const;

const result = fields("where the result goes", {
  take: optional(oneOf("which point is looked at on test and leaves; default best", CHECKPOINTS)),
  folder: optional(text("of the kept runs; default data/runs, where notebooks keep theirs")),
  tensorboard: optional(text("a folder for TensorBoard's event files; none when absent")),
  exports: optional(
    listOf(
      "how the best checkpoint leaves, once the run has ended; what is there already stays as it is",
      fields("", {
        as: oneOf(
          "classifier: any adapter, for openClassifier; peft and gguf: a LoRA, LoRA-XS, tt-lora or tt-core; onnx: any classifier in one ONNX file; merge: a model of its own",
          EXPORTS,
        ),
        to: text("a folder or file name that is free"),
        type: optional(
          oneOf("how numbers are held, of gguf and merge; default F32", ["F32", "F16", "BF16", "Q8_0", "Q4_1"]),
        ),
      }),
    ),
  ),
});

const schedule = (name: string): Field<Schedule> =>
  checked("", "a schedule {kind, ...}", (where, value) =>
    checkSchedule(where, value as Schedule, name === "queries" ? 1 : 0),
  );

const changes = listOf(
  "what was changed by hand while a recorded run went",
  fields("", {
    step: count("the index of the first step with it", 0),
    change: fields("what was changed", {
      learningRate: optional(schedule("learningRate")),
      queries: optional(schedule("queries")),
      perturbationScale: optional(positive("")),
    }) as Field<MethodChange>,
  }),
);

const METRICS = [...Object.keys(batchMetrics), ...Object.keys(textMetrics)] as (BatchMetricName | TextMetricName)[];

const OBJECTIVES = `"loss", or a metric, ${METRICS.join(", ")}`;

/** "loss", or a metric by its name. */
const objective = checked("what is trained for; default loss", OBJECTIVES, (where, value) => {
  const known = (["loss", ...METRICS] as const).find((name) => name === value);
  if (known !== undefined) return known;
  const reward =
    "a reward is a function, which no file holds: runLive(problem, arms, { seed, objective: ownReward({ ... }) }) in a notebook's cell takes one";
  const hint =
    typeof value === "string" && value !== "reward" ? nearestHint(value, ["loss", ...METRICS]) : `; ${reward}`;
  return fail(where, `${OBJECTIVES}${hint}`, value);
});

/** All fields of a run's settings file. */
export const runFields = {
  name: optional(text("what the run is called; default the recipe's name, or the method's")),
  model,
  task,
  texts: optional(texts),
  adapter: optional(adapterField),
  method: methodField,
  budget,
  objective: optional(objective),
  batchSize: optional(count("texts of a training batch; default 8")),
  evaluation: optional(evaluation),
  seed: optional(count("of the adapter's start and of all directions; default 0", 0)),
  changes: optional(changes),
  result: optional(result),
} as const;

const runField = fields("a run", runFields);

/** A run without a notebook, as its settings file says it. */
export type RunFile = Read<typeof runField>;

/** How a run leaves. */
export type Export = NonNullable<NonNullable<RunFile["result"]>["exports"]>[number];

/**
 * Checks a run's settings.
 * @param what says of which settings, for the message
 * @throws one error with everything that is wrong, a line each, by the fields' names
 */
export function checkRunFile(what: string, value: unknown): RunFile {
  return readField(what, runField, value);
}

/**
 * Reads a run's settings file: JSON, with comments.
 * @throws when it cannot be read, is no JSON (with line and column), or its settings make no sense (`checkRunFile`)
 */
export function readRunFile(path: string): RunFile {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(
      `${path}: expected a settings file (npm run tune -- --init ${path} writes one), got ${messageOf(error)}`,
    );
  }
  return checkRunFile(path, parseJsonc(content, path));
}

/** The options of the problem that a settings file describes. */
export function problemOptionsOf({
  texts: { train = 128, dev = 100, test = 200, ...said } = {},
  batchSize = 8,
  seed = 0,
}: RunFile): ProblemOptions {
  return { seed, batchSize, train, dev, test, ...said } as ProblemOptions;
}
