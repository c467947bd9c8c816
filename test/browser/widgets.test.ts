import { suite } from "uvu";
import * as assert from "uvu/assert";
import { askForRestart, browserTests, cellAt, outputOf, pixelsOf, ran, save, screenshot, writeCells } from "./jupyter";

const test = suite("browser/widgets");
const inBrowser = browserTests(test);

inBrowser("a slider moved in the page changes its value in the kernel, and a figure beside it follows", async (lab) => {
  const page = await lab.open(
    writeCells("slider", [
      [
        'import { figureView } from "./src/notebook/widgets/figure-view";',
        'import { floatSlider } from "./src/notebook/widgets/controls";',
        'import { show, vbox } from "./src/notebook/widgets/view";',
        'const rate = floatSlider("rate", { value: 0.3, min: 0, max: 1 });',
        'const figure = (y: number) => ({ data: [{ y: [0, y], line: { color: "rgb(20,120,60)", width: 6 } }], layout: { title: { text: `rate ${y}` }, height: 300 } });',
        "const view = figureView(figure(rate.value));",
        "rate.subscribe((value) => view.update(figure(value)));",
        "show(vbox([rate, view]))",
      ].join("\n"),
      "console.log(rate.value);",
    ]),
  );
  await cellAt(page, 0).locator(".cm-content").click();
  await page.keyboard.press("Shift+Enter");
  await ran(page, 0);
  await page.locator(".js-plotly-plot .gtitle", { hasText: "rate 0.3" }).waitFor();
  await page.locator(".widget-slider .noUi-handle").focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  await page.locator(".js-plotly-plot .gtitle", { hasText: "rate 0.35" }).waitFor();
  const pixels = await pixelsOf(page, await screenshot(page, "slider"), [20, 120, 60]);
  assert.ok(pixels > 1000, `expected a thick line of this colour, got ${pixels} pixels`);
  await cellAt(page, 1).locator(".cm-content").click();
  await page.keyboard.press("Shift+Enter");
  await ran(page, 1);
  assert.is(await outputOf(page, 1), "0.35");

  // A page that is loaded again shows the same controls with their values now, in both directions.
  await page.keyboard.press("Control+s");
  await page
    .locator(".jp-DirListing-item .jp-DirListing-itemModified", { hasText: /now|second|ago/ })
    .first()
    .waitFor();
  await page.reload();
  await page.locator(".js-plotly-plot .gtitle", { hasText: "rate 0.35" }).waitFor({ timeout: 60_000 });
  await page.locator(".widget-slider .noUi-handle").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator(".js-plotly-plot .gtitle", { hasText: "rate 0.36" }).waitFor();
  await screenshot(page, "slider-reloaded");
  await page.close();
});

inBrowser(
  "a long description is cut off, is there in full as a tooltip, and leaves the slider its room",
  async (lab) => {
    const long = "perturbation scale of the two-sided estimator, as a share of the start";
    const page = await lab.open(
      writeCells("long", [
        [
          'import { dropdown, floatSlider, textInput } from "./src/notebook/widgets/controls";',
          'import { show, vbox } from "./src/notebook/widgets/view";',
          "const range = { value: 0.3, min: 0, max: 1 };",
          `show(vbox([floatSlider("rate", range), floatSlider("${long}", range), dropdown("${long}", ["a", "b"]), textInput("${long}")]))`,
        ].join("\n"),
      ]),
    );
    await cellAt(page, 0).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    await ran(page, 0);
    const sliders = page.locator(".widget-slider");
    await sliders.nth(1).locator(".noUi-target").waitFor();
    await screenshot(page, "long");
    const widthOf = async (at: number) => (await sliders.nth(at).locator(".noUi-target").boundingBox())!.width;
    assert.ok((await widthOf(1)) > 80, `a slider of ${await widthOf(1)} pixels`);
    assert.ok((await widthOf(0)) > (await widthOf(1)), "a short description takes no more than it needs");
    for (const field of ["select", "input[type=text]"]) {
      const { width } = (await page.locator(`.jupyter-widgets ${field}`).first().boundingBox())!;
      assert.ok(width > 80, `${field} of ${width} pixels`);
    }
    assert.is(await sliders.nth(1).locator(".widget-label").first().getAttribute("title"), long);
    await page.close();
  },
);

inBrowser(
  "after the kernel is gone controls say so; a notebook opened later shows their last state, and no broken text",
  async (lab) => {
    const cells = [
      [
        'import { figureView } from "./src/notebook/widgets/figure-view";',
        'import { floatSlider } from "./src/notebook/widgets/controls";',
        'import { show, vbox } from "./src/notebook/widgets/view";',
        'const rate = floatSlider("rate", { value: 0.3, min: 0, max: 1 });',
        'const view = figureView({ data: [{ y: [0, 1], line: { color: "rgb(20,60,160)", width: 6 } }], layout: { title: { text: "kept" }, height: 300 } });',
        "show(vbox([rate, view]))",
      ].join("\n"),
    ];
    const file = writeCells("gone", cells);
    const page = await lab.open(file);
    await cellAt(page, 0).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    await ran(page, 0);
    await page.locator(".widget-slider .noUi-handle").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator(".widget-readout", { hasText: "0.31" }).waitFor();
    await save(page, file);
    await askForRestart(page);
    await page.locator(".jupyter-widgets-disconnected").first().waitFor();
    await screenshot(page, "gone");
    await page.close();

    const later = await lab.open(file);
    await later.locator(".js-plotly-plot .gtitle", { hasText: "kept" }).waitFor();
    assert.not.match(await outputOf(later, 0), /Error displaying widget|model not found|Loading widget/);
    const pixels = await pixelsOf(later, await screenshot(later, "reopened"), [20, 60, 160]);
    assert.ok(pixels > 300, `expected the figure's line, got ${pixels} pixels`);
    await later.close();
  },
);

inBrowser(
  "a run under its controls: changed by a slider, shown again after a reload, stopped by the button",
  async (lab) => {
    const file = writeCells("run", [
      [
        'import { openModel, openProblem, openTask, runLive } from "./src/index";',
        'import { arm, studies, studySettings } from "./src/study";',
        'const minilm = await openModel("minilm");',
        'const options = { ...studies["minilm-trec"].problem, train: 64, seed: Date.now() % 1000 };',
        'const problem = await openProblem(minilm, await openTask("trec"), options);',
      ].join("\n"),
      [
        'const study = studySettings("minilm-trec", 3e-3, { steps: 5000, alpha: 0.85, beta: 0.5, cap: 2 });',
        'const runs = await runLive(problem, [arm("MeZO-LoRA", study)], { seed: 0, evaluateEvery: 5, store: "test/browser/screenshots/runs" });',
      ].join("\n"),
      "console.log(JSON.stringify(runs[0].result.changes.map(({ change }) => change.queries)), runs[0].result.end.reason);",
    ]);
    const page = await lab.open(file);
    await cellAt(page, 0).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.press("Shift+Enter");
    const queries = page.locator(".widget-slider", { hasText: "queries" });
    await queries.locator(".noUi-handle").waitFor({ timeout: 120_000 });
    await page.locator(".js-plotly-plot .gtitle").waitFor({ timeout: 60_000 });
    await queries.locator(".noUi-handle").focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowRight");
    await queries.locator(".widget-readout", { hasText: "3" }).waitFor();
    await screenshot(page, "run");
    await save(page, file);

    await page.reload();
    await queries.locator(".widget-readout", { hasText: "3" }).waitFor({ timeout: 60_000 });
    await page.locator(".js-plotly-plot .gtitle").waitFor({ timeout: 60_000 });
    await screenshot(page, "run-reloaded");
    await page.locator("button.jupyter-button", { hasText: "Stop" }).click();
    await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first().waitFor({ timeout: 15_000 });
    await cellAt(page, 2).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    await ran(page, 2);
    assert.match(await outputOf(page, 2), /\{"kind":"constant","value":3\}\] stopped/);
    await page.close();
  },
);

test.run();
