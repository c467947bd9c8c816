import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of real task data: ADAZETA_DATA_DIR, else ../shared/datasets; null where there is none. */
export function findData(): string | null {
  const given = process.env["ADAZETA_DATA_DIR"] ?? join("..", "shared", "datasets");
  return existsSync(given) ? given : null;
}

/** The reason of a skip for want of it. */
export const missingData = "no real task data (set ADAZETA_DATA_DIR to a folder with TREC and SST-2)";
