import { suite } from "uvu";
import * as assert from "uvu/assert";
import { paperRecords } from "../../src/notebook/paper-records";
import { ends, learningTable } from "../../src/table/learning";
import { taskRuns } from "../../src/table/paper-cells";

const test = suite("table/learning");
const step = (loss: number | null, i: number) => ({
  step: i + 1,
  forwardPasses: 2 * i + 2,
  queries: 1,
  loss,
  rmsProjectedGradient: 1,
  weightNorm: 1,
});

test("ten steps from 10 to 1: the first fifth is 9.5, the last 1.5", () => {
  assert.equal(ends({ steps: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(step) }), { first: 9.5, last: 1.5 });
  assert.equal(ends({ steps: [3, 2].map(step) }), { first: 3, last: 2 });
  assert.equal(ends({ steps: [] }), { first: null, last: null });
  assert.equal(ends({ steps: [null, 2].map(step) }), { first: null, last: 2 });
});

test("COPA's recorded runs lower the loss that they train, whatever dev's other loss does", () => {
  const { log } = console;
  console.log = () => undefined;
  const { planned } = paperRecords("superglue-llama2");
  console.log = log;
  const { table } = learningTable(planned, "copa");
  const rows = table.objects() as Record<string, unknown>[];
  const runs = taskRuns(planned, "copa");
  assert.is(
    rows.reduce((sum, row) => sum + (row["seeds"] as number), 0),
    runs.length,
  );
  const first = rows.find((row) => row["arm"] === "AdaZeta" && row["learning rate"] === "3e-3")!;
  assert.ok(table.columnNames().includes("cross-entropy over options, dev: lowest"));
  assert.ok(learningTable(planned, "sst2").table.columnNames().includes("dev loss: lowest"));
  assert.ok((first["trained loss, last fifth"] as number) < (first["trained loss, first fifth"] as number));
});

test.run();
