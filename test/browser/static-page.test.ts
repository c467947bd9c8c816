import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { figureBundle } from "../../src/notebook/figure-display";
import { gallery } from "../plot/gallery";
import { browserPath } from "../support/render-figure";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { pixelsOf, whyNot } from "./jupyter";

const test = suite("browser/static-page");
const reason = whyNot();
const inBrowser = skipUnless(reason === undefined, reason ?? "");

inBrowser(
  test,
  "nbconvert's page shows every figure where scripts are off: its colours are in the picture",
  async () => {
    const folder = scratch();
    const browser = await chromium.launch({ executablePath: browserPath()!, args: ["--no-sandbox"] });
    try {
      const figures = Object.values(gallery());
      const outputs = figures.map((figure) => ({
        output_type: "display_data",
        data: figureBundle(figure),
        metadata: {},
      }));
      const cell = { cell_type: "code", id: "a", metadata: {}, source: "figures", outputs, execution_count: null };
      writeFileSync(
        folder.file("page.ipynb"),
        JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
      );
      const convert = ["-m", "jupyter", "nbconvert", "--to", "html", folder.file("page.ipynb")];
      execFileSync(".venv/bin/python", convert, { stdio: "pipe" });
      const page = await browser.newPage({ javaScriptEnabled: false, viewport: { width: 1100, height: 700 } });
      await page.goto(pathToFileURL(folder.file("page.html")).href);
      const counter = await browser.newPage();
      const pictures = page.locator(".jp-RenderedSVG img");
      assert.is(await pictures.count(), figures.length);
      for (const [at, { data }] of figures.entries()) {
        const picture = await pictures.nth(at).screenshot();
        const colours = data.map((trace) => String(trace.line?.color ?? trace.marker?.color ?? "#e3f1fb"));
        for (const colour of new Set(colours.filter((each) => /^#[0-9a-f]{6}$/i.test(each)))) {
          const rgb = [1, 3, 5].map((digit) => parseInt(colour.slice(digit, digit + 2), 16));
          const pixels = await pixelsOf(counter, picture, rgb as [number, number, number]);
          assert.ok(pixels > 15, `figure ${at}, ${colour}: ${pixels} pixels`);
        }
      }
    } finally {
      await browser.close();
      folder.remove();
    }
  },
);

test.run();
