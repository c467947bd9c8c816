import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beyondLuck, bestOf, collapsedRun, describeCollapse, isCollapse } from "../../src/train/best";
import type { JudgedEvaluation } from "../../src/train/best";

const test = suite("train/best");
const chance = { loss: Math.log(2), count: 40 };
/** Evaluations every ten steps from [loss, accuracy] pairs. */
const run = (...pairs: readonly (readonly [number | null, number | null])[]): readonly JudgedEvaluation[] =>
  pairs.map(([loss, accuracy], i) => ({ step: 10 * i, loss, accuracy }));

test("from 0.786 and 62.5 % to 0.718 and 60 %: the lower loss is a flatter output, and the start stays the best", () => {
  const collapsed = run([0.786, 0.625], [0.809, 0.4], [0.718, 0.6], [0.892, 0.5]);
  assert.is(bestOf(collapsed)?.step, 20);
  assert.is(bestOf(collapsed, { chance })?.step, 0);
  assert.equal(collapsedRun(collapsed, chance), { step: 20, loss: 0.718, accuracy: 0.6 });
  assert.is(
    describeCollapse(collapsedRun(collapsed, chance)!, collapsed[0]!, chance),
    "the dev loss went from 0.786 to 0.718 at step 20 by a flatter output alone: the best constant answer has 0.693, and right answers fell from 62.5 % to 60.0 %",
  );
});

test("a loss that passes chance by more than luck is progress, whatever accuracy does; luck on 40 texts is 0.048", () => {
  assert.is(beyondLuck(chance).toFixed(3), "0.645");
  const [lucky, passed] = [run([0.9, 0.6], [0.66, 0.5]), run([0.9, 0.6], [0.64, 0.5])];
  assert.equal([isCollapse(lucky, chance), isCollapse(passed, chance)], [true, false]);
  assert.is(bestOf(passed, { chance })?.step, 10);
});

test("a loss that comes down towards chance while as many or more answers are right is no collapse", () => {
  for (const accuracy of [0.6, 0.61, 1]) assert.not.ok(isCollapse(run([0.9, 0.6], [0.75, accuracy]), chance));
  assert.not.ok(isCollapse(run([0.9, 0.6]), chance), "the evaluation before training is what others are compared with");
  assert.not.ok(isCollapse([], chance));
});

test("a run that begins below chance is judged by its loss alone", () => {
  const below = run([0.69, 0.6], [0.68, 0.4], [0.685, 0.7]);
  assert.is(bestOf(below, { chance })?.step, 10);
  assert.is(collapsedRun(below, chance), null);
});

test("a fall from the best accuracy so far counts from one standard error on: 0.8 - 0.063 on 40 texts", () => {
  const rising = [1.4, 0.5] as const;
  const good = [1.1, 0.8] as const;
  assert.ok(isCollapse(run(rising, good, [0.8, 0.73]), chance));
  assert.not.ok(isCollapse(run(rising, good, [0.8, 0.74]), chance));
  assert.is(bestOf(run(rising, good, [0.8, 0.55], [0.75, 0.5]), { chance })?.step, 10);
});

test("by accuracy the lower loss breaks ties, the earlier one of equals stays, and no collapse needs to be named", () => {
  assert.is(bestOf(run([0.7, 0.5], [0.9, 0.8], [0.6, 0.8], [0.6, 0.8]), { by: "accuracy", chance })?.step, 20);
  assert.is(bestOf(run([0.9, 0.6], [0.72, 0.3]), { by: "accuracy", chance })?.step, 0);
  assert.is(bestOf(run([NaN, 0.9], [0.7, 0.5]), { by: "accuracy" })?.step, 10);
});

test("what is not finite is never the best, and accuracies that were not measured say nothing", () => {
  assert.is(bestOf(run([null, 0.5], [Infinity, 0.5], [NaN, 1])), null);
  assert.is(bestOf(run([3, NaN], [2.5, NaN]), { chance })?.step, 10);
  assert.is(bestOf(run([3, null], [2.5, null]), { chance })?.step, 10);
});

test("the best so far is found step by step as at the end", () => {
  for (let seed = 0; seed < 40; seed++) {
    const all = run(
      ...Array.from(
        { length: 12 },
        (_, i) => [0.75 + 0.15 * Math.sin(seed + 3 * i), 0.5 + 0.2 * Math.cos(5 * seed + i)] as const,
      ),
    );
    for (const by of ["loss", "accuracy"] as const) {
      let best: JudgedEvaluation | null = null;
      all.forEach((now, i) => {
        if (bestOf(all.slice(0, i + 1), { by, chance }) === now) best = now;
      });
      assert.is(bestOf(all, { by, chance }), best);
      if (by === "loss") assert.not.ok(isCollapse(all.slice(0, all.indexOf(best!) + 1), chance));
    }
  }
});

test.run();
