import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tableOf } from "../../src/table/rows";
import { toText } from "../../src/table/text";

const test = suite("table/text");

test("what a model wrote stays on its row, and moves no terminal", () => {
  const table = tableOf([
    { prompt: "one\ntwo", reward: 1 },
    { prompt: "\u001b[31mred\u0000 \u{1f642}", reward: 0.5 },
  ]);
  const lines = toText(table).split("\n");
  assert.equal(
    lines.map((line) => line.replace(/ +/g, " ")),
    ["prompt reward", "------------ ------", "one two 1.000", "?[31mred? \u{1f642} 0.500"],
  );
});

test.run();
