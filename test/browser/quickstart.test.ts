import { copyFileSync, mkdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";
import { cellAt, outputOf, pixelsOf, promptOf, ran, runAll, screenshot, startJupyterLab, whyNot } from "./jupyter";

const test = suite("browser/quickstart");
const reason = whyNot() ?? (findModel("minilm") === null ? missingModel("minilm") : undefined);
const inBrowser = skipUnless(reason === undefined, reason ?? "");

/** The whole quick start at its own budget, three real runs: slow on a busy machine. */
const LIMIT_MS = 12 * 60_000;
const RUNS = 3;
const ANSWER = 7;
const LAST = 9;

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

test.run();
