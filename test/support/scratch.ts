import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeFolder } from "./remove-folder";

/** A folder for one test file's temporary files. */
export interface Scratch {
  /** The path of a file in it, written when content is given. */
  file(name: string, content?: Uint8Array | string): string;
  remove(): Promise<void>;
}

export function scratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "adazeta-"));
  return {
    file(name, content) {
      const path = join(folder, name);
      if (content !== undefined) writeFileSync(path, content);
      return path;
    },
    remove: () => removeFolder(folder),
  };
}
