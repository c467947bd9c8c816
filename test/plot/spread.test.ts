import { suite } from "uvu";
import * as assert from "uvu/assert";
import { meanCurve, splitMean } from "../../src/plot/mean-curve";
import { meanAndSpread } from "../../src/plot/spread";
import { throwsWith } from "../support/throws";
import { divergenceRuns, origin, syntheticRun } from "./synthetic-runs";

const test = suite("plot/spread");

test("of the seeds 1 and 3 the mean is 2; where one has ended the other goes on by itself", () => {
  const curves = [
    [
      { x: 0, y: 1 },
      { x: 2, y: 3 },
    ],
    [{ x: 0, y: 3 }],
  ];
  assert.equal(meanCurve(curves, "range"), [
    { x: 0, mean: 2, low: 1, high: 3, seeds: 2 },
    { x: 2, mean: 3, low: 3, high: 3, seeds: 1 },
  ]);
  const { together, alone } = splitMean(curves, "standard deviation");
  // standard deviation of 1 and 3 is sqrt 2
  assert.equal(together, [{ x: 0, mean: 2, low: 2 - Math.SQRT2, high: 2 + Math.SQRT2, seeds: 2 }]);
  assert.equal(alone, [curves[0]!]);
});

test("a seed without points does not count, and no points at all make no curve", () => {
  assert.equal(splitMean([[], [{ x: 0, y: 1 }]], "range").together, [{ x: 0, mean: 1, low: 1, high: 1, seeds: 1 }]);
  assert.equal(splitMean([[], []], "range"), { together: [], alone: [] });
});

test("the legend counts seeds and those diverged; thin lines are said to be single seeds", () => {
  const { data, layout } = meanAndSpread(divergenceRuns(3), { x: "steps", origin });
  assert.equal(
    data.filter((trace) => trace.showlegend).map((trace) => trace.name),
    [
      "MeZO-LoRA, lr 3e-3 (3 seeds, 3 diverged)",
      "AdaZeta, lr 3e-3 (3 seeds)",
      "LoRA + schedule, lr 3e-3 (3 seeds)",
      "TT, one query, lr 3e-3 (3 seeds, 3 diverged)",
      "MeZO-LoRA, lr 1e-3 (3 seeds)",
    ],
  );
  const subtitle = layout.title!.subtitle as { text: string };
  assert.match(subtitle.text.replaceAll("<br>", " "), /seeds running on after the first of their arm ended/);
  assert.match(subtitle.text, /^measured here/);
});

test("the mean lies within its band, and the band's outline is closed", () => {
  const { data } = meanAndSpread(divergenceRuns(5), { x: "both" });
  const bands = data.filter((trace) => trace.fill === "toself");
  assert.is(bands.length, 10);
  for (const band of bands) {
    const mean = data.find((t) => t.legendgroup === band.legendgroup && t.xaxis === band.xaxis && t.text !== undefined && t.mode === "lines")!; // prettier-ignore
    const means = mean.y as number[];
    const outline = band.y as number[];
    assert.is(outline.length, 2 * means.length);
    means.forEach((y, i) => assert.ok(outline[i]! >= y - 1e-12 && outline[outline.length - 1 - i]! <= y + 1e-12));
  }
});

test("runs of one length have no thin lines, and one seed no band", () => {
  const { data, layout } = meanAndSpread([syntheticRun({ arm: "AdaZeta", seed: 0 })], { x: "steps" });
  assert.is(data.length, 1);
  assert.is(data[0]!.name, "AdaZeta (1 seed)");
  assert.not.match((layout.title!.subtitle as { text: string }).text, /Thin|diverged/);
});

test("no runs is an error", () => {
  throwsWith(() => meanAndSpread([], { x: "both" }), "runs: expected at least one run");
});

test.run();
