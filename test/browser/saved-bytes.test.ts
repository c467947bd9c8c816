import { readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { executeNotebook } from "../../src/notebook/execute-notebook";
import { readNotebook, writeNotebook } from "../../src/notebook/notebook-file";
import { browserTests, cellAt, runAll, save } from "./jupyter";

const test = suite("browser/saved-bytes");
const inBrowser = browserTests(test);

const code = (id: string, ...lines: readonly string[]): object => ({
  cell_type: "code",
  id,
  metadata: {},
  outputs: [],
  execution_count: 7,
  source: lines.join("\n"),
});

inBrowser(
  "Run All and Save leave the bytes that the notebook has without JupyterLab, where the outputs are equal",
  async (lab) => {
    const file = "test/browser/screenshots/quiet.ipynb";
    const cells = [
      { cell_type: "markdown", id: "words", metadata: {}, source: "# Écrit 😀\n\n$$\\alpha$$" },
      code("printed", 'console.log("one\\ttwo");', 'console.log("😀 \\u2028 end");', 'console.error("beside");'),
      code("value", "({ zeta: 1, alpha: [1e-5, 2.5e-7, 1e21, -0.00012] })"),
      code("empty"),
      code(
        "shown",
        'import { linesFigure, showFigure, showTable, showText, tableOf } from "./src/index";',
        'showTable(tableOf([{ zeta: 1e-5, alpha: "a\\u000bb" }]), { caption: "measured here" });',
        'showText("words", "- one");',
        'showFigure(linesFigure([{ name: "b", points: [{ x: 1e-5, y: 1e-7 }, { x: 2, y: 0.1 + 0.2 }] }], { x: "step", y: "loss", title: "t" }));',
      ),
      code(
        "live",
        'import { showProgress } from "./src/notebook/progress";',
        'import { showLiveFigure } from "./src/notebook/widgets/figure-view";',
        'const bar = showProgress("bar", 2, () => 0);',
        "bar.update({ step: 1, steps: 2, forwardPasses: 3, loss: 1e-5 });",
        "bar.finish();",
        'const plot = showLiveFigure({ data: [{ y: [1e-6, 2] }], layout: { title: { text: "live" } } });',
        'plot.update({ data: [{ y: [2, 1e-6] }], layout: { title: { text: "live" } } });',
        "plot.finish();",
      ),
      code("last", 'console.log("last")'),
    ];
    writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
    const { notebook, error } = await executeNotebook(readNotebook(file));
    assert.is(error, undefined);
    writeNotebook(file, notebook);
    const before = readFileSync(file, "utf8");
    assert.match(before, "1e-05");

    const page = await lab.open(file);
    for (let times = 1; times <= 2; times++) {
      await runAll(page);
      // Five cells have code; the counts that JupyterLab shows are no part of the file.
      const count = new RegExp(`\\[${5 * times}\\]`);
      await cellAt(page, 5).locator(".jp-InputPrompt", { hasText: count }).waitFor({ timeout: 60_000 });
      await page.waitForTimeout(1500); // the last outputs are on the page a moment after the count
      const after = await save(page, file);
      const lines = [before.split("\n"), after.split("\n")] as const;
      const different = lines[0].flatMap((line, at) => (line === lines[1][at] ? [] : [`${line} | ${lines[1][at]}`]));
      assert.equal(different.slice(0, 5), [], `saved ${times} times`);
      assert.is(after, before);
    }
    await page.close();
  },
);

test.run();
