import { removeFolder as remove } from "../../scripts/child.mjs";

/**
 * Takes a test's folder away, with what a process that is just ending still puts there. Where that fails the test file fails, but by
 * its status: uvu swallows the errors of all tests when a hook after them throws.
 */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await remove(folder);
  } catch (error) {
    console.error(`removeFolder: expected to remove ${folder}, got ${String(error)}; what still works there?`);
    process.on("exit", () => (process.exitCode = 1));
  }
}
