import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import * as assert from "uvu/assert";
import { signalIfThere } from "../../src/disk/signal";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";

/** Git-ignored, and inside the folder that JupyterLab serves. */
const folder = "test/browser/screenshots";
const chromiumPath = "/usr/bin/chromium";

/** Why the browser tests cannot run here; undefined when they can. */
export function whyNot(): string | undefined {
  if (!existsSync(".venv/adazeta.stamp")) return "there is no Python environment: npm start -- --set-up-only makes it";
  return existsSync(chromiumPath) ? undefined : `there is no ${chromiumPath}`;
}

export interface JupyterLab {
  /** Takes a picture of every open page. */
  picture(name: string): Promise<void>;
  /** Opens a notebook in a page of its own, with its kernel idle. */
  open(file: string): Promise<Page>;
  /** The addresses outside this machine that any page asked for. */
  readonly outsideRequests: readonly string[];
  readonly pageErrors: readonly string[];
  close(): Promise<void>;
}

/** What a uvu suite is to the tests in JupyterLab. */
interface Suite {
  (name: string, body: () => Promise<void>): void;
  before(hook: () => Promise<void>): void;
  after(hook: () => Promise<void>): void;
}

/**
 * Tests of a suite in the real JupyterLab, which is started for them: a test fails on an error in a page and on a request that leaves this
 * machine, and leaves a picture where it failed. Where that cannot run, each says why it was skipped.
 */
export function browserTests(test: Suite): (name: string, body: (lab: JupyterLab) => Promise<void>) => void {
  const reason = whyNot();
  let lab: JupyterLab;
  test.before(async () => {
    if (reason === undefined) lab = await startJupyterLab();
  });
  test.after(async () => {
    if (reason === undefined) await lab.close();
  });
  return (name, body) =>
    test(name, async () => {
      if (reason !== undefined) return console.log(`SKIP: ${reason}`);
      await body(lab).catch(async (error: unknown) => {
        await lab.picture(`failed ${name.slice(0, 30)}`);
        throw error;
      });
      assert.equal(lab.pageErrors, []);
      assert.equal(lab.outsideRequests, []);
    });
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Starts JupyterLab as `npm start` does, on a free port, with workspaces and user settings of its own. */
export async function startJupyterLab(): Promise<JupyterLab> {
  const port = await freePort();
  const token = randomUUID();
  const state = mkdtempSync(path.join(tmpdir(), "adazeta-lab-"));
  const server = spawn(
    process.execPath,
    [
      ...["scripts/start.mjs", "--no-browser", `--port=${port}`, `--IdentityProvider.token=${token}`],
      ...[`--LabApp.workspaces_dir=${state}/workspaces`, `--LabApp.user_settings_dir=${state}/settings`],
    ],
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let log = "";
  const keep = (text: string): string => (log = (log + text).slice(-20_000));
  server.stdout.setEncoding("utf8").on("data", keep);
  server.stderr.setEncoding("utf8").on("data", keep);
  const stop = (): void => {
    if (server.pid !== undefined) signalIfThere(-server.pid, "SIGTERM");
  };
  process.on("exit", stop);

  const address = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 90_000;
  const answers = async (): Promise<boolean> =>
    (await fetch(`${address}/api/status?token=${token}`).catch(() => undefined))?.ok === true;
  while (!(await answers())) {
    if (Date.now() > deadline || server.exitCode !== null) throw new Error(`JupyterLab did not start:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  const context = await browser.newContext({ viewport: { width: 1300, height: 900 } });
  const outsideRequests: string[] = [];
  const pageErrors: string[] = [];
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") outsideRequests.push(request.url());
  });

  return {
    outsideRequests,
    pageErrors,
    async picture(name) {
      for (const [at, page] of context.pages().entries()) await screenshot(page, `${name}-${at}`);
    },
    async open(file) {
      const page = await context.newPage();
      page.on("pageerror", (error) => pageErrors.push(error.message));
      // A workspace of its own: no notebook of an earlier page is opened again.
      await page.goto(`${address}/lab/workspaces/${randomUUID()}/tree/${file}?token=${token}`);
      await page.locator(".jp-Notebook .jp-Cell").first().waitFor({ timeout: 60_000 });
      await kernelReady(page);
      return page;
    },
    async close() {
      await browser.close();
      const exited = new Promise((resolve) => server.once("exit", resolve));
      stop();
      const timer = setTimeout(() => server.pid !== undefined && signalIfThere(-server.pid, "SIGKILL"), 10_000);
      await exited;
      clearTimeout(timer);
      await removeFolder(state);
    },
  };
}

/** Writes a notebook with these code cells where JupyterLab can open it; the answer is its path. */
export function writeCells(name: string, cells: readonly string[]): string {
  return writeNotebook(
    name,
    cells.map((source) => ({ source, outputs: [] })),
  );
}

/** A notebook whose cells have outputs already: written by nobody that JupyterLab trusts. */
export function writeNotebook(
  name: string,
  cells: readonly { readonly source: string; readonly outputs: readonly object[] }[],
): string {
  const file = `${folder}/${name}.ipynb`;
  mkdirSync(folder, { recursive: true });
  const cell = ({ source, outputs }: (typeof cells)[number], at: number): object => ({
    cell_type: "code",
    id: `cell-${at}`,
    metadata: {},
    outputs,
    execution_count: null,
    source,
  });
  const kernelspec = { name: "tslab", display_name: "TypeScript (tslab)", language: "typescript" };
  writeFileSync(
    file,
    JSON.stringify({ cells: cells.map(cell), metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }),
  );
  return file;
}

/** Waits until the notebook's kernel is connected and idle; before it is connected, JupyterLab drops what is run. */
async function kernelReady(page: Page): Promise<void> {
  await page.locator("#jp-main-statusbar", { hasText: "TypeScript (tslab) | Idle" }).waitFor({ timeout: 60_000 });
  await page.locator('.jp-NotebookPanel-toolbar .jp-Notebook-ExecutionIndicator[data-status="idle"]').first().waitFor();
}

/** Waits until a code cell (0-based) has run. */
export async function ran(page: Page, at: number, timeout = 60_000): Promise<void> {
  await cellAt(page, at)
    .locator(".jp-InputPrompt", { hasText: /\[\d+\]/ })
    .waitFor({ timeout });
}

/** Runs a code cell (0-based) and waits until it has run, also where it had before. */
export async function runCell(page: Page, at: number, timeout = 60_000): Promise<void> {
  const before = await promptOf(page, at);
  await cellAt(page, at).locator(".cm-content").click();
  await page.keyboard.press("Control+Enter");
  const prompts = cellAt(page, at).locator(".jp-InputPrompt");
  const others = before.replaceAll(/\D/g, "");
  await prompts
    .filter({ hasText: /\[\d+\]/ })
    .filter(others === "" ? {} : { hasNotText: new RegExp(`\\[${others}\\]`) })
    .waitFor({ timeout });
}

/** Saves the notebook, and gives the file's text once it no longer changes: JupyterLab says for two seconds only that it has saved. */
export async function save(page: Page, file: string): Promise<string> {
  const { mtimeMs } = statSync(file);
  await page.keyboard.press("Control+s");
  await until(`${file} is saved`, () => statSync(file).mtimeMs !== mtimeMs);
  for (let text = readFileSync(file, "utf8"); ;) {
    await page.waitForTimeout(500);
    const later = readFileSync(file, "utf8");
    if (later === text) return text;
    text = later;
  }
}

/** Restarts the kernel by the menu. */
export async function askForRestart(page: Page): Promise<void> {
  await page.locator(".lm-MenuBar-itemLabel", { hasText: /^Kernel$/ }).click();
  await page.locator('.lm-Menu-item[data-command="kernelmenu:restart"]').click();
  await page.locator(".jp-Dialog .jp-mod-accept").click();
}

/** Restarts the kernel, and waits until it is there. */
export async function restartKernel(page: Page): Promise<void> {
  await askForRestart(page);
  // For a moment it is still said to be idle.
  await page.waitForTimeout(2000);
  await kernelReady(page);
}

export async function runAll(page: Page): Promise<void> {
  await page.locator(".lm-MenuBar-itemLabel", { hasText: /^Run$/ }).click();
  await page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click();
}

/** The code cell at a place of the notebook (0-based). */
export const cellAt = (page: Page, at: number) => page.locator(".jp-Notebook .jp-CodeCell").nth(at);

export const outputOf = async (page: Page, at: number): Promise<string> =>
  (await cellAt(page, at).locator(".jp-Cell-outputArea").innerText()).trim();

/** The step that an arm's bar shows below a cell; -1 where there is none. */
export const stepOf = async (page: Page, at: number, arm: string, steps: number): Promise<number> =>
  Number(new RegExp(`${arm}: step (\\d+)/${steps}`).exec(await outputOf(page, at))?.[1] ?? -1);

/** "[3]:" after the cell has run, "[*]:" while it runs, "[ ]:" before. */
export const promptOf = async (page: Page, at: number): Promise<string> =>
  (await cellAt(page, at).locator(".jp-InputPrompt").innerText()).replaceAll(/\s/g, "");

export const screenshot = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: `${folder}/${name}.png` });

/** Runs in the page, which can read PNG. */
const countPixels = `async ({ base64, rgb }) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) if (rgb.every((value, at) => Math.abs(data[i + at] - value) <= 8)) count++;
  return count;
}`;

/** How many pixels of a screenshot have this colour. */
export async function pixelsOf(page: Page, png: Buffer, rgb: readonly [number, number, number]): Promise<number> {
  return page.evaluate<number>(`(${countPixels})(${JSON.stringify({ base64: png.toString("base64"), rgb })})`);
}
