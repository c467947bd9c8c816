import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createLastWords } from "../../src/notebook/last-words";

const test = suite("notebook/last-words");

const text = (said: string): string => `${JSON.stringify({ text: ["stdout", said] })}\n`;
const sent = (id: string, said: string): string =>
  `${JSON.stringify({ header: { msg_id: id, msg_type: "stream" }, parent: {}, content: { name: "stdout", text: said } })}\n`;

test("what has arrived is not missing, whichever way was quicker", () => {
  const words = createLastWords();
  words.arrived("a");
  words.take(text("1") + sent("a", "1") + sent("b", "2"));
  assert.equal(
    words.missing().map(({ content }) => content["text"]),
    ["2"],
  );
  words.arrived("b");
  assert.equal(words.missing(), []);
});

test("text that was never sent comes last, and a line in pieces is one line", () => {
  const words = createLastWords();
  const all = text("0") + text("1") + sent("a", "01") + text("2") + text("3") + '{"text":["stdout","cut';
  for (const letter of all) words.take(letter);
  assert.equal(
    words.missing().map(({ header, content }) => [header.msg_type, content["text"]]),
    [
      ["stream", "01"],
      ["stream", "2"],
      ["stream", "3"],
    ],
  );
});

test("text that was written while earlier text was sent is still to come", () => {
  const words = createLastWords();
  words.take(text("silent") + text("one") + text("two") + text("three") + sent("a", "onetw"));
  words.arrived("a");
  assert.equal(
    words.missing().map(({ content }) => content["text"]),
    ["o", "three"],
  );
});

test.run();
