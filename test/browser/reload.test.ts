import { readFileSync, rmSync } from "node:fs";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { until } from "../support/until";
import { browserTests, cellAt, outputOf, ran, runAll, runCell, save, screenshot, stepOf, writeCells } from "./jupyter";

const test = suite("browser/reload");
const inBrowser = browserTests(test);

interface Session {
  readonly path: string;
  readonly kernel: { readonly id: string };
}

/** The kernel of a notebook, as the server knows it. */
async function kernelOf(page: Page, file: string): Promise<string | undefined> {
  const sessions = await page.evaluate<readonly Session[]>('fetch("/api/sessions").then((answer) => answer.json())');
  return sessions.find((session) => session.path === file)?.kernel.id;
}

/** From here on nothing that the page saves reaches the file; JupyterLab's notice of that is closed. */
async function withoutSaving(page: Page): Promise<void> {
  await page.route("**/api/contents/**", (route) =>
    route.request().method() === "PUT" ? route.abort() : route.continue(),
  );
  const notice = page.locator(".jp-Dialog", { hasText: "File Save Error" });
  const close = () => notice.locator("button.jp-Dialog-button").first().click();
  await page.addLocatorHandler(notice, close, { noWaitAfter: true });
}

inBrowser(
  "a save while the notebook saves itself on a slow disk waits for it: nobody is asked who changed the file",
  async (lab) => {
    const page = await lab.open(
      writeCells("slow", [
        'import { floatSlider } from "./src/notebook/widgets/controls"; import { show } from "./src/notebook/widgets/view"; show(floatSlider("rate", { value: 0.3, min: 0, max: 1 }));',
        "1 + 1",
      ]),
    );
    let [begun, saved] = [0, 0];
    // The file is there before the page hears of it.
    await page.route("**/api/contents/**", async (route) => {
      if (route.request().method() !== "PUT") return route.continue();
      begun++;
      const response = await route.fetch();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      saved++;
      await route.fulfill({ response });
    });
    await cellAt(page, 0).locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    await until("a shown control saves the notebook", async () => begun === 1);
    await cellAt(page, 1).locator(".cm-content").click();
    await page.keyboard.type("3 + 3; ");
    await page.waitForTimeout(500);
    await page.keyboard.press("Control+s");
    await until("both saves end", async () => saved >= 2);
    assert.is(await page.locator(".jp-Dialog").count(), 0);
    assert.match(readFileSync("test/browser/screenshots/slow.ipynb", "utf8"), "3 + 3");
    await page.close();
  },
);

inBrowser(
  "a page loaded again during a run has its Stop, figure and progress, though nothing was saved",
  async (lab) => {
    rmSync("test/browser/screenshots/reloaded", { recursive: true, force: true });
    const page = await lab.open(
      writeCells("reload", [
        [
          'import { openModel, openProblem, openTask, runLive } from "./src/index";',
          'import { arm, studies, studySettings } from "./src/study";',
          'const options = { ...studies["minilm-trec"].problem, train: 32, dev: 20, test: 20, seed: 1 };',
          'const problem = await openProblem(await openModel("minilm"), await openTask("trec", { hub: "off" }), options);',
          'console.log("opened");',
        ].join("\n"),
        [
          'const study = studySettings("minilm-trec", 1e-3, { steps: 4000, cap: 1 });',
          'console.log("before");',
          'const few = { ...arm("MeZO-LoRA", study), name: "few", budget: { kind: "steps", steps: 60 } as const };',
          'const runs = await runLive(problem, [few, arm("MeZO-LoRA", study)], { seed: 5, store: "test/browser/screenshots/reloaded" });',
          'console.log("after", runs.length, runs[1]?.result.end.reason);',
        ].join("\n"),
      ]),
    );
    await withoutSaving(page);
    await runAll(page);
    await cellAt(page, 1).locator("progress").waitFor({ timeout: 120_000 });
    await page.reload();

    const stop = page.locator("button.jupyter-button", { hasText: "Stop" });
    await stop.waitFor({ timeout: 60_000 });
    await page.locator(".js-plotly-plot .gtitle").waitFor({ timeout: 60_000 });
    assert.match(await outputOf(page, 0), /opened/, "what earlier cells have shown is there too");
    assert.match(await outputOf(page, 1), /^before/);
    const steps = (): Promise<number> => stepOf(page, 1, "MeZO-LoRA", 4000);
    await until("the second arm, which began after the page was loaded", async () => (await steps()) > 0, 60_000);
    assert.match(await outputOf(page, 1), /few: step 60\/60 .*finished/);
    const first = await steps();
    await until("progress goes on", async () => (await steps()) > first);
    assert.is(await cellAt(page, 1).locator(".jp-InputPrompt").innerText(), "[*]:");
    await screenshot(page, "reloaded");
    await stop.click();
    await ran(page, 1, 30_000);
    const text = await outputOf(page, 1);
    assert.match(text, /interrupted at step \d+ of MeZO-LoRA/);
    assert.match(text, /after 2 stopped/);
    assert.is(await stop.count(), 0, "the controls of a run that has ended are gone");
    await screenshot(page, "reloaded-stopped");
    await page.close();
  },
);

inBrowser("a cell that was written a moment ago is in the file once it shows controls", async (lab) => {
  const file = writeCells("new-cell", ['console.log("old")']);
  const page = await lab.open(file);
  await runCell(page, 0);
  await cellAt(page, 0).locator(".jp-InputPrompt").click();
  await page.keyboard.press("b");
  await cellAt(page, 1).locator(".cm-content").click();
  await page.keyboard.insertText(
    'import { floatSlider } from "./src/notebook/widgets/controls";\nimport { show } from "./src/notebook/widgets/view";\nconst rate = floatSlider("rate", { value: 0.828, min: 0, max: 1 });\nshow(rate);',
  );
  await runCell(page, 1);
  await page.locator(".widget-readout", { hasText: "0.828" }).waitFor();
  await until("it saves itself", () => readFileSync(file, "utf8").includes("0.828"));
  await page.reload();
  await page.locator(".widget-readout", { hasText: "0.828" }).waitFor({ timeout: 60_000 });
  await page.close();
});

inBrowser(
  "closing a tab ends its idle kernel; a kernel at work goes on, and its cell is there when it is opened again",
  async (lab) => {
    const closeTab = async (page: Page): Promise<void> => {
      await page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon").first().click();
      // "Save changes before closing?", where something was shown since.
      const discard = page.locator(".jp-Dialog .jp-mod-warn");
      const gone = page.locator(".jp-NotebookPanel").waitFor({ state: "detached" });
      await Promise.race([gone, discard.click().catch(() => undefined)]);
      await gone;
    };
    const idle = writeCells("idle", ["console.log(1)"]);
    const page = await lab.open(idle);
    await runCell(page, 0);
    assert.type(await kernelOf(page, idle), "string");
    await save(page, idle);
    await closeTab(page);
    await until("the idle kernel has ended", async () => (await kernelOf(page, idle)) === undefined);
    await page.close();

    const file = writeCells("busy", [
      'for (let i = 1; i <= 25; i++) { console.log("line", i); await new Promise((resolve) => setTimeout(resolve, 1000)); }\n"done"',
    ]);
    const busy = await lab.open(file);
    await cellAt(busy, 0).locator(".cm-content").click();
    await busy.keyboard.press("Control+Enter");
    await cellAt(busy, 0).locator(".jp-OutputArea-output", { hasText: "line 2" }).waitFor();
    await save(busy, file);
    await closeTab(busy);
    await busy.locator(".Toastify__toast", { hasText: "a cell still runs" }).waitFor({ timeout: 15_000 });
    await screenshot(busy, "closed-busy");
    assert.type(await kernelOf(busy, file), "string");
    await busy.close();

    const later = await lab.open(file);
    await ran(later, 0, 60_000);
    const lines = (await outputOf(later, 0)).split("\n");
    assert.is(lines[0], "line 1");
    assert.is(lines.filter((line) => line.startsWith("line")).length, 25);
    assert.match(lines.at(-1)!, /done/);
    await later.close();
  },
);

test.run();
