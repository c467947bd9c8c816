import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readNotebook, sourceOf } from "../../src/notebook/notebook-file";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";
import { until } from "../support/until";
import {
  cellAt,
  outputOf,
  pixelsOf,
  promptOf,
  stepOf,
  ran,
  runAll,
  screenshot,
  startJupyterLab,
  whyNot,
  writeCells,
} from "./jupyter";

const test = suite("browser/quickstart");
const reason = whyNot() ?? (findModel("minilm") === null ? missingModel("minilm") : undefined);
const inBrowser = skipUnless(reason === undefined, reason ?? "");

/** The whole quick start at its own budget, three real runs: slow on a busy machine. */
const LIMIT_MS = 12 * 60_000;
/** The code cells that are looked at, found by what stands in them: their places change as the notebook grows. */
const code = readNotebook("notebooks/00-quickstart.ipynb")
  .cells.filter((cell) => cell.cell_type === "code")
  .map(sourceOf);
const cellWith = (text: string): number => code.findIndex((source) => source.includes(text));
const RUNS = cellWith("runLive(");
const ANSWER = cellWith("classifier.predict(");
const LAST = code.length - 1;

inBrowser(
  test,
  "the quick start runs from top to bottom in JupyterLab, trains, draws its figures and answers",
  async () => {
    mkdirSync("test/browser/screenshots", { recursive: true });
    const copy = "test/browser/screenshots/quickstart.ipynb";
    copyFileSync("notebooks/00-quickstart.ipynb", copy);
    process.env["ADAZETA_SET"] = JSON.stringify({ recompute: true });
    const lab = await startJupyterLab();
    try {
      const page = await lab.open(copy);
      // High enough for JupyterLab to keep every cell in the page.
      await page.setViewportSize({ width: 1300, height: 7600 });
      await runAll(page);
      await ran(page, RUNS, LIMIT_MS);
      await ran(page, LAST, 60_000);
      const runs = await outputOf(page, RUNS);
      assert.match(runs, /AdaZeta: step 240\/240 .* finished after step 240 \(1824 forward passes\)/);
      assert.match(runs, /MeZO-LoRA, smaller rate: .* 1824 forward passes/);
      assert.match(await outputOf(page, ANSWER), /(Number|Location)\s+\d+\.\d %/);
      assert.match(await outputOf(page, LAST), /AdaZeta: dev loss \d\.\d+ -> \d\.\d+, not diverged/);
      assert.is(await promptOf(page, LAST), `[${LAST + 1}]:`);
      const picture = await cellAt(page, RUNS).screenshot();
      // AdaZeta's blue and MeZO-LoRA's vermillion, as lines in the picture and not only in the page's structure.
      assert.ok((await pixelsOf(page, picture, [0, 114, 178])) > 100, "blue pixels");
      assert.ok((await pixelsOf(page, picture, [213, 94, 0])) > 100, "vermillion pixels");
      await screenshot(page, "quickstart");
      assert.equal(lab.pageErrors, []);
      assert.equal(lab.outsideRequests, []);
    } finally {
      delete process.env["ADAZETA_SET"];
      await lab.close();
    }
  },
);

const opening = `import { openModel, openProblem, openTask, runLive } from "./src/index";
import { arm, studies, studySettings } from "./src/study";
const texts = { ...studies["minilm-trec"].problem, train: 32, dev: 20, test: 20, seed: 5 };
const problem = await openProblem(await openModel("minilm"), await openTask("trec", { hub: "off" }), texts);`;
const running = `const study = studySettings("minilm-trec", 1e-3, { steps: 4000, cap: 1 });
const [run] = await runLive(problem, [arm("MeZO-LoRA", study)], { seed: 5, store: "test/browser/screenshots/runs" });
console.log("steps", run.result.end.step, run.result.end.reason);`;

inBrowser(test, "Stop ends a run within seconds and keeps it; running the cell again continues it", async () => {
  rmSync("test/browser/screenshots/runs", { recursive: true, force: true });
  const lab = await startJupyterLab();
  const stop = async (page: Page): Promise<number> => {
    await page
      .locator(
        '.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"], .jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"]',
      )
      .first()
      .click();
    await ran(page, 1, 20_000);
    const text = await outputOf(page, 1);
    assert.match(text, /interrupted at step \d+ of MeZO-LoRA; the record is kept, run the cell again to continue/);
    return Number(/steps (\d+) stopped/.exec(text)?.[1]);
  };
  try {
    const page = await lab.open(writeCells("stop-and-go", [opening, running]));
    await runAll(page);
    await ran(page, 0, 120_000);
    await cellAt(page, 1).locator("progress").waitFor({ timeout: 120_000 });
    await until("it makes steps", async () => (await stepOf(page, 1, "MeZO-LoRA", 4000)) > 0);
    const first = await stop(page);
    assert.ok(first > 0 && first < 4000, `stopped at step ${first}`);
    await cellAt(page, 1).locator(".jp-InputArea-editor").click();
    await page.keyboard.press("Control+Enter");
    await until("it goes on", async () => (await stepOf(page, 1, "MeZO-LoRA", 4000)) > first);
    const second = await stop(page);
    assert.ok(second > first, `expected to go on from step ${first}, got to ${second}`);
    await screenshot(page, "stop-and-go");
    assert.equal(lab.pageErrors, []);
  } finally {
    await lab.close();
  }
});

test.run();
