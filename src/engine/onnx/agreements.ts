import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AdapterSpec } from "../../adapter/adapter";
import { writeWhole } from "../../disk/whole-file";
import type { Agreement } from "../agreement";
import { precisionName } from "./precision";
import type { Precision } from "./precision";
import { WEIGHT_FORMAT } from "./weight-file";

/** Figures of one model, kind of adapter and precision, by estimator. */
export type Agreements = Readonly<Record<string, Agreement>>;

/** Where they are kept: beside the model's weights in the engine's form, and of that form alone. */
function pathOf(directory: string, modelId: string, adapter: AdapterSpec["kind"], precision: Precision): string {
  const hash = createHash("sha256")
    .update(`${WEIGHT_FORMAT} ${modelId} ${adapter} ${precisionName(precision)}`)
    .digest("hex");
  return join(directory, `${hash.slice(0, 24)}.precision.json`);
}

/** Gives the figures measured so far; none where the file is missing or damaged. */
export function readAgreements(...of: Parameters<typeof pathOf>): Agreements {
  try {
    const found: unknown = JSON.parse(readFileSync(pathOf(...of), "utf8"));
    return typeof found === "object" && found !== null ? (found as Agreements) : {};
  } catch {
    return {};
  }
}

/** Adds figures; those of the same estimator are replaced. */
export function keepAgreements(figures: Agreements, ...of: Parameters<typeof pathOf>): void {
  writeWhole(pathOf(...of), JSON.stringify({ ...readAgreements(...of), ...figures }));
}
