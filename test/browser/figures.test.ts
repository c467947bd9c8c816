import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Figure } from "../../src/plot/figure";
import { gallery } from "../plot/gallery";
import { browserPath, renderFigures } from "../support/render-figure";

const test = suite("browser/figures");

/** A test that draws with the system's Chromium; where there is none, it says so. */
function inBrowser(name: string, body: () => Promise<void>): void {
  test(name, async () => {
    if (browserPath() === null) return console.log("SKIP: there is no Chromium, figures were not drawn");
    await body();
  });
}

for (const width of [900, 640])
  inBrowser(
    `at ${width} pixels every figure is drawn whole: no text cut off or over another, no legend over data`,
    async () => {
      const drawn = await renderFigures(gallery(), { width, height: 420 });
      assert.is(drawn.length, Object.keys(gallery()).length);
      assert.equal(
        drawn.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
        [],
      );
    },
  );

inBrowser("names from data are shown letter by letter, not read as markup", async () => {
  const [drawn] = await renderFigures({ lossNamed: gallery()["lossNamed"]! });
  assert.ok(drawn!.texts.includes("AdaZeta <b>again</b> & again"), drawn!.texts.join("\n"));
  assert.ok(drawn!.texts.includes("Long names & <escaped> ones cost $5 or $6"));
});

inBrowser("the judge of this file finds a title that is cut off and a legend that covers data", async () => {
  const good = gallery()["lossBoth"]!;
  const long: Figure = {
    ...good,
    layout: { ...good.layout, title: { ...good.layout.title, text: "long title ".repeat(20) } },
  };
  const covering: Figure = {
    ...good,
    layout: { ...good.layout, legend: { ...good.layout.legend, y: 0.5, yref: "paper" } },
  };
  const [cut, covered] = await renderFigures({ long, covering });
  assert.match(cut!.problems.join(), /cut off: long title/);
  assert.match(covered!.problems.join(), /legend over the plot/);
});

test.run();
