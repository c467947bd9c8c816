import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsePassTimes, secondsByArm } from "../../src/table/pass-times";
import { throwsWith } from "../support/throws";

const test = suite("table/pass-times");
const line = (changes: object = {}): string =>
  JSON.stringify({
    format: "adazeta-pass-time",
    version: 1,
    ...{ model: "minilm", task: "trec", arm: "lozo", secondsPerPass: 0.02, secondsPerStep: 0.04, rounds: 3 },
    ...{ machine: "m", commit: "c", date: "d" },
    ...changes,
  });

test("a line is a time, by its arm; the last of two of one arm counts, and other models are apart", () => {
  const text = [line(), line({ secondsPerPass: 0.03 }), line({ model: "smollm2", task: "sst2" }), ""].join("\n");
  const times = parsePassTimes(text, "f");
  assert.is(times.length, 2);
  assert.equal([...secondsByArm(times, { model: "minilm", task: "trec" })], [["lozo", 0.03]]);
});

test("what is no such record is refused with its line", () => {
  throwsWith(() => parsePassTimes(`${line()}\n{"for`, "f"), "f:2: expected one JSON object on the line");
  throwsWith(() => parsePassTimes(line({ version: 2 }), "f"), "f:1: format: expected adazeta-pass-time, version 1");
  throwsWith(() => parsePassTimes(line({ secondsPerPass: 0 }), "f"), "f:1: secondsPerPass");
  throwsWith(() => parsePassTimes(line({ arm: 3 }), "f"), "f:1: arm: expected a text");
});

test.run();
