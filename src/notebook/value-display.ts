import type { ModelSession } from "../engine/session";
import type { LoadedModel } from "../engine/load-model";
import type { Trainable } from "../experiment/problem";
import type { Model } from "../model/model";
import { toHtml } from "../table/html";
import type { RunRecord } from "../table/record";
import { tableOf } from "../table/rows";
import { compareRuns } from "../table/summary";
import { toText } from "../table/text";
import type { LoadedTask } from "../task/loaded-task";
import { classNames, type Task } from "../task/task";
import type { MimeBundle } from "./display";
import { kernelRegistry } from "./kernel-registry";
import type { LiveRun } from "./live-runs";
import { problemTable } from "./problem-display";

const MOST_RUNS = 100;
const MOST_TEXT = 400;
const MOST_LABELS = 20;

type Fact = readonly [string, string | number];

/** Whether a value has fields of these types. */
const has = <T>(value: unknown, fields: Readonly<Record<string, string>>): value is T =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(fields).every(([name, type]) => {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    return (field === null ? "null" : typeof field) === type;
  });

const isModel = (value: unknown): value is Model =>
  has<Model>(value, { id: "string", width: "number", layers: "number", vocabulary: "number", forward: "function" });
const isLoadedModel = (value: unknown): value is LoadedModel =>
  has<LoadedModel>(value, { title: "string", model: "object", tokenizer: "object" }) && isModel(value.model);
const isSession = (value: unknown): value is ModelSession =>
  has<ModelSession>(value, { id: "string", layout: "object", features: "function", dispose: "function" });
const isRecord = (value: unknown): value is RunRecord =>
  has<RunRecord>(value, {
    arm: "string",
    seed: "number",
    learningRate: "number",
    steps: "object",
    evaluations: "object",
  });
const isLiveRun = (value: unknown): value is LiveRun =>
  has<LiveRun>(value, { arm: "object", result: "object", record: "object" }) && isRecord(value.record);
const isOpenAdapter = (value: unknown): value is { readonly session: ModelSession } =>
  has<{ readonly session: unknown }>(value, { adapter: "object", session: "object" }) && isSession(value.session);
const isTask = (value: unknown): value is Task =>
  has<Task>(value, { kind: "string", name: "string", title: "string", fields: "object", metric: "string" });
const isLoadedTask = (value: unknown): value is LoadedTask =>
  has<LoadedTask>(value, { task: "object", splits: "object", origin: "object" }) && isTask(value.task);
const isProblem = (value: unknown): value is Trainable<unknown> =>
  has<Trainable<unknown>>(value, { loaded: "object", task: "object", sample: "object", objective: "function" }) &&
  isLoadedModel(value.loaded) &&
  isTask(value.task);

const short = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 3)}...` : text);

const ofModel = ({ family, layers, width, vocabulary, context, sites }: Model): readonly Fact[] => [
  ["family", family],
  ["layers", layers],
  ["width", width],
  ["vocabulary", vocabulary],
  ["longest text, in tokens", context],
  ["matrices that can be adapted", sites.length],
];
/** Its id says model, adapter and engine, a bar between them; the model's part is a long fingerprint. */
function ofSession({ id, layout, width, told }: ModelSession): readonly Fact[] {
  const [model = "", adapter = "", engine = ""] = id.split("|");
  return [
    ["model", model.length > 60 ? `${model.slice(0, 57)}...` : model],
    ["adapter", adapter],
    ["engine", engine],
    ...(told === undefined ? [] : [["computes", told] as const]),
    ["trainable numbers", layout.size],
    ["width of the features", width],
  ];
}
const labelsOf = (task: Task): string => {
  const names = classNames(task);
  return names.length > MOST_LABELS
    ? `${names.slice(0, MOST_LABELS).join(", ")} and ${names.length - MOST_LABELS} more`
    : names.join(", ");
};
const ofTask = (task: Task): readonly Fact[] => [
  ["task", `${task.name}: ${task.title}`],
  ["kind", task.kind],
  ["fields", Object.keys(task.fields).join(", ")],
  ...(task.kind === "classification" ? [["classes", labelsOf(task)] as const] : []),
  ["metric", task.metric],
];

type Shown = readonly [Parameters<typeof toHtml>[0], { readonly caption: string }];

const facts = (caption: string, rows: readonly Fact[]): Shown => [
  tableOf(
    rows.map(([what, value]) => ({
      what,
      value: typeof value === "string" ? short(value) : value.toLocaleString("en"),
    })),
  ),
  { caption: short(caption) },
];

function runsOf(value: unknown): readonly RunRecord[] | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const records = values.map((each) => (isLiveRun(each) ? each.record : isRecord(each) ? each : undefined));
  const known = records.filter((each): each is RunRecord => each !== undefined);
  return known.length > 0 && known.length === values.length ? known : undefined;
}

function shownAs(value: unknown): Shown | undefined {
  const runs = runsOf(value);
  if (runs !== undefined) {
    const more = runs.length > MOST_RUNS ? `, the first ${MOST_RUNS}` : "";
    return [
      compareRuns(runs.slice(0, MOST_RUNS)),
      { caption: `${runs.length === 1 ? "a run" : `${runs.length} runs`}${more}` },
    ];
  }
  if (isProblem(value)) return problemTable(value);
  if (isLoadedModel(value)) return facts(value.title, ofModel(value.model));
  if (isModel(value)) return facts("a model", ofModel(value));
  if (isOpenAdapter(value)) return facts("a model with an adapter", ofSession(value.session));
  if (isSession(value)) return facts("a model with an adapter, open on an engine", ofSession(value));
  if (isLoadedTask(value)) {
    const splits = Object.entries(value.splits).map(([name, examples]): Fact => [
      `${name} texts`,
      examples?.length ?? "none",
    ]);
    return facts(value.origin.description, [...ofTask(value.task), ...splits]);
  }
  return isTask(value) ? facts("a task", ofTask(value)) : undefined;
}

/**
 * Gives what a value of this project shows itself as when it is a cell's last: a table of what it is. Undefined for any other value.
 * For example `bundleOf(await openModel("minilm"))`: { "text/html": "<table ...", "text/plain": "..." }.
 */
export function bundleOf(value: unknown): MimeBundle | undefined {
  const shown = shownAs(value);
  return shown && { "text/html": toHtml(...shown), "text/plain": toText(...shown) };
}

// The kernel prints the values of cells; this tells it how.
kernelRegistry().bundleOf = bundleOf;
