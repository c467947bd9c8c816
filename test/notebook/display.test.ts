import { suite } from "uvu";
import * as assert from "uvu/assert";
import { display } from "../../src/notebook/display";
import { escapeHtml } from "../../src/notebook/escape-html";
import { figureBundle, plotlyMime, showFigure } from "../../src/notebook/figure-display";
import { kernelRegistry, type DisplayContent } from "../../src/notebook/kernel-registry";
import { newestOnly } from "../../src/notebook/newest-only";
import { doneShare, duration, progressBundle, progressText, showProgress } from "../../src/notebook/progress";
import { stopSignal } from "../../src/notebook/stop-signal";
import { escapeText } from "../../src/table/escape";
import { throwsWith } from "../support/throws";

const test = suite("notebook/display");
const sent: { readonly content: DisplayContent; readonly update: boolean }[] = [];
const last = (): Readonly<Record<string, unknown>> => sent.at(-1)!.content.data;
test.before.each(() => {
  sent.splice(0);
  kernelRegistry().publish = (content, update) => void sent.push({ content, update });
});
test.after.each(() => {
  for (const flush of [...kernelRegistry().flushes]) flush();
  kernelRegistry().publish = undefined;
});

test("a display is shown once and then updated under the same id", () => {
  const output = display({ "text/plain": "a" });
  output.update({ "text/plain": "b" });
  assert.equal(
    sent.map(({ update }) => update),
    [false, true],
  );
  assert.is(sent[0]?.content.transient.display_id, sent[1]?.content.transient.display_id);
  assert.equal(last(), { "text/plain": "b" });
});

test("outside a kernel a display says so, and the stop signal is never aborted", () => {
  kernelRegistry().publish = undefined;
  throwsWith(() => display({}), "display: expected a running notebook kernel, got a plain Node process");
  assert.is(stopSignal().aborted, false);
});

test("of many quick values the first and the newest are shown", () => {
  // Time stands still: the first is shown, the others wait, and only the last of them is left to be shown at the end.
  const shown: number[] = [];
  const { push, flush } = newestOnly(
    200,
    (value: number) => shown.push(value),
    () => 0,
  );
  for (let i = 1; i <= 9; i++) push(i);
  assert.equal(shown, [1]);
  flush();
  flush();
  assert.equal(shown, [1, 9]);
});

test("values further apart than the interval are all shown", () => {
  let time = 0;
  const shown: number[] = [];
  const { push } = newestOnly(
    200,
    (value: number) => shown.push(value),
    () => time,
  );
  for (const at of [0, 200, 400]) {
    time = at;
    push(at);
  }
  assert.equal(shown, [0, 200, 400]);
});

test("a waiting value is shown by its timer, and when the cell ends", async () => {
  const shown: string[] = [];
  const byTimer = newestOnly(20, (value: string) => shown.push(value));
  byTimer.push("first");
  byTimer.push("by timer");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(shown, ["first", "by timer"]);
  byTimer.push("again");
  byTimer.push("by the kernel");
  for (const flush of [...kernelRegistry().flushes]) flush();
  assert.is(shown.at(-1), "by the kernel");
  assert.is(kernelRegistry().flushes.size, 0);
});

test("a figure is Plotly's JSON, a static picture and one line of text", () => {
  const figure = { data: [{ y: [1, 2] }], layout: { title: { text: "Loss" } } };
  const { "image/svg+xml": svg, ...others } = figureBundle(figure);
  assert.equal(others, { [plotlyMime]: figure, "text/plain": "figure: Loss (1 trace)" });
  assert.match(String(svg), /^<svg .*>Loss<\/text>.*<\/svg>$/);
  const escaped = { title: { text: escapeText("a < b & 'c'") } };
  assert.is(figureBundle({ data: [], layout: escaped })["text/plain"], "figure: a < b & 'c' (0 traces)");
  assert.is(figureBundle({ data: [] })["text/plain"], "figure: untitled (0 traces)");
});

test("a figure that has no picture, or is no figure at all, is handed to Plotly all the same", () => {
  for (const data of [[{ type: "pie", values: [1] }], [null as unknown as object]])
    assert.equal(Object.keys(figureBundle({ data })), [plotlyMime, "text/plain"]);
});

test("a figure's handle replaces the figure", () => {
  const plot = showFigure({ data: [] });
  plot.update({ data: [{ y: [1] }] });
  plot.finish();
  assert.equal(last()[plotlyMime], { data: [{ y: [1] }], layout: {} });
});

test("progress tells step, loss, rate, elapsed and remaining time", () => {
  // 20 passes in 10 s are 2.0 per second; a quarter of the steps is done, so three times 10 s are left.
  const state = { step: 5, steps: 20, forwardPasses: 20, loss: 0.5 };
  assert.is(
    progressText("run", state, 10_000),
    "run: step 5/20 · loss 0.5000 · 20 forward passes (2.0/s) · 0:10 elapsed · 0:30 left",
  );
  assert.is(doneShare({ ...state, totalForwardPasses: 200 }), 0.1, "by passes, where their number is known");
  assert.match(progressText("run", state, 10_000, "stopped at step 5"), /· stopped at step 5$/);
  assert.not.match(progressText("run", { step: 0, steps: 20, forwardPasses: 0 }, 0), /NaN|Infinity|left/);
});

test("durations read as a clock does", () => {
  assert.equal([0, 59_600, 83_000, 3_661_000].map(duration), ["0:00", "1:00", "1:23", "1:01:01"]);
});

test("a label cannot bring markup of its own into the bar", () => {
  const html = String(progressBundle("<img src=x>", { step: 1, steps: 2, forwardPasses: 1 }, 0)["text/html"]);
  assert.match(html, /&lt;img src=x&gt;/);
  assert.not.match(html, /<img/);
  assert.is(escapeHtml(`<a href="x" title='y'>&</a>`), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
});

test("a finished bar shows the last state, however quick it came", () => {
  const bar = showProgress("run", 3, () => 0);
  for (const step of [1, 2, 3]) bar.update({ step, steps: 3, forwardPasses: step });
  bar.finish();
  assert.is(last()["text/plain"], "run: step 3/3 · 3 forward passes (0.0/s) · 0:00 elapsed · done");
  const early = showProgress("run", 120, () => 0);
  early.update({ step: 30, steps: 120, forwardPasses: 240, totalForwardPasses: 960 });
  early.finish();
  assert.match(String(last()["text/html"]), /value="1\.0000".* step 30\/30 .*done/);
});

test.run();
