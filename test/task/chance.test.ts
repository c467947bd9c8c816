import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classChance, optionChance, tokenChance } from "../../src/task/chance";
import { crossEntropy } from "../../src/task/loss";
import { throwsWith } from "../support/throws";

const test = suite("task/chance");

test("three of four texts are of one class: loss 0.5623, accuracy 75 %", () => {
  // 3/4 log(4/3) + 1/4 log 4 = 0.2158 + 0.3466
  const { loss, accuracy, count } = classChance([3, 1]);
  assert.equal([loss.toFixed(4), accuracy, count], ["0.5623", 0.75, 4]);
});

test("TREC's dev questions: 1.569 and 31 %, where an even guess among six would have 1.792 and 17 %", () => {
  const { loss, accuracy } = classChance([31, 17, 0, 21, 17, 14]);
  assert.equal([loss.toFixed(3), accuracy], ["1.569", 0.31]);
});

test("no constant answer has a lower loss on the labels than chance, and the observed shares have it", () => {
  const counts = [5, 0, 3, 9];
  const labels = counts.flatMap((n, c) => new Array<number>(n).fill(c));
  const lossOf = (q: readonly number[]) =>
    crossEntropy(Float64Array.from(labels.flatMap(() => q.map(Math.log))), 4, labels).mean;
  const { loss } = classChance(counts);
  assert.ok(Math.abs(lossOf([5 / 17, 1e-300, 3 / 17, 9 / 17]) - loss) < 1e-12);
  for (let i = 0; i < 50; i++) {
    const raw = counts.map((n, c) => n + 0.1 + Math.abs(Math.sin(7 * i + c)) * 4);
    const total = raw.reduce((a, b) => a + b, 0);
    assert.ok(lossOf(raw.map((x) => x / total)) > loss);
  }
});

test("one class alone costs nothing and is always right; equal classes cost log C", () => {
  assert.equal(classChance([0, 7]), { loss: 0, accuracy: 1, count: 7 });
  assert.ok(Math.abs(classChance([4, 4, 4]).loss - Math.log(3)) < 1e-12);
});

test("options of one's own: the same score for each, one of two and two of three right", () => {
  const { loss, accuracy, count } = optionChance([
    { options: ["a", "b"], right: [1] },
    { options: ["a", "b", "c"], right: [0, 2] },
  ]);
  assert.ok(Math.abs(loss - (Math.log(2) + Math.log(1.5)) / 2) < 1e-12);
  assert.ok(Math.abs(accuracy - (1 / 2 + 2 / 3) / 2) < 1e-12);
  assert.is(count, 2);
});

test("tokens: the entropy of all of them together, whatever answer they are in", () => {
  assert.is(tokenChance([[5, 6], [5]]).toFixed(4), "0.6365");
  assert.is(tokenChance([[5, 5, 6]]), tokenChance([[5, 6], [5]]));
  assert.is(tokenChance([[8], [8, 8]]), 0);
});

test("nothing to be at chance on is refused, and so are counts that are none", () => {
  throwsWith(() => classChance([0, 0]), "counts: expected at least one example");
  throwsWith(() => classChance([1.5, 2]), "counts[0]: expected");
  throwsWith(() => optionChance([]), "choices: expected at least one example");
  throwsWith(() => tokenChance([[]]), "answers: expected at least one token");
});

test.run();
