import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeAdapter } from "../adapter/make-adapter";
import { fail, unreachable } from "../check/check";
import { messageOf } from "../check/error-words";
import { writeWhole } from "../disk/whole-file";
import { loadModel } from "../engine/load-model";
import type { LoadedModel } from "../engine/load-model";
import { loadAdapter } from "../weights/adapter-file";
import type { SavedAdapter } from "../weights/adapter-file";
import { ggufPartsOf } from "../weights/gguf";
import type { ModelFiles } from "../weights/locate-model";
import { loadGgufLora } from "../weights/read-gguf-lora";
import { isPeftFolder, loadPeft, VERIFICATION } from "../weights/peft-folder";
import { safetensorsParts } from "../weights/safetensors";
import { isFolder } from "../weights/safetensors-index";
import { checkValues } from "./check-values";
import type { CheckValues } from "./check-values";
import { openExported } from "./exported-classifier";
import { fileDigest } from "./file-digest";
import type { FileDigest } from "./file-digest";

const FORMAT = "adazeta-verify-1";
/** What two machines' fp32 may differ by, in nats or in units of a feature. */
const TOLERANCE = 1e-3;

/** What was written: `verify` opens each kind in its own way. */
const WRITTEN = ["model", "adapter", "classifier"] as const;
type Written = (typeof WRITTEN)[number];

/** What a program that opens written weights should compute: what `verify.json` holds. */
export interface Verification extends CheckValues {
  readonly format: typeof FORMAT;
  /** Whether the weights are a model of their own, need their base, or are a classifier's graph. */
  readonly written: Written;
  /** The weight files of the base that was tuned. */
  readonly base: readonly FileDigest[];
  /** The largest difference of a value that fp32 explains. */
  readonly tolerance: number;
}

/** How a check went. */
export interface Verified {
  readonly ok: boolean;
  /** One line for people. */
  readonly message: string;
  /** The largest difference of a value; null where nothing was computed. */
  readonly difference: number | null;
}

/** Gives the place of what belongs to written weights: in their folder, or beside their file. @example verificationPath("mine.gguf") // "mine.gguf.verify.json" */
export function verificationPath(written: string): string {
  return isFolder(written) ? join(written, VERIFICATION) : `${written}.verify.json`;
}

/**
 * Gives the text of a `verify.json`: what programs should compute with written weights (texts, token ids, log-probabilities; of an encoder, features),
 * and which base was tuned.
 * For example `await verification(loaded, adapter, loaded)`, to be saved with the adapter.
 * @param loaded the model that gives the values: of an adapter its base, else what was written, opened again
 * @param base the model that was tuned
 * @throws when the base lies in no files
 */
export async function verification(
  loaded: LoadedModel,
  adapter: Pick<SavedAdapter, "spec" | "point"> | null,
  base: LoadedModel,
): Promise<string> {
  const { spec, point } = adapter ?? { spec: { kind: "none" } as const, point: new Float32Array(0) };
  digestsOf(base); // refuses a base without files before anything is computed
  const values = await checkValues(loaded, makeAdapter(spec, loaded.model), point);
  return verificationContent(adapter === null ? "model" : "adapter", values, base);
}

/**
 * Writes the `verification` of written weights where it belongs.
 * @param written the folder or file that it belongs to
 * @returns its path
 * @throws as `verification`, or when the disk does not take it
 */
export async function writeVerification(written: string, ...what: Parameters<typeof verification>): Promise<string> {
  const path = verificationPath(written);
  writeWhole(path, await verification(...what));
  return path;
}

/** Gives what `verify.json` says of these values and the model that was tuned. @throws when the model lies in no files */
export function verificationContent(written: Written, values: CheckValues, base: LoadedModel): string {
  const content: Verification = { format: FORMAT, written, base: digestsOf(base), tolerance: TOLERANCE, ...values };
  return `${JSON.stringify(content)}\n`;
}

/**
 * Checks written weights against their `verify.json`: the base's bits, the token ids, and every value.
 * For example `(await verify("data/runs/mine", null)).message`.
 * @param written the folder or file
 * @param base of an adapter: the model that it was tuned on; of anything else, where it is given, the model that it says it was tuned on
 * @throws when there is no such file, it is damaged, or an adapter comes without its base
 */
export async function verify(written: string, base: LoadedModel | null): Promise<Verified> {
  const beside = verificationPath(written);
  if (!existsSync(written) && !existsSync(beside))
    return fail(written, "a folder or a file that was written before", "nothing of that name");
  const known = readVerification(beside);
  if (base !== null) {
    const differ = otherBits(known.base, digestsOf(base));
    if (differ !== null) return { ok: false, difference: null, message: `${written}: this is another base: ${differ}` };
  }
  switch (known.written) {
    case "model":
      return judged(known, await valuesOf(known, loadModel(written, []), null));
    case "classifier":
      return judged(known, await classValuesOf(known, written));
    case "adapter":
      if (base === null)
        return fail(
          "base",
          `the model that ${written} was tuned on (${namesOf(known.base)}): --base NAME or PATH`,
          "none",
        );
      return judged(known, await valuesOf(known, base, savedAt(written, base)));
    default:
      return unreachable(known.written);
  }
}

type Found = CheckValues["texts"];

async function valuesOf({ texts }: Verification, loaded: LoadedModel, adapter: SavedAdapter | null): Promise<Found> {
  const spec = adapter?.spec ?? { kind: "none" as const };
  const asked = texts.map(({ text }) => text);
  const point = adapter?.point ?? new Float32Array(0);
  return (await checkValues(loaded, makeAdapter(spec, loaded.model), point, asked)).texts;
}

async function classValuesOf({ texts }: Verification, folder: string): Promise<Found> {
  const classifier = await openExported(folder);
  try {
    const found: Found[number][] = [];
    for (const { text, fields } of texts) {
      const asked = classifier.ask(fields ?? fail(`${verificationPath(folder)}: texts`, "fields", text));
      const [values = []] = await classifier.logProbabilities([asked]);
      found.push({ text, ids: asked.ids, values });
    }
    return found;
  } finally {
    await classifier.dispose();
  }
}

function judged(known: Verification, found: Found): Verified {
  let difference = 0;
  for (const [b, { ids, values, text }] of known.texts.entries()) {
    const now = found[b]!;
    if (now.ids.join() !== ids.join())
      return { ok: false, difference: null, message: `the tokenizer is another one: "${text}" has other token ids` };
    if (now.values.length !== values.length)
      return {
        ok: false,
        difference: null,
        message: `the model is another one: "${text}" has another number of values`,
      };
    values.forEach((value, k) => (difference = Math.max(difference, Math.abs(value - now.values[k]!))));
  }
  // NaN is not below anything.
  const ok = difference <= known.tolerance;
  const what = `${known.measured} of ${known.texts.length} texts differ by at most ${difference.toExponential(1)}`;
  return { ok, difference, message: `${ok ? "the same" : "not the same"}: ${what} (allowed: ${known.tolerance})` };
}

function savedAt(written: string, { model }: LoadedModel): SavedAdapter {
  if (isFolder(written) && isPeftFolder(written)) return loadPeft(written, model);
  if (written.toLowerCase().endsWith(".gguf")) return loadGgufLora(written, model);
  return loadAdapter(written, { modelId: model.id });
}

/** How the base's files differ from those that were tuned; null where they do not. A file's name does not matter. */
function otherBits(tuned: readonly FileDigest[], here: readonly FileDigest[]): string | null {
  const digests = (files: readonly FileDigest[]): string => files.map(({ sha256 }) => sha256).sort().join(); // prettier-ignore
  if (digests(tuned) === digests(here)) return null;
  return `tuned was ${described(tuned)}, here is ${described(here)}`;
}

const namesOf = (files: readonly FileDigest[]): string => files.map(({ name }) => name).join(", ");
const described = (files: readonly FileDigest[]): string =>
  files.map(({ name, bytes, sha256 }) => `${name} (${bytes} bytes, SHA-256 ${sha256.slice(0, 12)}...)`).join(", ");

function digestsOf({ files, name }: LoadedModel): readonly FileDigest[] {
  return weightFilesOf(files ?? fail("model", "one that was opened from files", name)).map(fileDigest);
}

/** Gives the files that a model's weights lie in. For example `weightFilesOf(smollm2.files)`: one GGUF file. */
export function weightFilesOf({ kind, weights }: ModelFiles): readonly string[] {
  return (kind === "gguf" ? ggufPartsOf(weights) : safetensorsParts(weights)).map(({ file }) => file.path);
}

function readVerification(path: string): Verification {
  if (!existsSync(path)) return fail(path, "the file that was written with the weights", "none");
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(path, "JSON", messageOf(error));
  }
  if (!isVerification(found)) return fail(path, `a file of the form ${FORMAT}`, "another content");
  return found;
}

function isVerification(found: unknown): found is Verification {
  if (typeof found !== "object" || found === null) return false;
  const { format, written, base, tolerance, texts } = found as Partial<Record<keyof Verification, unknown>>;
  const numbers = (list: unknown): boolean => Array.isArray(list) && list.every(Number.isFinite);
  return (
    format === FORMAT &&
    WRITTEN.some((one) => one === written) &&
    typeof tolerance === "number" &&
    Array.isArray(base) &&
    base.every(
      (file: Partial<FileDigest> | null) => typeof file?.sha256 === "string" && typeof file.name === "string",
    ) &&
    Array.isArray(texts) &&
    texts.length > 0 &&
    texts.every(
      (row: { text?: unknown; ids?: unknown; values?: unknown; fields?: unknown } | null) =>
        typeof row?.text === "string" &&
        numbers(row.ids) &&
        numbers(row.values) &&
        (row.fields === undefined || isFields(row.fields)),
    )
  );
}

function isFields(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}
