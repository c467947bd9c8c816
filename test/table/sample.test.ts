import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sampleTable } from "../../src/table/sample";
import { toText } from "../../src/table/text";
import { tinyProblem } from "../support/tiny-problem";

const test = suite("table/sample");

test("3 + 1 training texts and 2 + 2 dev texts are two rows with their sums; parts without texts have none", () => {
  const counts = { prototypes: [0, 0], train: [3, 1], dev: [2, 2], test: [0, 0] };
  const table = sampleTable({ counts }, ["negative", "positive"]);
  assert.equal(table.columnNames(), ["part", "negative", "positive", "all"]);
  assert.equal(table.objects(), [
    { part: "train", negative: 3, positive: 1, all: 4 },
    { part: "dev", negative: 2, positive: 2, all: 4 },
  ]);
});

test("nothing at all is a table without rows", () => {
  const counts = { prototypes: [0], train: [0], dev: [0], test: [0] };
  assert.is(sampleTable({ counts }, ["only"]).numRows(), 0);
});

test("the sums of a real sample are the numbers of its texts", async () => {
  const { sample, task } = await tinyProblem("bert");
  const table = sampleTable(sample, task.labels);
  assert.equal([...table.array("part")], ["prototypes", "train", "dev", "test"]);
  assert.equal([...table.array("all")], [12, 16, 12, 12]);
  assert.match(toText(table, {}), /prototypes/);
});

test.run();
