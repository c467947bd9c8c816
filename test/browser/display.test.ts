import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { figureBundle } from "../../src/notebook/figure-display";
import {
  browserTests,
  cellAt,
  outputOf,
  pixelsOf,
  ran,
  runAll,
  save,
  screenshot,
  writeCells,
  writeNotebook,
} from "./jupyter";

const test = suite("browser/display");
const inBrowser = browserTests(test);

/** Whether the markup of a test ran in the page, or stands in it as an element. */
async function nothingRan(page: Page): Promise<void> {
  assert.is(await page.evaluate("window.__hit"), undefined, "nothing ran");
  assert.is(await page.locator('img[src="x"]').count(), 0, "no element was made");
}

/** A name that a file may have, a sentence of a data set, and markup that would run if it were read as such. */
const bad = "<img src=x onerror=window.__hit=1>";

inBrowser(
  "a data set whose sentences and folder are markup is shown letter by letter, and runs nothing",
  async (lab) => {
    const folder = `test/browser/screenshots/${bad}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(`${folder}/TREC`, { recursive: true });
    const questions = readFileSync("data/samples/questions.tsv", "utf8").trim().split("\n").slice(1);
    const lines = questions.map((line) => `${line.replace("\t", " ")} ${bad}\n`);
    const part = (test: boolean): string => lines.filter((_, i) => (i % 4 === 0) === test).join("");
    writeFileSync(`${folder}/TREC/TREC.train.all`, part(false));
    writeFileSync(`${folder}/TREC/TREC.test.all`, part(true));
    const file = writeCells("markup", [
      [
        'import { loadTask } from "./src/task/load-task";',
        'import { tinyProblem } from "./test/support/tiny-problem";',
        'import { showProblem, showTable, showText, tableOf } from "./src/index";',
        'import { escapeMarkdown } from "./src/parts";',
        `const bad = ${JSON.stringify(bad)};`,
        `const texts = await loadTask("trec", { dataDirectory: ${JSON.stringify(folder)} });`,
        'const problem = await tinyProblem("bert", { train: 6, dev: 6, test: 6 }, texts);',
        // Of a folder without this task the notice tells the name; a caption may name anything.
        `const { notices } = await loadTask("sst2", { dataDirectory: ${JSON.stringify(folder)}, hub: "off" });`,
        "showProblem({ ...problem, notices, origin: { ...problem.origin, description: bad } });",
        "const sentences = (texts.splits.train ?? []).slice(0, 3).map(({ fields }) => ({ sentence: Object.values(fields)[0], [bad]: bad }));",
        "showTable(tableOf(sentences), { caption: bad });",
        "showText(bad, `- ${escapeMarkdown(bad)}`, `- \\`${bad}\\``);",
        "console.log(bad); console.error(bad);",
        "bad",
      ].join("\n"),
      [
        'import { linesFigure, showFigure } from "./src/index";',
        "const points = [{ x: 1, y: 1 }, { x: 2, y: 10 }];",
        "showFigure(linesFigure([{ name: bad, points }, { name: `${bad} again`, points }], { x: bad, y: bad, title: bad }));",
      ].join("\n"),
      [
        'import { button, checkbox, dropdown, floatSlider, label, textInput } from "./src/notebook/widgets/controls";',
        'import { show, vbox } from "./src/notebook/widgets/view";',
        'import { showProgress } from "./src/notebook/progress";',
        'import { showLiveFigure } from "./src/notebook/widgets/figure-view";',
        "const bar = showProgress(bad, 2);",
        "bar.finish(bad);",
        "showLiveFigure({ data: [{ y: [1, 2], name: bad }, { y: [2, 1], name: bad }], layout: { title: { text: bad }, height: 300 } });",
        "show(vbox([label(bad), floatSlider(bad, { value: 0.3, min: 0, max: 1 }), dropdown(bad, [bad]), textInput(bad, bad), checkbox(bad), button(bad)]));",
      ].join("\n"),
      "throw new Error(bad);",
    ]);
    const page = await lab.open(file);
    await page.setViewportSize({ width: 1300, height: 3000 });
    await runAll(page);
    await ran(page, 3, 120_000);
    const count = (text: string): number => text.split(bad).length - 1;
    // The notice and the console's three; caption, heading and three sentences with a cell beside each; paragraph, item and code.
    const first = await outputOf(page, 0);
    assert.ok(count(first) >= 15, `expected the markup at least 15 times, got ${count(first)} in ${first}`);
    await cellAt(page, 1).locator(".js-plotly-plot .gtitle").waitFor();
    const letters = await cellAt(page, 1).locator(".js-plotly-plot").textContent();
    assert.ok(count(letters ?? "") >= 5, `title, axes and names of the figure, got ${letters}`);
    const controls = await outputOf(page, 2);
    assert.ok(count(controls) >= 5, `label, bar and descriptions, got ${controls}`);
    assert.ok(count(await outputOf(page, 3)) >= 1, "the error names it");
    await screenshot(page, "markup");
    await nothingRan(page);
    await save(page, file);
    await page.close();

    const later = await lab.open(file);
    await later.setViewportSize({ width: 1300, height: 3000 });
    await cellAt(later, 1).locator(".js-plotly-plot .gtitle").waitFor();
    await nothingRan(later);
    await later.close();
    rmSync(folder, { recursive: true, force: true });
  },
);

inBrowser("a notebook that is not trusted shows its saved figures, and none of its saved scripts runs", async (lab) => {
  const figure = {
    data: [{ y: [0, 1], line: { color: "rgb(20,60,160)", width: 6 } }],
    layout: { title: { text: "saved elsewhere" }, height: 300 },
  };
  const output = (data: object): object => ({ output_type: "display_data", data, metadata: {} });
  const file = writeNotebook("untrusted", [
    { source: "figure", outputs: [output(figureBundle(figure))] },
    { source: "script", outputs: [output({ "text/html": `<p>words</p>${bad}<script>window.__hit = 2</script>` })] },
  ]);
  const page = await lab.open(file);
  await page.locator(".js-plotly-plot .gtitle", { hasText: "saved elsewhere" }).waitFor();
  const pixels = await pixelsOf(page, await screenshot(page, "untrusted"), [20, 60, 160]);
  assert.ok(pixels > 1000, `expected the figure's line, got ${pixels} pixels`);
  assert.match(await outputOf(page, 1), "words");
  assert.is(await page.evaluate("window.__hit"), undefined, "the page does not trust it");
  await page.close();
});

test.run();
