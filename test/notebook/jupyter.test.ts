import { readFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readNotebook, type NotebookFile } from "../../src/notebook/notebook-file";
import { hasJupyter, hasModule, noJupyter, python, runPython } from "../support/jupyter";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

const test = suite("notebook/jupyter");
const files = scratch();
test.after(() => files.remove());
const withJupyter = skipUnless(hasJupyter, noJupyter);
/** papermill is no part of the environment; a path in ADAZETA_PAPERMILL_PYTHON names a Python that has it. */
const papermill = process.env["ADAZETA_PAPERMILL_PYTHON"] ?? python;
const withPapermill = skipUnless(hasModule("papermill", papermill), "papermill is not installed");
const notebook = "test/notebook/smoke.ipynb";

/** The printed text of a notebook's last code cell. */
const lastText = ({ cells }: NotebookFile): string =>
  JSON.stringify(cells.filter((cell) => cell.cell_type === "code").at(-1)?.outputs);

withJupyter(test, "the kernel passes jupyter_kernel_test with samples of all that it supports", () => {
  const { status, text } = runPython(["test/notebook/conformance.py"]);
  assert.is(status, 0, text);
  assert.match(text, /Ran \d+ tests/);
  assert.not.match(text, /(history|completion|inspect|is_complete).*skipped/i);
});

withJupyter(test, "nbconvert executes a notebook, and shows the first error and fails", () => {
  const folder = path.dirname(files.file("executed.ipynb"));
  const to = ["--to", "notebook", "--execute", "--output-dir", folder, "--output"];
  const { status, text } = runPython(["-m", "nbconvert", notebook, ...to, "executed.ipynb"]);
  assert.is(status, 0, text);
  assert.match(lastText(readNotebook(files.file("executed.ipynb"))), /steps: \d+/);

  const broken = JSON.parse(readFileSync(notebook, "utf8")) as { cells: { cell_type: string; source: unknown }[] };
  broken.cells.find((cell) => cell.cell_type === "code")!.source = 'throw new Error("the reason");';
  files.file("broken.ipynb", JSON.stringify(broken));
  const failed = runPython(["-m", "nbconvert", files.file("broken.ipynb"), ...to, "failed.ipynb"]);
  assert.is.not(failed.status, 0);
  assert.match(failed.text, /the reason/);
});

withPapermill(test, "papermill executes the same notebook", () => {
  const out = files.file("papermill.ipynb");
  const { status, text } = runPython(["-m", "papermill", notebook, out, "--no-progress-bar"], papermill);
  assert.is(status, 0, text);
  assert.match(lastText(readNotebook(out)), /steps: \d+/);
});

test.run();
