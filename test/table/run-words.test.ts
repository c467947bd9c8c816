import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunRecord } from "../../src/table/record";
import { borderOf, inOrder, runWords } from "../../src/table/run-words";

const test = suite("table/run-words");

/** A run whose dev loss is looked at every 10 steps of 2 passes. */
function run(arm: string, seed: number, losses: readonly (number | null)[], diverged = false): RunRecord {
  return {
    arm,
    seed,
    learningRate: 3e-3,
    steps: [],
    chanceLoss: null,
    evaluations: losses.map((loss, i) => ({ step: 10 * i, forwardPasses: 20 * i, loss, accuracy: null })),
    diverged: diverged ? { step: 10 } : null,
  };
}

const runs = [
  run("AdaZeta", 0, [1, 0.75, 0.8]),
  run("AdaZeta", 1, [1.5, 1.25, 1.0]),
  run("MeZO-LoRA, x4", 0, [1, 0.9, 3], true),
  run("MeZO-LoRA, x4", 1, [1, 0.95, 1]),
  run("slow", 0, [1, 0.999], true),
];

test("the worked sentences: diverged seeds, orders by lowest loss and after passes, what was lowered", () => {
  const is = runWords(runs);
  assert.is(is.diverged(), "slow in 1 of 1 seed; MeZO-LoRA, x4 in 1 of 2 seeds; in none: AdaZeta");
  assert.is(is.diverged("AdaZeta"), "in none: AdaZeta");
  // (0.75 + 1) / 2, (0.9 + 0.95) / 2
  assert.is(is.lowest(), "AdaZeta 0.88; MeZO-LoRA, x4 0.93; slow 1.00 (1 seed)");
  // after 40 passes: (0.8 + 1) / 2, (3 + 1) / 2; slow spent 20
  assert.is(is.after(40), "AdaZeta 0.90; MeZO-LoRA, x4 2.00");
  assert.is(is.after(20, "slow", "AdaZeta"), "slow 1.00 (1 seed); AdaZeta 1.00");
  assert.is(is.moved("AdaZeta"), "1.25 to 0.88");
  // means of 0.25 and 0.5, of 0.1 and 0.05, and 0.001: the largest first
  assert.is(is.falls(), "AdaZeta 0.375; MeZO-LoRA, x4 0.075; slow 0.001 (1 seed)");
});

test("what was not measured is said or left out, never a number", () => {
  const none = runWords([]);
  const all = [none.diverged(), none.lowest(), none.after(10), none.falls(), none.moved("AdaZeta")];
  assert.equal(all, Array<string>(5).fill("not measured"));
  const is = runWords(runs);
  assert.equal([is.moved("other"), is.lowest("other"), is.diverged("other")], Array<string>(3).fill("not measured"));
  assert.is(is.lowest("other", "AdaZeta"), "AdaZeta 0.88");
  // a seed without a finite loss has no mean, and no place in an order
  assert.is(runWords([run("lost", 0, [null, null]), run("lost", 1, [1, 0.5])]).lowest(), "not measured");
});

test("the border of stability is said by the rates that were run, and no finer", () => {
  const at = (learningRate: number, ...lost: readonly boolean[]): readonly RunRecord[] =>
    lost.map((diverged, seed) => ({ ...run("a", seed, [1], diverged), learningRate }));
  const low = at(1e-3, false, false);
  assert.is(
    borderOf([...at(1e-2, true, true), ...low, ...at(3e-3, true, false)], "a"),
    "a: no seed up to 1e-3, every seed from 1e-2 on",
  );
  assert.is(borderOf([...low, ...at(3e-3, true, true)], "a"), "a: no seed up to 1e-3, every seed from 3e-3 on");
  assert.is(borderOf(low, "a"), "a: no seed up to 1e-3");
  assert.is(borderOf(at(1e-2, true), "a"), "a: every seed from 1e-2 on");
  assert.is(borderOf(at(1e-2, true, false), "a"), "a: some seeds at every rate");
  // a seed lost below a rate at which none is: the border lies below both
  assert.is(borderOf([...at(1e-4, false), ...at(1e-3, true), ...at(3e-3, false)], "a"), "a: no seed up to 1e-4");
  assert.is(borderOf(low, "b"), "b: not measured");
});

test("an order has the lowest or the highest first, and keeps equals as they were", () => {
  const values = [2, 1, 2].map((value, i) => ({ arm: "abc"[i], value, seeds: 2 }));
  assert.is(inOrder(values, 0), "b 1; a 2; c 2");
  assert.is(inOrder(values, 0, true), "a 2; c 2; b 1");
});

test.run();
