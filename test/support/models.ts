import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  locateModel,
  MODEL_PACKAGES,
  sitePackages,
  type ModelFiles,
  type ModelName,
} from "../../src/weights/locate-model";

/** Where tests look for the real models: ADAZETA_MODEL_DIR, then the project's own Python environment. */
export function modelRoots(): readonly string[] {
  const given = process.env["ADAZETA_MODEL_DIR"];
  return [...(given ? [given] : []), ...sitePackages(".venv")];
}

/** A real model's files, or null where they are not installed. */
export function findModel(name: ModelName): ModelFiles | null {
  try {
    return locateModel(name, modelRoots());
  } catch {
    return null;
  }
}

/** The reason of a skip for want of that model. */
export function missingModel(name: ModelName): string {
  return `${MODEL_PACKAGES[name]} is not installed (npm start, or ADAZETA_MODEL_DIR)`;
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
