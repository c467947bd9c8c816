import { rmSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { until } from "../support/until";
import { browserTests, cellAt, outputOf, ran, restartKernel, runCell, screenshot, stepOf, writeCells } from "./jupyter";

const test = suite("browser/controls");
const inBrowser = browserTests(test);

const named = (page: Page, name: string): Locator =>
  page.locator(".widget-slider").filter({ has: page.locator(`.widget-label[title="${name}"]`) });
const numberBeside = (page: Page, name: string): Locator => named(page, name).locator(".widget-readout");
const handle = (page: Page, name: string): Locator => named(page, name).locator(".noUi-handle");

async function type(page: Page, name: string, text: string, key = "Enter"): Promise<void> {
  await numberBeside(page, name).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
  await page.keyboard.press(key);
}

/** What a cell prints now. */
async function printed(page: Page, cell: number): Promise<string> {
  await runCell(page, cell);
  return outputOf(page, cell);
}

inBrowser(
  "no kind of control changes a value that nobody moved; each shows and takes exactly what is used",
  async (lab) => {
    const page = await lab.open(
      writeCells("kinds", [
        [
          'import { checkbox, dropdown, floatSlider, integerSlider, logSlider, textInput } from "./src/notebook/widgets/controls";',
          'import { show, vbox } from "./src/notebook/widgets/view";',
          "const controls = {",
          '  beta: floatSlider("beta", { value: 0.828, min: 0, max: 2, step: 0.01 }),',
          '  fine: floatSlider("fine", { value: 0.30000000000000004, min: 0, max: 1 }),',
          '  rate: logSlider("rate", { value: 3e-3, min: 1e-4, max: 9e-2 }),',
          '  third: logSlider("third", { value: 1 / 3, min: 1 / 90, max: 10 }),',
          '  steps: integerSlider("steps", { value: 243, min: 4, max: 20000, step: 10 }),',
          '  form: dropdown("form", ["current", "june", "plain"], "june"),',
          '  bias: checkbox("bias", true),',
          '  name: textInput("name", " mine "),',
          "};",
          "const heard: string[] = [];",
          "for (const [name, control] of Object.entries(controls)) control.subscribe((value: unknown) => heard.push(`${name} ${JSON.stringify(value)}`));",
          "show(vbox(Object.values(controls)));",
        ].join("\n"),
        "console.log(JSON.stringify(heard.splice(0)))",
        "controls.rate.set(0.0123456789); controls.beta.set(0.111); console.log(JSON.stringify(heard.splice(0)))",
      ]),
    );
    await runCell(page, 0);
    await handle(page, "steps").waitFor();
    const shown = async () =>
      Promise.all(["beta", "fine", "rate", "third", "steps"].map((name) => numberBeside(page, name).textContent()));
    assert.equal(await shown(), ["0.828", "0.30000000000000004", "0.003", "0.3333333333333333", "243"]);
    // A look at each number, and a press on each handle, that move nothing.
    for (const name of ["beta", "fine", "rate", "third", "steps"]) {
      await numberBeside(page, name).click();
      await handle(page, name).click();
    }
    await screenshot(page, "controls");
    assert.is(await printed(page, 1), "[]", "drawn, looked at: nothing changes");

    await type(page, "rate", "0.004");
    await type(page, "beta", "0.8275", "Tab");
    await type(page, "third", "1e-1");
    await type(page, "steps", "1001");
    await type(page, "fine", "7");
    assert.is(
      await printed(page, 1),
      '["rate 0.004","beta 0.8275","third 0.1","steps 1001","fine 1"]',
      "what is typed is taken as it is, beyond the end as the end",
    );
    assert.equal(await shown(), ["0.8275", "1", "0.004", "0.1", "1001"]);
    await type(page, "steps", "3.5");
    await type(page, "beta", "");
    await type(page, "rate", "0,5");
    await type(page, "third", "0.7", "Escape");
    assert.is(await printed(page, 1), "[]", "what is no number, or taken back, changes nothing");
    assert.equal(await shown(), ["0.8275", "1", "0.004", "0.1", "1001"]);

    await handle(page, "beta").focus();
    await page.keyboard.press("ArrowRight");
    await handle(page, "rate").focus();
    await page.keyboard.press("ArrowLeft");
    await handle(page, "steps").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator(".widget-dropdown select").selectOption("plain");
    await page.locator(".widget-checkbox input").click();
    await page.locator(".widget-text input").fill("yours");
    assert.is(
      await printed(page, 1),
      '["beta 0.84","rate 0.0038","steps 1014","form \\"plain\\"","bias false","name \\"yours\\""]',
      "each move is one change, to a round number",
    );
    assert.equal(await shown(), ["0.84", "1", "0.0038", "0.1", "1014"]);
    await handle(page, "fine").focus();
    await page.keyboard.press("Home");
    assert.is(await printed(page, 1), '["fine 0"]');
    assert.is(
      await printed(page, 2),
      '["rate 0.0123456789","beta 0.111"]',
      "the program's change comes back as no other",
    );
    await numberBeside(page, "rate").filter({ hasText: "0.0123456789" }).waitFor();
    assert.is(await printed(page, 1), "[]");

    const track = (await named(page, "fine").locator(".noUi-target").boundingBox())!;
    await page.mouse.click(track.x + track.width / 2, track.y + track.height / 2);
    assert.match(await printed(page, 1), /^\["fine 0\.\d{1,2}"\]$/);
    await page.close();
  },
);

inBrowser("the explorer keeps the settings that it was given until a hand moves one", async (lab) => {
  const settings =
    '{ alpha: 0.853, exponent: { kind: "beta", beta: 0.828 }, cap: 9, batchSize: 7, steps: 243, examples: 131 }';
  const page = await lab.open(
    writeCells("explored", [
      `import { scheduleExplorer } from "./src/index";\nconst explorer = scheduleExplorer(${settings});`,
      "console.log(JSON.stringify(explorer.settings))",
    ]),
  );
  await runCell(page, 0);
  await handle(page, "training examples").waitFor();
  await page.locator(".js-plotly-plot .gtitle").waitFor();
  const given =
    '{"alpha":0.853,"exponent":{"kind":"beta","beta":0.828},"cap":9,"batchSize":7,"steps":243,"examples":131}';
  assert.is(await printed(page, 1), given);
  assert.is(await numberBeside(page, "beta").textContent(), "0.828");
  await type(page, "steps", "250");
  assert.is(await printed(page, 1), given.replace("243", "250"));
  await screenshot(page, "explored");
  await page.close();
});

inBrowser(
  "a run that nobody touches records no change; a typed rate is used as typed, and kept when the run is continued",
  async (lab) => {
    rmSync("test/browser/screenshots/steered", { recursive: true, force: true });
    const page = await lab.open(
      writeCells("steered", [
        [
          'import { openModel, openProblem, openTask, runLive } from "./src/index";',
          'import { arm, studies, studySettings } from "./src/study";',
          'const options = { ...studies["minilm-trec"].problem, train: 32, dev: 20, test: 20, seed: 1 };',
          'const problem = await openProblem(await openModel("minilm"), await openTask("trec", { hub: "off" }), options);',
          'const study = studySettings("minilm-trec", 3e-3, { steps: 5000, alpha: 0.85, beta: 0.828, cap: 3 });',
          'const store = "test/browser/screenshots/steered";',
        ].join("\n"),
        'const [run] = await runLive(problem, [arm("AdaZeta", study)], { seed: 0, store });',
        "console.log(JSON.stringify(run.result.changes.map(({ change }) => change)), run.result.steps.at(-1)!.learningRate, run.result.end.reason);",
      ]),
    );
    const stop = async (): Promise<string> => {
      await page.locator("button.jupyter-button", { hasText: "Stop" }).click();
      await ran(page, 1, 30_000);
      await runCell(page, 2);
      return outputOf(page, 2);
    };
    const step = (): Promise<number> => stepOf(page, 1, "AdaZeta", 5000);
    const makesSteps = async (): Promise<void> => {
      const before = await step();
      await until("it makes steps", async () => (await step()) > Math.max(before, 0));
    };
    /** Runs the cell of the run, and waits until it is at work. */
    const begin = async (): Promise<void> => {
      await cellAt(page, 1).locator(".cm-content").click();
      await page.keyboard.press("Control+Enter");
      await cellAt(page, 1).locator(".jp-InputPrompt", { hasText: "[*]" }).waitFor();
      await handle(page, "cap").waitFor({ timeout: 120_000 });
      await makesSteps();
    };
    await runCell(page, 0, 120_000);
    await begin();
    assert.is(await stop(), "[] 0.003 stopped");
    await begin();
    await type(page, "learning rate", "0.004");
    for (let i = 0; i < 2; i++) await makesSteps(); // with the new rate
    const changed = '[{"learningRate":{"kind":"constant","value":0.004}}] 0.004 stopped';
    assert.is(await stop(), changed);
    await begin();
    assert.is(await numberBeside(page, "learning rate").textContent(), "0.004");
    assert.is(await stop(), changed);
    assert.match(
      await outputOf(page, 1),
      /AdaZeta: learning rate 0\.003, .*; changed by hand: before step \d+ learning rate 0\.004/,
    );

    await restartKernel(page);
    await cellAt(page, 0).locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
    await begin();
    assert.is(await numberBeside(page, "learning rate").textContent(), "0.004");
    await screenshot(page, "continued");
    assert.is(await stop(), changed);
    await page.close();
  },
);

test.run();
