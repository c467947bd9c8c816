import { suite } from "uvu";
import * as assert from "uvu/assert";
import { exactMatch, meanOverAnswers, normalizeAnswer, tokenF1 } from "../../src/task/answer-metrics";
import { throwsWith } from "../support/throws";

const test = suite("task/answer-metrics");

test("the worked normalization: case, punctuation, articles and spaces do not count", () => {
  assert.is(normalizeAnswer("The  Denver-Broncos!"), "denverbroncos");
  assert.is(normalizeAnswer("a cat, an owl and the Theatre"), "cat owl and theatre");
  assert.is(normalizeAnswer(" 10,000\n"), "10000");
  // only ASCII punctuation goes, as in Python's string.punctuation; é belongs to a word
  assert.is(normalizeAnswer("“quoted” théa the"), "“quoted” théa");
  assert.is(normalizeAnswer("a.m."), "am");
});

test("the worked F1: 1 shared word of 2 and 1, at best over the answers", () => {
  // "red fox" against "red dog": 2 * 1 / (2 + 2); against "fox": 2 * 1 / (2 + 1)
  assert.is(tokenF1("the red fox", ["a red dog"]), 0.5);
  assert.is(tokenF1("the red fox", ["a red dog", "fox"]), 2 / 3);
  assert.is(tokenF1("in the 10th and 11th centuries", ["10th and 11th centuries"]), 8 / 9);
});

test("a word counts as often as both have it", () => {
  // "no no no" and "no yes": one shared; 2 / (3 + 2)
  assert.is(tokenF1("no no no", ["no yes"]), 2 / 5);
});

test("nothing shared, and nothing at all, is 0; an exact match is 1 after normalization", () => {
  assert.equal([tokenF1("cat", ["dog"]), tokenF1("", ["dog"]), tokenF1("the", ["a"])], [0, 0, 0]);
  assert.equal([exactMatch("The fox.", ["dog", "fox"]), exactMatch("foxes", ["fox"])], [1, 0]);
});

test("where the first accepted answer says that there is none, nothing else has a share of right", () => {
  // as any answer "no answer" would share one of 2 and 2 words with "the answer is" and one of 1 and 2 with "answer"
  for (const none of ["no answer", "CANNOTANSWER"]) {
    assert.equal(
      [none, `The ${none}.`, none.toUpperCase(), "the answer is", "no", ""].map((text) => tokenF1(text, [none])),
      [1, 1, 1, 0, 0, 0],
    );
    // the others are not looked at
    assert.is(tokenF1("Rome", [none, "Rome"]), 0);
  }
  // only where it stands first, and spelled so
  assert.is(tokenF1("Rome", ["Rome", "no answer"]), 1);
  assert.is(tokenF1("answer", ["Rome", "no answer"]), 2 / 3);
  assert.is(tokenF1("answer", ["No answer"]), 2 / 3);
});

test("means over texts; no text, no answer and unequal lengths are errors", () => {
  assert.is(meanOverAnswers(exactMatch, ["a fox", "cat"], [["fox"], ["dog"]]), 0.5);
  throwsWith(() => meanOverAnswers(tokenF1, [], []), "texts: expected at least one answer");
  throwsWith(() => meanOverAnswers(tokenF1, ["x"], []), "accepted: expected length 1, got 0");
  throwsWith(() => tokenF1("x", []), "accepted: expected at least one answer");
});

test.run();
