import { suite } from "uvu";
import * as assert from "uvu/assert";
import { browserTests, cellAt, outputOf, pixelsOf, promptOf, ran, runAll, screenshot, writeCells } from "./jupyter";

const test = suite("browser/jupyterlab");
const inBrowser = browserTests(test);

const figureImport = 'import { showFigure } from "./src/notebook/figure-display";';
const sleepLine = "const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));";

inBrowser("Run All draws a Plotly figure: the colour of its line is in the picture", async (lab) => {
  const trace = '{ y: [1, 3, 2], line: { color: "rgb(200,30,120)", width: 6 } }';
  const page = await lab.open(
    writeCells("figure", [
      `${figureImport}\nshowFigure({ data: [${trace}], layout: { title: { text: "A figure" }, height: 300 } })`,
      "1 + 1",
    ]),
  );
  await runAll(page);
  await ran(page, 1);
  await page.locator(".js-plotly-plot .gtitle").waitFor();
  const pixels = await pixelsOf(page, await screenshot(page, "figure"), [200, 30, 120]);
  assert.ok(pixels > 1000, `expected a thick line of this colour, got ${pixels} pixels`);
  assert.is(await promptOf(page, 0), "[1]:");
  assert.match(await outputOf(page, 1), /^(\[2\]:\s*)?2$/);
  await page.close();
});

inBrowser(
  "a figure and a progress bar change in place while the cell runs, and end in their last state",
  async (lab) => {
    const page = await lab.open(
      writeCells("live", [
        [
          figureImport,
          'import { showProgress } from "./src/notebook/progress";',
          sleepLine,
          'const figure = (step: number) => ({ data: [{ y: [0, step], line: { color: "rgb(20,120,60)", width: 6 } }], layout: { title: { text: `step ${step}` }, height: 300 } });',
          "const plot = showFigure(figure(0));",
          'const bar = showProgress("AdaZeta", 100);',
        ].join("\n"),
        [
          "for (let step = 1; step <= 100; step++) {",
          "  plot.update(figure(step));",
          "  bar.update({ step, steps: 100, forwardPasses: 8 * step, loss: 1 / step });",
          "  await sleep(60);",
          "}",
          "bar.finish();",
        ].join("\n"),
      ]),
    );
    await cellAt(page, 0).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    const title = page.locator(".js-plotly-plot .gtitle");
    await title.waitFor();
    const plotNode = await page.locator(".js-plotly-plot").elementHandle();
    await cellAt(page, 1).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    await cellAt(page, 1).locator(".jp-InputPrompt", { hasText: "[*]" }).waitFor();
    const seen = new Set<string>();
    while ((await promptOf(page, 1)) === "[*]:") {
      seen.add((await title.textContent()) ?? "");
      if (seen.size === 3) await screenshot(page, "live");
      await page.waitForTimeout(50);
    }
    await page.locator(".gtitle", { hasText: "step 100" }).waitFor();
    assert.ok(seen.size >= 3, `expected several states while it ran, got ${[...seen].join(", ")}`);
    assert.is(await page.locator(".js-plotly-plot").count(), 1);
    assert.ok(
      await plotNode?.evaluate((node) => (node as { isConnected?: boolean }).isConnected),
      "the same element was redrawn",
    );
    assert.match(await outputOf(page, 0), /AdaZeta: step 100\/100 · loss 0\.0100 · 800 forward passes .* done/);
    assert.is(await cellAt(page, 0).locator("progress").getAttribute("value"), "1.0000");
    const pixels = await pixelsOf(page, await screenshot(page, "live-end"), [20, 120, 60]);
    assert.ok(pixels > 1000, `expected a thick line of this colour, got ${pixels} pixels`);
    await page.close();
  },
);

inBrowser("an error is one red block, and Run All stops there", async (lab) => {
  const page = await lab.open(
    writeCells("error", [
      'import { positiveInteger } from "./src/check/check";',
      'positiveInteger("ranks[2]", 0);',
      'console.log("not reached");',
    ]),
  );
  await runAll(page);
  await ran(page, 1);
  const error = cellAt(page, 1).locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]');
  await error.waitFor();
  assert.is(await error.count(), 1);
  assert.match(await error.innerText(), /ranks\[2\]: expected a positive integer, got 0/);
  await page.waitForTimeout(300);
  assert.is(await promptOf(page, 2), "[]:");
  assert.is(await outputOf(page, 2), "");
  const red = await pixelsOf(page, await screenshot(page, "error"), [231, 92, 88]);
  assert.ok(red > 20, `expected red text, got ${red} pixels`);
  await page.close();
});

inBrowser("Stop ends a loop that watches the signal within three seconds, and the next cell runs", async (lab) => {
  const page = await lab.open(
    writeCells("stop", [
      `import { stopSignal } from "./src/notebook/stop-signal";\n${sleepLine}\nlet steps = 0;\nconst signal = stopSignal();\n` +
        "while (!signal.aborted) { if (++steps === 10) console.log(`running`); await sleep(20); }\nconsole.log(`kept`);",
      'console.log("next");',
    ]),
  );
  await cellAt(page, 0).locator(".cm-content").click();
  await page.keyboard.press("Shift+Enter");
  await cellAt(page, 0).locator(".jp-OutputArea-output", { hasText: "running" }).waitFor();
  await page
    .locator(
      '.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"], .jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"]',
    )
    .first()
    .click();
  await ran(page, 0, 3000);
  assert.match(await outputOf(page, 0), /running\s+kept/);
  await cellAt(page, 1).locator(".cm-content").click();
  await page.keyboard.press("Shift+Enter");
  await ran(page, 1);
  assert.is(await outputOf(page, 1), "next");
  await page.close();
});

inBrowser("three thousand lines of a loop all arrive", async (lab) => {
  const page = await lab.open(writeCells("lines", ["for (let i = 1; i <= 3000; i++) console.log(`line ${i}`);", "1"]));
  await runAll(page);
  await ran(page, 1);
  const lines = ((await cellAt(page, 0).locator(".jp-OutputArea-output").first().textContent()) ?? "")
    .trim()
    .split("\n");
  assert.is(lines.length, 3000);
  assert.is(lines.at(-1), "line 3000");
  await page.close();
});

inBrowser("markup in a label or a title is shown as text and runs nothing", async (lab) => {
  const markup = "<img src=x onerror=\\\"document.title='broken'\\\"><b>bold</b>";
  const page = await lab.open(
    writeCells("escape", [
      `import { showProgress } from "./src/notebook/progress";\nconst bar = showProgress("${markup}", 2);\nbar.finish("<i>end</i>");`,
      `${figureImport}\nshowFigure({ data: [], layout: { title: { text: "${markup}" }, height: 200 } })`,
      "1",
    ]),
  );
  await runAll(page);
  await ran(page, 2);
  await page.locator(".js-plotly-plot .gtitle").waitFor();
  assert.match(await outputOf(page, 0), /<img src=x onerror=.*<b>bold<\/b>: step 0\/2.*<i>end<\/i>/);
  assert.is(await page.locator(".jp-OutputArea img, .jp-OutputArea i").count(), 0);
  assert.not.match(await page.title(), /broken/);
  await screenshot(page, "escape");
  await page.close();
});

inBrowser(
  "the only kernel on offer is the project's, no news is asked for, and nothing leaves this machine",
  async (lab) => {
    const page = await lab.open(writeCells("quiet", ["1"]));
    assert.is(await page.locator(".jp-toast-message, .jp-Dialog").count(), 0);
    assert.equal(lab.outsideRequests, []);
    await page.close();
  },
);

test.run();
