import { suite } from "uvu";
import * as assert from "uvu/assert";
import { initialTrain } from "../../src/tt/initial";
import { presetModes } from "../../src/tt/plan";
import { compareApplications } from "../../src/tt/timing";
import { throwsWith } from "../support/throws";

const test = suite("tt/timing");
const train = initialTrain(presetModes["minilm-l6"].down, 5, 0, 0);

test("a clock that gains 1, 2, 3, ... ms between its calls gives 1 and 7 as the shortest times", () => {
  // three repeats each: fast-forward lasts 1, 3, 5 ms, then reconstruction 7, 9, 11
  let [time, step] = [0, 0];
  const clock = () => (time += step++);
  const [only] = compareApplications(train, { tokens: [4], repeats: 3, clock });
  assert.equal([only.tokens, only.fastForwardMs, only.reconstructionMs], [4, 1, 7]);
});

test("both ways give the same numbers to rounding", () => {
  for (const { difference } of compareApplications(train, { tokens: [1, 7], repeats: 1, clock: () => 0 }))
    assert.ok(difference < 1e-12 && difference > 0);
});

test("no tokens and no repeats are refused", () => {
  const clock = () => 0;
  throwsWith(
    () => compareApplications(train, { tokens: [0], repeats: 1, clock }),
    "tokens: expected a positive integer, got 0",
  );
  throwsWith(
    () => compareApplications(train, { tokens: [1], repeats: 0, clock }),
    "repeats: expected a positive integer, got 0",
  );
});

test.run();
