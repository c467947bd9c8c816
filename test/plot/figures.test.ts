import { suite } from "uvu";
import * as assert from "uvu/assert";
import { divergenceMap } from "../../src/plot/divergence-map";
import { initialScaleFigure } from "../../src/plot/initial-scale";
import { linesFigure } from "../../src/plot/lines";
import { logAxis } from "../../src/plot/log-axis";
import { colors, stylesFor, translucent } from "../../src/plot/palette";
import { lossByStepsAndPasses, lossFigure } from "../../src/plot/loss";
import { matricesFigure } from "../../src/plot/matrices";
import { rankingFigure } from "../../src/plot/ranking";
import { parameterCountFigure } from "../../src/plot/parameter-count";
import { scheduleFigure } from "../../src/plot/schedule";
import { meanAndSpread } from "../../src/plot/spread";
import { wrap } from "../../src/plot/template";
import { timeFigure } from "../../src/plot/time";
import { rootMeanSquares, warningsFigure } from "../../src/plot/warnings";
import { rankMethods } from "../../src/table/ranking";
import type { RunRecord } from "../../src/table/record";
import { matrix } from "../../src/tt/matrix";
import type { StepNumbers } from "../../src/train/run-history";
import { throwsWith } from "../support/throws";
import { gallery } from "./gallery";
import { divergenceRuns, syntheticRun } from "./synthetic-runs";

import { DIRECTIONAL } from "../../src/schedule/forward-passes";

const test = suite("plot/figures");

/** A run whose only evaluation is one with that loss. */
function withLoss(run: RunRecord, loss: number): RunRecord {
  return { ...run, evaluations: [{ step: 0, forwardPasses: 0, loss, accuracy: null }] };
}

test("a schedule of 1, 1, 2, 2 queries costs 2 + 2 + 4 + 4 = 12 two-sided passes, 2 + 2 + 3 + 3 = 10 directional ones", () => {
  const schedules = [
    { name: "steps", queries: { kind: "steps", initial: 1, changes: [{ at: 1, value: 2 }], unit: "epoch" } as const },
  ];
  const options = { steps: 4, stepsPerEpoch: 2 };
  const [queries, passes] = scheduleFigure(schedules, options).data;
  assert.equal([queries!.x, queries!.y], [[0, 1, 2], [1, 2, 2]]); // prettier-ignore
  assert.equal([passes!.x, passes!.y], [[0, 1, 2], [0, 4, 12]]); // prettier-ignore
  const directional = scheduleFigure(schedules, { ...options, per: "step", passes: DIRECTIONAL }).data[1]!;
  assert.equal([directional.x, directional.y], [[0, 2, 4], [0, 4, 10]]); // prettier-ignore
});

test("a long constant schedule stays two points", () => {
  const { data } = scheduleFigure([{ name: "MeZO", queries: 1 }], { steps: 10_000, stepsPerEpoch: 63 });
  assert.equal(data[1]!.y, [0, 20_000]);
});

test("windows of two over projected gradients 3, 4, 6 give sqrt 12.5 and 6", () => {
  const steps = [3, 4, 6].map((rmsProjectedGradient, i): StepNumbers => {
    return { step: i + 1, forwardPasses: 2 * i + 2, queries: 1, loss: 1, rmsProjectedGradient, weightNorm: 1 };
  });
  assert.equal(rootMeanSquares(steps, "steps", 2), [
    { x: 2, y: Math.sqrt(12.5) },
    { x: 3, y: 6 },
  ]);
});

test("a ranking has the lowest at the top, and in another colour what is told apart from it", () => {
  const rates = { learningRate: 1e-3 };
  const runs = [0, 1, 2].flatMap((seed) => [
    withLoss(syntheticRun({ arm: "MeZO-LoRA", seed, ...rates, steps: 20 }), 1.5 + 0.01 * seed),
    withLoss(syntheticRun({ arm: "lozo", seed, ...rates, steps: 20 }), 1 + 0.02 * seed),
  ]);
  const ranked = rankMethods(runs, { kind: "steps", most: 20 }, "mezo-lora");
  const { data, layout } = rankingFigure(ranked, { reference: "mezo-lora" });
  assert.equal(layout.yaxis?.ticktext, ["LOZO", "MeZO-LoRA"]);
  assert.equal(layout.yaxis?.tickvals, [1, 0]);
  const [line, seeds, together, higher] = data;
  assert.equal([together!.y, higher!.y], [[1], [0]]);
  assert.ok(Math.abs(Number(line!.x![0]) - 1.51) < 1e-12);
  assert.is(seeds!.x!.length, 6);
  throwsWith(() => rankingFigure([]), "ranked: expected at least one method");
});

test("matrices share one scale around 0, and of a large one the first entries are drawn, which its name says", () => {
  const small = { name: "small", matrix: matrix(2, 2, [1, -2, 0, 1]) };
  const wide = { name: "wide", matrix: matrix(1, 3, [4, 0, 9]) };
  const options = { entry: "entry", corner: { rows: 2, columns: 2 } };
  const { data, layout } = matricesFigure([small, wide], options);
  assert.equal(data.map(({ z }) => z), [[[1, -2], [0, 1]], [[4, 0]]]); // prettier-ignore
  // 9 is not drawn, so 4 is the largest
  assert.equal(data.map(({ zmin, zmax }) => [zmin, zmax]), [[-4, 4], [-4, 4]]); // prettier-ignore
  assert.equal(
    [layout.xaxis, layout.xaxis2].map((axis) => (axis?.title as { text: string }).text),
    ["small (2 × 2)", "wide (1 × 3, its first entries)"],
  );
  const zeros = matricesFigure([{ name: "zeros", matrix: matrix(1, 1, [0]) }], options).data[0]!;
  assert.equal([zeros.zmin, zeros.zmax], [-1, 1]);
  throwsWith(() => matricesFigure([], options), "matrices: expected at least one matrix");
});

test("a collapsed run's zeros have no place on a logarithmic axis and are left out", () => {
  const run = syntheticRun({ arm: "AdaZeta", seed: 0, steps: 20 });
  const steps = run.steps.map((step) => ({ ...step, rmsProjectedGradient: step.step > 10 ? 0 : 1 }));
  const { data, layout } = warningsFigure([{ ...run, steps }]);
  assert.equal(data[1]!.x, [10]);
  assert.is(layout.yaxis2!.type, "log");
});

test("early warnings mark the step of divergence in both panels", () => {
  const { data } = warningsFigure([syntheticRun({ arm: "MeZO-LoRA", seed: 0, divergesAt: 37 })]);
  const crosses = data.filter((trace) => trace.mode === "markers");
  assert.equal(crosses.map((trace) => trace.x), [[37], [37]]); // prettier-ignore
});

test("the map counts diverged seeds in every cell, rates ascending, and leaves white what was not run", () => {
  const run = (arm: string, learningRate: number, seed: number, diverges: boolean): ReturnType<typeof syntheticRun> =>
    syntheticRun({ arm, learningRate, seed, steps: 20, ...(diverges ? { divergesAt: 15 } : {}) });
  const { data, layout } = divergenceMap([
    run("a<b", 1e-2, 0, true),
    run("a<b", 1e-2, 1, false),
    run("a<b", 1e-3, 0, false),
    run("c", 1e-2, 0, true),
  ]);
  assert.equal([data[0]!.x, data[0]!.y], [["1e-3", "1e-2"], ["a&lt;b", "c"]]); // prettier-ignore
  assert.equal(data[0]!.z, [[0, 0.5], [null, 1]]); // prettier-ignore
  assert.equal(
    layout.annotations!.map(({ text }) => text),
    ["0/1", "1/2", "not run", "1/1"],
  );
});

test("a logarithmic axis says 50, not 5, and spans a factor of four at least", () => {
  assert.equal(logAxis([6, 180]).ticktext, ["5", "10", "20", "50", "100", "200"]);
  assert.equal(logAxis([0.03, 15]).tickvals, [0.1, 1, 10]);
  // 16 decades and room: every second or third one
  assert.equal(logAxis([1e-16, 1]).tickvals, [1e-16, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1]);
  const [low, high] = logAxis([1, 1]).range as [number, number];
  assert.is((10 ** (high - low)).toFixed(6), "4.000000");
});

test("times, counts and scales are sorted and labelled", () => {
  const time = timeFigure([
    { tokens: 64, fastForwardMs: 2, reconstructionMs: 8 },
    { tokens: 16, fastForwardMs: 1, reconstructionMs: 7 },
  ]);
  assert.equal([time.data[0]!.x, time.data[0]!.y, time.data[1]!.y], [[16, 64], [1, 2], [7, 8]]); // prettier-ignore
  const bars = parameterCountFigure([{ model: "m", adapter: "tensor train", parameters: 610_560 }]);
  assert.equal(bars.data[0]!.text, ["610,560"]);
  const scale = initialScaleFigure([
    { name: "s", hiddenSize: 576, relativeOutput: 0.2 },
    { name: "s", hiddenSize: 384, relativeOutput: 0.3 },
  ]);
  assert.equal(scale.data[0]!.x, [384, 576]);
});

test("a method has its colour everywhere, whatever stands beside it; a second curve of it another dash", () => {
  const [alone] = stylesFor(["AdaZeta"]);
  const [other, beside, again, third] = stylesFor(["something new", "adazeta", "AdaZeta", "AdaZeta"]);
  assert.equal(beside, alone);
  assert.is(again!.color, alone!.color);
  assert.is(new Set([beside!.dash, again!.dash, third!.dash]).size, 3);
  assert.not.equal(other, beside);
});

test("an arm has its colour in every figure: in the explorer, alone, and beside others in any order", () => {
  const colourOf = (arms: readonly string[], name: string): string => stylesFor(arms)[arms.indexOf(name)]!.color;
  const arms = ["one query", "schedule", "AdaZeta", "alpha 3", "MeZO"];
  for (const name of arms) assert.is(colourOf([...arms].reverse(), name), colourOf(arms, name), name);
  for (const name of arms) assert.is(colourOf([name], name), colourOf(arms, name), name);
  const { data } = scheduleFigure([{ name: "MeZO", queries: 1 }], { steps: 4, stepsPerEpoch: 2 });
  assert.is(data[0]!.line!.color, stylesFor(["MeZO-LoRA"])[0]!.color);
  const [one, other] = stylesFor(["MeZO", "MeZO-LoRA"]);
  assert.is.not(one!.dash, other!.dash);
});

test("six unknown methods and all known ones are told apart", () => {
  const names = [..."abcdef", "AdaZeta", "MeZO-LoRA", "LoRA + schedule", "TT, one query", "random mask"];
  assert.is(new Set(stylesFor(names).map((style) => JSON.stringify(style))).size, names.length);
});

test("a translucent blue and wrapped words", () => {
  assert.is(translucent(colors.blue, 0.2), "rgba(0, 114, 178, 0.2)");
  assert.equal(wrap("aa bb cc", 5), ["aa bb", "cc"]);
});

test("every figure is JSON all through, white, and has a name with unit on its axes", () => {
  for (const [name, figure] of Object.entries(gallery())) {
    assert.equal(JSON.parse(JSON.stringify(figure)), figure, name);
    assert.is(figure.layout.paper_bgcolor, "#ffffff", name);
    const text = JSON.stringify([figure.layout.xaxis?.title, figure.layout.yaxis?.title]);
    assert.match(text, /step|epoch|passes|tokens|parameters|size|rate/, name);
  }
});

test("nothing to draw is an error that says what was expected", () => {
  throwsWith(() => scheduleFigure([], { steps: 1, stepsPerEpoch: 1 }), "schedules: expected at least one schedule");
  throwsWith(() => scheduleFigure([{ name: "a", queries: 1 }], { steps: 0, stepsPerEpoch: 1 }), "steps: expected a positive integer, got 0"); // prettier-ignore
  throwsWith(() => warningsFigure([]), "runs: expected at least one run");
  throwsWith(() => divergenceMap([]), "runs: expected at least one run");
  throwsWith(() => timeFigure([]), "timings: expected at least one timing");
  throwsWith(() => parameterCountFigure([]), "counts: expected at least one count");
  throwsWith(() => initialScaleFigure([]), "scales: expected at least one measurement");
});

test("five seeds of five arms stay a small value", () => {
  const bytes = JSON.stringify(warningsFigure(divergenceRuns(5))).length;
  assert.ok(bytes < 1_000_000, `${bytes} bytes`);
});

test("lines keep their points, but zeros have no place on a logarithmic axis", () => {
  const points = [4, 2, 0].map((y, i) => ({ x: i + 1, y }));
  const { data, layout } = linesFigure([{ name: "a <b>", points }], { x: "place", y: "value", xScale: "log" });
  assert.equal([data[0]!.x, data[0]!.y, data[0]!.name], [[1, 2], [4, 2], "a &lt;b&gt;"]); // prettier-ignore
  assert.equal([layout.xaxis!.type, layout.yaxis!.type], ["log", "log"]);
  throwsWith(() => linesFigure([], { x: "place", y: "value" }), "lines: expected at least one line, got []");
  const below = [
    { x: 1, y: -1 },
    { x: 2, y: 3 },
  ];
  const flat = linesFigure([{ name: "a", points: below }], { x: "place", y: "value", yScale: "linear" });
  assert.equal([flat.data[0]!.y, flat.layout.yaxis!.type], [[-1, 3], undefined]);
});

test("a figure's misspelt option is named with the nearest one that there is", () => {
  const misspelt = <Options>(name: string, more: Readonly<Record<string, unknown>> = {}): Options =>
    ({ ...more, [name]: 1 }) as Options;
  const runs = [syntheticRun({ arm: "mezo", seed: 0 })];
  const ranked = rankMethods([syntheticRun({ arm: "mezo-lora", seed: 0 })], { kind: "steps", most: 20 }, "mezo-lora");
  const one = { name: "one", matrix: matrix(1, 1, Float64Array.of(1)) };
  const line = { name: "one", points: [{ x: 0, y: 1 }] };
  const cases: readonly (readonly [draw: () => unknown, says: string])[] = [
    [() => lossFigure(runs, misspelt("untl", { x: "steps" })), 'figure: expected the options x, until, title, origin; nearest: until, got "untl"'], // prettier-ignore
    [() => lossByStepsAndPasses(runs, misspelt("titel")), "nearest: title"],
    [() => warningsFigure(runs, misspelt("windw")), "nearest: window"],
    [() => scheduleFigure([{ name: "one", queries: 1 }], misspelt("paremeters", { steps: 2, stepsPerEpoch: 1 })), "nearest: parameters"], // prettier-ignore
    [() => meanAndSpread(runs, misspelt("bands", { x: "steps" })), "nearest: band"],
    [() => linesFigure([line], misspelt("yscale", { x: "x", y: "y" })), "nearest: yScale"],
    [() => matricesFigure([one], misspelt("corners", { entry: "x" })), "nearest: corner"],
    [() => rankingFigure(ranked, misspelt("refrence")), "nearest: reference"],
    [() => timeFigure([{ tokens: 1, fastForwardMs: 1, reconstructionMs: 1 }], misspelt("orgin")), "nearest: origin"],
  ];
  for (const [draw, says] of cases) throwsWith(draw, says);
});

test.run();
