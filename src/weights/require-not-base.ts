import { realpathSync, existsSync } from "node:fs";
import { fail } from "../check/check";
import { ggufPartsOf } from "./gguf";
import type { ModelFiles } from "./locate-model";

/**
 * Checks that what is to be written does not take the place of the model that was tuned: an adapter would have nothing to go back to.
 * For example `requireNotBase("data/runs/mine.gguf", smollm2.files)`.
 * @throws when the path is the base's file or folder, by whatever name
 */
export function requireNotBase(path: string, { kind, weights, ...rest }: ModelFiles): void {
  const own = kind === "gguf" ? ggufPartsOf(weights).map(({ file }) => file.path) : ["folder" in rest ? rest.folder : weights]; // prettier-ignore
  if (existsSync(path) && own.some((place) => realpathSync(place) === realpathSync(path)))
    fail("path", "another name than the base's own", path);
}
