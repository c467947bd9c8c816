import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { settleFolder } from "../disk/whole-folder";
import { openPortable } from "../engine/onnx/portable-session";
import { askedText, parsedClassifier } from "../task/classifier-recipe";
import type { AskedText, ClassifierRecipe } from "../task/classifier-recipe";
import { logSumExp } from "../task/loss";
import { tokenizerFromFolder } from "../text/folder-tokenizer";
import { isFolder } from "../weights/safetensors-index";

export const CLASSIFIER_FORMAT = "adazeta-classifier-1";
/** What the files of a written classifier are called. */
export const CLASSIFIER_FILES = { graph: "model.onnx", weights: "model.onnx_data", recipe: "classifier.json" } as const;

/** What `classifier.json` holds. */
export interface ClassifierNotes extends ClassifierRecipe {
  readonly format: typeof CLASSIFIER_FORMAT;
  /** What was tuned, and where. */
  readonly note: string;
  /** What the base was called. */
  readonly base: string;
}

/** A written classifier, open. */
export interface ExportedClassifier {
  readonly notes: ClassifierNotes;
  /** Gives the tokens of a text by its fields. @throws when they leave none */
  ask(fields: Readonly<Record<string, string>>): AskedText;
  /** Gives the probabilities of all classes, text by text. */
  classify(texts: readonly Pick<AskedText, "ids" | "mask">[]): Promise<readonly (readonly number[])[]>;
  /** Gives log p of all classes in nats, text by text; also of a class whose probability is too small for fp32. */
  logProbabilities(texts: readonly Pick<AskedText, "ids" | "mask">[]): Promise<readonly (readonly number[])[]>;
  dispose(): Promise<void>;
}

/** Says whether a folder has a classifier as an ONNX file. */
export function isClassifierFolder(folder: string): boolean {
  return isFolder(folder) && existsSync(join(folder, CLASSIFIER_FILES.recipe));
}

/**
 * Reads what a written classifier is asked and what gives its tokens; its weights are not read.
 * For example `readClassifier("data/runs/mine").notes.labels`.
 * @throws when the folder has none, or a file of it is damaged
 */
export function readClassifier(folder: string): Pick<ExportedClassifier, "notes" | "ask"> {
  settleFolder(folder);
  if (!isClassifierFolder(folder))
    return fail(folder, `a folder that saveRunAsOnnx wrote, with ${CLASSIFIER_FILES.recipe}`, "none");
  const notes = readNotes(join(folder, CLASSIFIER_FILES.recipe));
  const tokenizer = tokenizerFromFolder(folder);
  return { notes, ask: (fields) => askedText(notes, fields, tokenizer) };
}

/**
 * Opens a classifier that `saveRunAsOnnx` wrote, on ONNX Runtime in a worker thread; no other file is needed.
 * For example `const mine = await openExported("data/runs/mine"); await mine.classify([mine.ask({ question: "Who was Galileo?" })])`.
 * @throws when the folder has none, or a file of it is damaged
 */
export async function openExported(folder: string): Promise<ExportedClassifier> {
  const { notes, ask } = readClassifier(folder);
  const path = join(folder, CLASSIFIER_FILES.graph);
  if (!existsSync(path)) return fail(path, "the classifier's graph", "no such file");
  const weights = join(folder, CLASSIFIER_FILES.weights);
  const session = await openPortable(path).catch((error: unknown) => {
    const said = messageOf(error);
    // ONNX Runtime's words do not name the file that a graph with its weights elsewhere lacks.
    return /external data/i.test(said) && !existsSync(weights)
      ? fail(weights, "the graph's weights, which lie in a file of their own", "no such file")
      : fail(path, "a graph with its weights", said);
  });
  const masked = notes.prompt.reading === "masked";
  const scored = async (texts: readonly Pick<AskedText, "ids" | "mask">[], of: "logits" | "probabilities") => {
    const masks = masked ? texts.map(({ mask }) => mask ?? fail("text", "the place of its mask", mask)) : null;
    const { classes, ...found } = await session.scores({ ids: texts.map(({ ids }) => ids), masks });
    if (classes !== notes.labels.length) return fail(`${path}: classes`, `${notes.labels.length}`, classes);
    return texts.map((_, b) => [...found[of].subarray(b * classes, (b + 1) * classes)]);
  };
  return {
    notes,
    ask,
    classify: (texts) => scored(texts, "probabilities"),
    async logProbabilities(texts) {
      return (await scored(texts, "logits")).map((row) => {
        const total = logSumExp(Float64Array.from(row));
        return row.map((score) => score - total);
      });
    },
    dispose: () => session.dispose(),
  };
}

function readNotes(path: string): ClassifierNotes {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(path, "JSON", messageOf(error));
  }
  const { format, note, base } = (found ?? {}) as { readonly [key in keyof ClassifierNotes]?: unknown };
  if (format !== CLASSIFIER_FORMAT) return fail(`${path}: format`, CLASSIFIER_FORMAT, format);
  return { ...parsedClassifier(path, found), format, note: String(note ?? ""), base: String(base ?? "") };
}
