import { suite } from "uvu";
import * as assert from "uvu/assert";
import { divergencePoint, valueAt } from "../../src/plot/curve";
import { lossByStepsAndPasses, lossFigure } from "../../src/plot/loss";
import { chanceLabel, chanceOf } from "../../src/plot/loss-axis";
import type { RunRecord } from "../../src/table/record";
import { throwsWith } from "../support/throws";
import { chance, divergenceRuns, origin } from "./synthetic-runs";

const test = suite("plot/loss");

/** Evaluated at steps 0, 10, 20 of two forward passes each. */
function run(losses: readonly (number | null)[], more: Partial<RunRecord> = {}): RunRecord {
  return {
    arm: "MeZO-LoRA",
    seed: 0,
    learningRate: 3e-3,
    steps: [],
    evaluations: losses.map((loss, i) => ({ step: 10 * i, forwardPasses: 20 * i, loss, accuracy: null })),
    diverged: null,
    chanceLoss: chance,
    ...more,
  };
}

test("a run of three evaluations becomes one curve, and its divergence a cross at step 20, pass 40", () => {
  const diverged = run([1, 0.9, 1.8], { diverged: { step: 20 } });
  const { data } = lossFigure([diverged], { x: "forward passes" });
  assert.equal(
    data.map(({ mode, x, y }) => ({ mode, x, y })),
    [
      { mode: "lines+markers", x: [0, 20, 40], y: [1, 0.9, 1.8] },
      { mode: "markers", x: [40], y: [1.8] },
    ],
  );
  assert.is(data[1]!.legendgroup, data[0]!.legendgroup);
  assert.equal(lossFigure([diverged], { x: "steps" }).data[1]!.x, [20]);
});

test("the line of chance lies at log C and says so", () => {
  const { layout } = lossFigure([run([1])], { x: "steps" });
  assert.equal([layout.shapes![0]!.y0, layout.shapes![0]!.y1], [Math.log(6), Math.log(6)]);
  assert.is(layout.annotations![0]!.text, "chance (log 6)");
  assert.is(chanceLabel(0.7), "chance (0.700)");
});

test("chance never flattens the curves: where it lies far from them it is a mark at that edge", () => {
  const share = (losses: readonly number[], more: Partial<RunRecord>) => {
    const { layout } = lossFigure([run(losses, more)], { x: "steps" });
    const [low, high] = layout.yaxis!.range as [number, number];
    const part = (Math.max(...losses) - Math.min(...losses)) / (high - low);
    return { part, shapes: layout.shapes!, note: layout.annotations![0]! };
  };
  const above = share([0.31, 0.3, 0.28], {});
  assert.ok(above.part > 0.8, `the curve takes ${above.part} of the height`);
  assert.equal([above.shapes.length, above.note.text, above.note.y], [0, "\u2191 chance (log 6)", 1]);
  assert.is(above.note.yref, "y domain");
  const below = share([3, 2.9, 2.8], {});
  assert.equal([below.shapes.length, below.note.text, below.note.y], [0, "\u2193 chance (log 6)", 0]);
  const near = share([1.7, 1.5, 1.3], {});
  assert.equal([near.shapes.length, near.note.text], [1, "chance (log 6)"]);
  assert.ok(near.part > 0.55, `the curve takes ${near.part} of the height`);
  assert.equal(lossFigure([run([1, 0.9], { chanceLoss: null })], { x: "steps" }).layout.annotations, []);
  // Nothing was evaluated yet, and a curve that does not move.
  for (const losses of [[], [1, 1]]) {
    const [low, high] = lossFigure([run(losses)], { x: "steps" }).layout.yaxis!.range as [number, number];
    assert.ok(Number.isFinite(low) && high > low, `${low} to ${high}`);
  }
});

test("two panels hold the same losses against steps and against forward passes, with one legend", () => {
  const runs = divergenceRuns(1);
  const { data, layout } = lossByStepsAndPasses(runs, { title: "both", origin });
  const left = data.filter((trace) => trace.xaxis === "x");
  const right = data.filter((trace) => trace.xaxis === "x2");
  assert.is(left.length, right.length);
  left.forEach((trace, i) => assert.equal(trace.y, right[i]!.y));
  assert.ok(right.every((trace) => trace.showlegend === false));
  assert.is(left.filter((trace) => trace.showlegend).length, runs.length);
  assert.equal(layout.yaxis!.range, layout.yaxis2!.range);
});

test("along every curve x grows, and every y is a finite number", () => {
  for (const { x, y } of lossByStepsAndPasses(divergenceRuns(2)).data) {
    const xs = x as number[];
    assert.ok(xs.every((value, i) => i === 0 || value > xs[i - 1]!));
    assert.is((y as number[]).length, xs.length);
    assert.ok((y as number[]).every(Number.isFinite));
  }
});

test("losses that were not finite leave a gap, and the cross stays at the last finite one", () => {
  const broken = run([1, 0.9, null], { diverged: { step: 20 } });
  assert.equal(lossFigure([broken], { x: "steps" }).data[0]!.y, [1, 0.9]);
  assert.equal(divergencePoint(broken, "steps"), { x: 20, y: 0.9 });
});

test("a loss of 95 nats does not flatten the others, and its cross stays in sight", () => {
  const { data, layout } = lossFigure([run([1, 95], { diverged: { step: 10 } })], { x: "steps" });
  const [, top] = layout.yaxis!.range as [number, number];
  assert.ok(top < 3);
  assert.ok((data[1]!.y as number[])[0]! < top);
  assert.equal(data[1]!.text, ["95"]);
});

test("a live figure is the same function on what there is so far, even before the first evaluation", () => {
  const { data, layout } = lossFigure([run([]), run([1, 0.9])], { x: "steps", until: 240 });
  assert.equal(data[0]!.x, []);
  assert.ok((layout.xaxis!.range as number[])[1]! >= 240);
  assert.equal(lossFigure([run([])], { x: "steps" }).layout.xaxis!.range, [0, 1]);
});

test("learning rates and seeds enter the legend only where runs would be confused without them", () => {
  const names = (runs: readonly RunRecord[]): unknown => lossFigure(runs, { x: "steps" }).data.map(({ name }) => name);
  assert.equal(names([run([1])]), ["MeZO-LoRA"]);
  assert.equal(names([run([1]), run([1], { learningRate: 1e-3 })]), ["MeZO-LoRA, lr 3e-3", "MeZO-LoRA, lr 1e-3"]);
  assert.equal(names([run([1]), run([1], { seed: 1 })]), ["MeZO-LoRA, seed 0", "MeZO-LoRA, seed 1"]);
});

test("names, titles and origins from data are escaped for Plotly's labels", () => {
  const { data, layout } = lossFigure([run([1, 2], { name: "<b>a</b> & $b$", diverged: { step: 10 } })], {
    x: "steps",
    title: "1 < 2",
    origin: { kind: "reported", source: "<a href='x'>y</a>" },
  });
  const text = JSON.stringify([data, layout]);
  assert.not.match(text, /<b>|<a |\$b\$/);
  assert.is(data[0]!.name, "&lt;b&gt;a&lt;/b&gt; &amp; &#36;b&#36;");
  assert.is(layout.title!.text, "1 &lt; 2");
});

test("a figure is JSON all through", () => {
  const figure = lossByStepsAndPasses(divergenceRuns(1), { origin });
  assert.equal(JSON.parse(JSON.stringify(figure)), figure);
});

test("between two points a curve is a straight line, outside it has no value", () => {
  const curve = [
    { x: 0, y: 1 },
    { x: 10, y: 3 },
  ];
  assert.equal([0, 5, 10, -1, 11].map((x) => valueAt(curve, x)), [1, 2, 3, null, null]); // prettier-ignore
});

test("no runs is an error", () => {
  throwsWith(() => lossFigure([], { x: "steps" }), "runs: expected at least one run");
  throwsWith(() => lossByStepsAndPasses([]), "runs: expected at least one run");
});

test("runs with dev texts of their own have one line, at the mean of their chances", () => {
  const runs = divergenceRuns(2).slice(0, 4).map((run, i) => ({ ...run, chanceLoss: i % 2 === 0 ? 1.5 : 1.6 })); // prettier-ignore
  assert.ok(Math.abs((chanceOf(runs) ?? NaN) - 1.55) < 1e-9);
  assert.is(chanceOf(runs.map((run) => ({ ...run, chanceLoss: null }))), null);
});

test.run();
