import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { figureBundle, plotlyMime } from "../../src/notebook/figure-display";
import { readNotebook } from "../../src/notebook/notebook-file";
import type { Figure } from "../../src/plot/figure";
import { figureSvg } from "../../src/plot/svg";
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
      await folder.remove();
    }
  },
);

/** What lies over each other, or is cut off, of the words of a drawn picture. */
const judge = `(() => {
  const box = document.querySelector("svg").getBoundingClientRect();
  const words = [...document.querySelectorAll("svg text")].map((word) => [word.textContent, word.getBoundingClientRect()]);
  return words.flatMap(([text, a], i) => [
    ...(a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 || a.bottom > box.bottom + 1 ? [text + " is cut off"] : []),
    ...words.slice(i + 1).flatMap(([other, b]) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3
        ? [text + " over " + other] : []),
  ]);
})()`;

/** Figures of the shipped notebooks, and bars that are narrower than their words. */
function figuresToJudge(): Readonly<Record<string, Figure>> {
  const counts = Array.from({ length: 14 }, (_, i) => ({ x: `model ${i % 2}`, y: 0.63 + 0.01 * i }));
  const narrow = {
    data: counts.map(({ x, y }, i) => ({ type: "bar", name: `m ${i}`, x: [x], y: [y], text: [`${y.toFixed(2)} GiB`] })),
    layout: { height: 420, barmode: "group", margin: { t: 120 } },
  } as unknown as Figure;
  const shipped = readdirSync("notebooks")
    .filter((name) => name.endsWith(".ipynb"))
    .flatMap((name) =>
      readNotebook(`notebooks/${name}`).cells.flatMap(({ outputs = [] }, cell) =>
        outputs.flatMap(({ data }, at): (readonly [string, Figure])[] => {
          const figure = (data as Readonly<Record<string, unknown>> | undefined)?.[plotlyMime];
          return figure === undefined ? [] : [[`${name}, cell ${cell}, output ${at}`, figure as Figure]];
        }),
      ),
    );
  return { ...gallery(), narrow, ...Object.fromEntries(shipped) };
}

inBrowser(
  test,
  "in no static picture, of the gallery or a shipped notebook, words lie over words or are cut off",
  async () => {
    const browser = await chromium.launch({ executablePath: browserPath()!, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
      const found: string[] = [];
      for (const [name, figure] of Object.entries(figuresToJudge())) {
        await page.setContent(`<body style="margin: 0">${figureSvg(figure) ?? ""}</body>`);
        const problems = await page.evaluate<readonly string[]>(judge);
        found.push(...problems.map((problem) => `${name}: ${problem}`));
      }
      assert.equal(found, []);
    } finally {
      await browser.close();
    }
  },
);

test.run();
