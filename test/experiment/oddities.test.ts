import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { oddCells, odditiesNamed } from "../../src/experiment/oddities";
import { superglueLlama2 } from "../../src/experiment/paper/superglue-llama2";
import { samplingOf } from "../../src/experiment/problem-options";
import { sampleTask } from "../../src/task/sample";
import { taskNamed } from "../../src/task/tasks";
import { throwsWith } from "../support/throws";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("experiment/oddities");
const total = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);

test("the full grid's WSC trains on 54 texts with the reference's dev, and on 454 without", () => {
  const task = taskNamed("wsc");
  const exampleAt = (i: number) => ({
    fields: { text: `Text ${i} .`, name: `one ${i}`, pronoun: "it" },
    label: i % 2,
    where: { file: "made", line: i },
  });
  const part = (from: number, count: number) => Array.from({ length: count }, (_, i) => exampleAt(from + i));
  const loaded = {
    task,
    splits: { train: part(0, 554), validation: part(1000, 104), test: null },
    origin: { kind: "samples", description: "made", hash: "0" },
    notices: [],
  } as const;
  const wsc = cellsOf(superglueLlama2("full")).filter((cell) => cell.task === "wsc");
  const counts = [wsc, oddCells(wsc, odditiesNamed(["referenceDev"]))].map(([cell]) => {
    const options = samplingOf(task, "causal", wordTokenizer(), { ...cell.settings.problem, seed: 0 });
    const { train, dev, test } = sampleTask(loaded, options).counts;
    return [train, dev, test].map(total);
  });
  assert.equal(counts, [
    [454, 100, 104],
    [54, 500, 104],
  ]);
});

test("odd runs have keys of their own and belong to no study; without oddities nothing changes", () => {
  const cells = cellsOf(superglueLlama2("tiny"));
  assert.is(oddCells(cells, {}), cells);
  const odd = oddCells(cells, odditiesNamed(["testForDev", "keepRepeats"]));
  const known = new Set(cells.map(({ key }) => key));
  assert.ok(odd.every(({ key, settings }) => !known.has(key) && !("study" in settings)));
  assert.equal(odd[0].settings.problem.oddities, { testForDev: true, keepRepeats: true });
});

test("a habit that the reference does not have is refused", () => {
  throwsWith(
    () => odditiesNamed(["referenceDev", "54"]),
    '--oddities: expected referenceDev, testForDev, keepRepeats, got "54"',
  );
});

test.run();
