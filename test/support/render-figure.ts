import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { chromium } from "playwright-core";
import type { Figure } from "../../src/plot/figure";

const browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The system's browser, or null where there is none. */
export function browserPath(): string | null {
  return browsers.find((path) => existsSync(path)) ?? null;
}

/** What the page found when it had drawn a figure. */
export interface Rendered {
  readonly name: string;
  readonly png: Buffer;
  readonly svg: string;
  /** What the page shows to a reader, text by text. */
  readonly texts: readonly string[];
  /** Text elements that reach beyond the figure, or that lie over each other: a person would see them cut or smeared. */
  readonly problems: readonly string[];
}

/**
 * Draws figures with plotly.js-dist in a real Chromium, from a blank page and without a network.
 * @param size in pixels; 900 x 420 is about what a notebook's cell has
 */
export async function renderFigures(
  figures: Readonly<Record<string, Figure>>,
  size: { readonly width: number; readonly height: number } = { width: 900, height: 420 },
): Promise<readonly Rendered[]> {
  const executablePath = browserPath();
  if (executablePath === null) throw new Error(`browser: expected one of ${browsers.join(", ")}, got none`);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: size, deviceScaleFactor: 1.5 });
    await page.setContent(`<body style="margin:0"><div id="figure" style="width:${size.width}px"></div></body>`);
    await page.addScriptTag({ path: resolve("node_modules/plotly.js-dist/plotly.js") });
    const results: Rendered[] = [];
    for (const [name, figure] of Object.entries(figures)) {
      const value = JSON.stringify({ ...figure, layout: { ...figure.layout, height: size.height } });
      await page.evaluate(
        `Plotly.newPlot("figure", Object.assign(${value}, { config: { responsive: true, displayModeBar: false } }))`,
      );
      const png = await page.locator("#figure").screenshot();
      const problems = (await page.evaluate(findProblems)) as string[];
      const texts = (await page.evaluate(findTexts)) as string[];
      const svg = (await page.evaluate(
        `Plotly.toImage("figure", { format: "svg", width: ${size.width}, height: ${size.height} })`,
      )) as string;
      results.push({ name, png, svg: decodeURIComponent(svg.slice(svg.indexOf(",") + 1)), texts, problems });
    }
    return results;
  } finally {
    await browser.close();
  }
}

const findTexts = `[...document.querySelectorAll("#figure svg text")].map((node) => node.textContent)`;

/** Runs in the page: boxes of all texts against the figure's box and against each other. */
const findProblems = `(() => {
  const whole = document.querySelector("#figure").getBoundingClientRect();
  const texts = [...document.querySelectorAll("#figure svg text")]
    .map((node) => ({ text: node.textContent.trim(), box: node.getBoundingClientRect() }))
    .filter(({ text, box }) => text !== "" && box.width > 0 && box.height > 0);
  const cut = texts
    .filter(({ box }) => box.left < whole.left - 1 || box.right > whole.right + 1 || box.top < whole.top - 1 || box.bottom > whole.bottom + 1)
    .map(({ text }) => "cut off: " + text);
  const smeared = texts.flatMap((a, i) => texts.slice(i + 1)
    .filter((b) => Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 2
      && Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 3)
    .map((b) => "overlap: " + a.text + " / " + b.text));
  const size = document.querySelector("#figure")._fullLayout._size;
  const top = whole.top + size.t;
  const bottom = top + size.h;
  const legend = document.querySelector("#figure .legend");
  const box = legend === null ? null : legend.getBoundingClientRect();
  const covered = box !== null && box.top < bottom - 1 && box.bottom > top + 1 ? ["legend over the plot"] : [];
  const area = size.h < 150 ? ["plot only " + Math.round(size.h) + " px high"] : [];
  return [...cut, ...smeared, ...covered, ...area];
})()`;
