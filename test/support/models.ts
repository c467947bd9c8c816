import { existsSync } from "node:fs";
import { join } from "node:path";
import { knownModel } from "../../src/model/registry";
import { locateModel, sitePackages, type ModelFiles } from "../../src/weights/locate-model";
import { sourceName } from "../../src/weights/model-rows";

/** The models that packages bring. */
export type PackagedModel = "minilm" | "smollm2";

/** Where tests look for the real models: ADAZETA_MODEL_DIR, then the project's own Python environment. */
export function modelRoots(): readonly string[] {
  const given = process.env["ADAZETA_MODEL_DIR"];
  return [...(given ? [given] : []), ...sitePackages(".venv")];
}

/** A real model's files, or null where they are not installed. */
export function findModel(name: PackagedModel): ModelFiles | null {
  return filesUnder(name, modelRoots());
}

/** The first of the folders that has a real model; undefined where none has. */
export function rootOf(name: PackagedModel): string | undefined {
  return modelRoots().find((root) => filesUnder(name, [root]) !== null);
}

function filesUnder(name: PackagedModel, roots: readonly string[]): ModelFiles | null {
  const located = locateModel(name, roots);
  return located.kind === "here" ? located.files : null;
}

/** The reason of a skip for want of that model. */
export function missingModel(name: PackagedModel): string {
  return `${sourceName(knownModel(name))} is not installed (npm start, or ADAZETA_MODEL_DIR)`;
}

/** The folder of model and tokenizer files that are not in packages: ADAZETA_MODEL_DIR, else ../shared/models; null where there is none. */
export function modelFolder(): string | null {
  const given = process.env["ADAZETA_MODEL_DIR"] ?? join("..", "shared", "models");
  return existsSync(given) ? given : null;
}

/** The reason of a skip for want of a file in it. */
export function missingModelFolder(file: string): string {
  return `no ${file} (set ADAZETA_MODEL_DIR to a folder that has it)`;
}
