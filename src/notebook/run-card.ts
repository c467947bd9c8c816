import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { namesOf } from "../check/known-options";
import { writeWhole } from "../disk/whole-file";
import { armTitle } from "../experiment/arms";
import type { Trainable } from "../experiment/problem";
import { writerFor } from "../experiment/chat-problem";
import { chatTurn } from "../export/chat-turn";
import { fileDigest } from "../export/file-digest";
import { modelfile } from "../export/modelfile";
import { weightFilesOf } from "../export/verification";
import { findKnownModel } from "../model/registry";
import { modelCard } from "../table/model-card";
import type { CardFacts, CardForm } from "../table/model-card";
import { formatRate } from "../table/number";
import { promptOf } from "../task/classifier-prompt";
import type { ClassifierPrompt } from "../task/classifier-prompt";
import { readingOf } from "../task/reading";
import { openGguf } from "../weights/gguf";
import { isFolder } from "../weights/safetensors-index";
import { tunedAdapter } from "./choose";
import type { TestScores } from "./choose";
import type { RunNote } from "./keep-run";
import type { LiveRun } from "./live-runs";

/** What a card can say beside what the run's record does. */
export interface CardOptions {
  /** What `testOnce` gave; without it the card says that nobody looked at test. */
  readonly test?: TestScores | undefined;
}

/** The names of a card's options: what writes one besides lists them beside its own. */
export const CARD_OPTIONS = namesOf<CardOptions>({ test: true });

/** The hub's words for what a model of a reading does. */
const PIPELINES = { pooled: "feature-extraction", causal: "text-generation", masked: "fill-mask" } as const;

/**
 * Gives the README.md of what left a run, from its record: data, task, prompt, steps, forward passes, scores with intervals, machine, hours, the base
 * and its licence (`modelCard`).
 * For example `runCard(problem, chosen, "peft", { test: await testOnce(problem, chosen) })`.
 * @param made what was written from what, as `mergeAdapter` says it
 * @throws when the run has no checkpoint
 */
export function runCard(
  problem: Trainable<unknown>,
  run: LiveRun,
  form: CardForm,
  { test }: CardOptions = {},
  made: string | null = null,
): string {
  const { loaded, task, origin, sample, chance } = problem;
  const { arm, adapter, result } = run;
  tunedAdapter(problem, run);
  const evaluation = result.best!.evaluation;
  const note = result.header.note as Partial<RunNote> | null;
  const prompt = promptOfTask(problem);
  const facts: CardFacts = {
    title: `${loaded.title}, tuned on ${task.title}`,
    form,
    base: baseOf(problem),
    pipeline: PIPELINES[loaded.model.reading],
    task: {
      title: task.title,
      data: origin.description,
      dataset: origin.kind === "hub" ? (task.hub?.repository ?? null) : null,
      texts: {
        train: sample.parts.train.length,
        dev: sample.parts.dev.length,
        test: sample.parts.test.length,
      },
      template: prompt?.template ?? null,
      words: wordsOf(problem, prompt),
    },
    training: {
      method: methodWords(run),
      learningRate: rateWords(run),
      adapter: adapterWords(adapter.spec),
      parameters: adapter.layout.size,
      batchSize: arm.batchSize,
      seed: result.header.settings.seed,
      checkpoint: evaluation.step,
      steps: result.end.step,
      forwardPasses: result.end.forwardPasses,
      backwardPasses: result.steps.at(-1)?.backwardPasses ?? 0,
      evaluationPasses: result.evaluations.at(-1)?.evaluationPasses ?? 0,
      hours: result.end.elapsedMs / 3_600_000,
      machine: note?.machine ?? "a machine that the record does not name",
      date: note?.date ?? "",
      commit: note?.commit ?? "a commit that the record does not name",
    },
    dev: { loss: evaluation.loss, accuracy: finite(evaluation.accuracy), texts: chance.count, chance: chance.loss },
    test:
      test === undefined
        ? null
        : { accuracy: finite(test.after), texts: test.count, before: test.before, probe: test.probe },
    made,
  };
  return modelCard(facts);
}

/**
 * Writes the card of what left a run, and of a GGUF file a Modelfile for Ollama: README.md in a folder, "NAME.README.md" and "NAME.Modelfile" beside a file.
 * For example `writeCard(problem, chosen, "data/runs/mine.gguf", "gguf-adapter")`.
 * @throws as `runCard`, or when the disk does not take them
 */
export function writeCard(
  problem: Trainable<unknown>,
  run: LiveRun,
  path: string,
  form: CardForm,
  options: CardOptions = {},
  made: string | null = null,
): void {
  writeWhole(cardPath(path), runCard(problem, run, form, options, made));
  if (form === "gguf" || form === "gguf-adapter") writeWhole(`${path}.Modelfile`, runModelfile(problem, path, form));
}

/** Gives the place of the card of written weights. @example cardPath("mine.gguf") // "mine.gguf.README.md" */
export function cardPath(written: string): string {
  return isFolder(written) ? join(written, "README.md") : `${written}.README.md`;
}

function runModelfile(problem: Trainable<unknown>, path: string, form: "gguf" | "gguf-adapter"): string {
  const { loaded, task } = problem;
  const prompt = promptOfTask(problem);
  const chat = task.kind === "chat" ? chatTurn(writerFor(loaded, task)) : null;
  const { end } = loaded.tokenizer.special;
  const longest = Math.max(0, ...(prompt?.words ?? []).map((word) => loaded.tokenizer.continuation(word).length));
  const base = loaded.files?.kind === "gguf" ? basename(loaded.files.weights) : `${loaded.name.split("/").at(-1)}.gguf`;
  return modelfile({
    from: form === "gguf" ? basename(path) : base,
    adapter: form === "gguf" ? null : basename(path),
    template: prompt?.template ?? null,
    chat,
    fields: Object.keys(task.fields),
    stops: [
      ...(task.kind === "generation" ? [task.stop] : []),
      ...(end === null ? [] : [loaded.tokenizer.decode([end])]),
    ],
    tokens: task.kind === "generation" ? task.newTokens : longest || null,
  });
}

function promptOfTask({ task, loaded }: Trainable<unknown>): ClassifierPrompt | null {
  return task.kind === "classification" ? promptOf(task, readingOf(task, loaded.model)) : null;
}

function wordsOf({ task }: Trainable<unknown>, prompt: ClassifierPrompt | null): CardFacts["task"]["words"] {
  if (task.kind !== "classification" || prompt === null) return [];
  return prompt.words.map((word, i) => ({ label: task.labels[i] ?? "", word }));
}

function baseOf({ loaded: { name, title, files } }: Trainable<unknown>): CardFacts["base"] {
  const known = findKnownModel(name);
  const repository =
    known?.source.repository ?? (/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name) && !existsSync(name) ? name : null);
  const stated = files?.kind === "gguf" ? openGguf(files.weights).metadata.get("general.license") : undefined;
  const licence = known?.licence ?? (typeof stated === "string" ? stated : null);
  return {
    title,
    repository,
    licence: licence === "see the repository" ? null : licence,
    files: files === undefined ? [] : weightFilesOf(files).map(fileDigest),
  };
}

function methodWords({ arm: { name, method } }: LiveRun): string {
  const title = armTitle(name);
  return title.toLowerCase() === method.name.toLowerCase() ? title : `${title} (${method.name})`;
}

function rateWords({ arm, result }: LiveRun): string {
  const { learningRate } = arm.method;
  const planned =
    learningRate.kind === "constant" ? formatRate(learningRate.value) : `by the schedule "${learningRate.kind}"`;
  return result.changes.length === 0
    ? planned
    : `${planned} at first, settings changed by hand ${result.changes.length} times`;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** An adapter in words: its kind and its plain settings. */
function adapterWords(spec: LiveRun["adapter"]["spec"]): string {
  const { kind, ...settings } = spec;
  const said = Object.entries(settings).map(
    ([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
  );
  return [kind, ...said].join(", ");
}
