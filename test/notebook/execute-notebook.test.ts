import { suite } from "uvu";
import * as assert from "uvu/assert";
import { executeNotebook } from "../../src/notebook/execute-notebook";
import type { NotebookFile } from "../../src/notebook/notebook-file";
import { scratch } from "../support/scratch";

const test = suite("notebook/execute-notebook");
const folder = scratch();
test.after(() => folder.remove());

const notebook: NotebookFile = {
  cells: [
    { cell_type: "markdown", source: "text", metadata: {} },
    { cell_type: "code", source: "", metadata: {} },
    { cell_type: "code", source: "1 + 1", metadata: {} },
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
};

/** What a notebook shows whose kernel does this before anything else. */
async function startedWith(script: string, startMs?: number): Promise<readonly [string, string]> {
  const file = folder.file("first.cjs", script);
  const env = { NODE_OPTIONS: `--require ${file}` };
  const { notebook: shown, error } = await executeNotebook(
    notebook,
    startMs === undefined ? { env } : { env, startMs },
  );
  assert.is(error?.cell, 2);
  assert.equal(shown.cells[1]?.outputs, []);
  const output = shown.cells[2]?.outputs?.[0];
  assert.is(output?.output_type, "error");
  return [String(output?.["evalue"]), String(error?.message)];
}

test("a kernel that ends before it answers is an error of the first cell that has code", async () => {
  const [shown, said] = await startedWith('console.error("no luck"); process.exit(7);');
  assert.is(shown, "the kernel did not start: kernel: it ended (exit code 7). no luck");
  assert.is(said, shown);
});

test("so is one that never answers", async () => {
  const [shown] = await startedWith("while (true);", 1500);
  assert.is(shown, "the kernel did not start: kernel: it did not answer within 1.5 s.");
});

test("a notebook without code needs no kernel", async () => {
  const { notebook: shown, error } = await executeNotebook({ ...notebook, cells: notebook.cells.slice(0, 2) });
  assert.is(error, undefined);
  assert.equal(shown.cells[1]?.outputs, []);
});

test.run();
