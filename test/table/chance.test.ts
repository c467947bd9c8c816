import { suite } from "uvu";
import * as assert from "uvu/assert";
import { atChance } from "../../src/table/chance";
import { throwsWith } from "../support/throws";

const test = suite("table/chance");

test("five of five at one half are rare (1/32), four are not (6/32)", () => {
  assert.equal([atChance(5, 5, 0.5), atChance(4, 5, 0.5)], [false, true]);
  // P(X >= 59) = 0.0443, P(X >= 58) = 0.0666 for 100 tosses
  assert.equal([atChance(59, 100, 0.5), atChance(58, 100, 0.5)], [false, true]);
});

test("below the guess is at chance too; more right answers never are while fewer are not", () => {
  assert.ok(atChance(0, 50, 0.5) && atChance(20, 51, 32 / 51));
  for (const guess of [0, 0.02, 1 / 6, 0.63, 1]) {
    const found = Array.from({ length: 61 }, (_, right) => atChance(right, 60, guess));
    assert.equal(
      found,
      [...found].sort((a, b) => Number(b) - Number(a)),
      `guess ${guess}`,
    );
  }
});

test("a thousand texts do not underflow", () => {
  assert.equal([atChance(501, 1000, 0.5), atChance(560, 1000, 0.5)], [true, false]);
  assert.equal([atChance(2, 10_000, 0.0001), atChance(9, 10_000, 0.0001)], [true, false]);
});

test("what is no count or no probability is refused", () => {
  throwsWith(() => atChance(6, 5, 0.5), "right: expected at most 5, got 6");
  throwsWith(() => atChance(1.5, 5, 0.5), "right: expected");
  throwsWith(() => atChance(1, 0, 0.5), "n: expected");
  throwsWith(() => atChance(1, 5, 1.2), "g: expected a probability, got 1.2");
});

test.run();
