import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import { writeOnnxClassifier } from "../../src/export/onnx-classifier";
import { serveDemo } from "../../src/notebook/demo/serve";
import type { Demo } from "../../src/notebook/demo/serve";
import { trec } from "../../src/task/defs/trec";
import { drawnClassifier, engineShares, trainSpec } from "../support/drawn-classifier";
import type { Fields } from "../support/drawn-classifier";
import { findModel, missingModel, modelRoots } from "../support/models";
import { browserPath } from "../support/render-figure";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { tinyFolder } from "../support/tiny-folder";
import { whyNot } from "./jupyter";

const test = suite("browser/demo");
const reason = whyNot();
const inBrowser = skipUnless(reason === undefined, reason ?? "");
const files = scratch();
let browser: Browser;
test.before(async () => {
  if (reason === undefined) browser = await chromium.launch({ executablePath: browserPath()!, args: ["--no-sandbox"] });
});
test.after(async () => {
  await browser?.close();
  await files.remove();
});

/** A page on a demo, with the addresses that it asked for and what went wrong in it. */
async function opened({ url }: Demo, scheme: "light" | "dark" = "light") {
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width: 900, height: 760 } });
  const [asked, wrong]: [string[], string[]] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  await page.goto(url);
  await page.waitForSelector("body[data-ready]", { timeout: 120_000 });
  return { page, asked, wrong };
}

/** Types the fields of a text and gives the probabilities that the page then shows. */
async function typed(page: Page, fields: Fields): Promise<readonly number[]> {
  const before = await page.getAttribute("body", "data-shown");
  for (const [name, text] of Object.entries(fields)) await page.fill(`textarea[name="${name}"]`, text);
  // The next answer, and nothing newer on its way.
  const next = before === null ? "" : `:not([data-shown="${before}"])`;
  await page.waitForSelector(`body[data-shown]${next} #bars:not(.old)`, { timeout: 60_000 });
  const rows = await page.locator("#bars li").all();
  const shown = await Promise.all(rows.map((row) => row.getAttribute("data-probability")));
  return shown.map(Number);
}

const withModel = skipUnless(reason === undefined && findModel("minilm") !== null, reason ?? missingModel("minilm"));

withModel(
  test,
  "a question typed into the page has the probabilities of the engine here, by a tensor train on MiniLM, and no other host is asked",
  async () => {
    const loaded = loadModel("minilm", modelRoots());
    const classifier = drawnClassifier(loaded, trec, trainSpec(loaded), 0.01);
    const folder = files.file("questions");
    await writeOnnxClassifier(loaded, classifier, folder);
    const demo = await serveDemo(folder, 0);
    try {
      for (const scheme of ["light", "dark"] as const) {
        const { page, asked, wrong } = await opened(demo, scheme);
        for (const question of ["Who was Galileo?", "How far is the moon from here?"]) {
          const found = await typed(page, { question });
          const expected = await engineShares(loaded, classifier, [{ question }]);
          assert.is(found.length, 6);
          found.forEach((share, c) => assert.ok(Math.abs(share - expected[c]!) < 1e-5, `${share}, ${expected[c]}`));
        }
        assert.equal(await page.locator("#bars .name").allTextContents(), [...trec.labels]);
        assert.is(await page.locator("#bars .first").count(), 1);
        mkdirSync("test/browser/screenshots", { recursive: true });
        await page.screenshot({ path: `test/browser/screenshots/demo-${scheme}.png`, fullPage: true });
        assert.equal([...new Set(asked.map((url) => new URL(url).host))], [new URL(demo.url).host]);
        assert.equal(wrong, []);
        await page.close();
      }
    } finally {
      await demo.close();
    }
  },
);

/** A demo of a tiny encoder, its notes changed. */
async function tiny(name: string, change: (notes: string) => string, largestFile = 2 ** 30): Promise<Demo> {
  const loaded = loadModel(tinyFolder("bert", files.file(`base-${name}`)), []);
  const folder = files.file(name);
  await writeOnnxClassifier(loaded, drawnClassifier(loaded, trec, trainSpec(loaded)), folder, { largestFile });
  const path = join(folder, "classifier.json");
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return serveDemo(folder, 0);
}

inBrowser(
  test,
  "labels, notes and texts are shown as they are written, and a text too long is shortened and said to be",
  async () => {
    const evil = "<img src=x onerror=alert(1)>";
    const demo = await tiny("evil", (notes) =>
      notes.replace(trec.labels[0]!, evil).replace("drawn", `${evil}</script>`),
    );
    try {
      const { page, wrong } = await opened(demo);
      await typed(page, { question: `${evil} ${"long ".repeat(30)}` });
      assert.is(await page.locator("#bars .name").first().textContent(), evil);
      assert.match((await page.textContent("#note"))!, `${evil}</script>`);
      assert.is(await page.locator("img").count(), 0);
      assert.match((await page.textContent("#status"))!, "16 tokens, ");
      assert.match((await page.textContent("#status"))!, "shortened");
      await typed(page, { question: " " });
      assert.is(await page.textContent("#status"), "Type a text.");
      assert.equal(wrong, []);
      await page.close();
    } finally {
      await demo.close();
    }
  },
);

inBrowser(
  test,
  "weights in a file of their own are loaded too, and when the program ends the page says so",
  async () => {
    const demo = await tiny("ended", (notes) => notes, 1000);
    const { page, asked } = await opened(demo);
    const shares = await typed(page, { question: "Why" });
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-6);
    assert.ok(asked.some((url) => url.endsWith("/model/model.onnx_data")));
    await demo.close();
    await typed(page, { question: "Why not" });
    assert.match((await page.textContent("#error"))!, "has ended: start `npm run demo` again");
    assert.ok(await page.isVisible("#error"));
    await page.close();
  },
);

test.run();
