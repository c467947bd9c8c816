import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { faultRemark } from "../../src/experiment/faults";
import { glueRoberta } from "../../src/experiment/paper/glue-roberta";
import { superglueLlama2 } from "../../src/experiment/paper/superglue-llama2";
import type { PlannedRun } from "../../src/experiment/plan";
import type { ExperimentRecord } from "../../src/experiment/record";
import { paperRecords } from "../../src/notebook/paper-records";
import { besidePublished, duelTable, paperCells, paperTable, taskRuns } from "../../src/table/paper-cells";
import type { PlannedRecord } from "../../src/table/paper-cells";
import { mezoRoberta } from "../../src/table/published/roberta-large";
import { toText } from "../../src/table/text";
import { NO_STEPS, madeRecord } from "../support/made-record";
import { throwsWith } from "../support/throws";

const test = suite("table/paper-cells");
const cells = cellsOf(glueRoberta("tiny")).filter(({ task }) => task === "trec");

/** A record whose dev loss falls from 1.8 to `loss`, at as many forward passes as steps times `passes`. */
function recordOf(
  cell: (typeof cells)[number],
  loss: number,
  accuracy: number,
  passes = 2,
): ExperimentRecord<PlannedRun> {
  const evaluations = [0, 100, 200].map((step) => ({
    step,
    forwardPasses: passes * step,
    evaluationPasses: 4,
    accuracy,
    loss: 1.8 - ((1.8 - loss) * step) / 200,
  }));
  return madeRecord(cell, {
    forwardPasses: 200 * passes,
    history: { steps: NO_STEPS, evaluations },
    extra: { test: { loss, accuracy, count: 10 }, chanceLoss: Math.log(6), counts: { train: [1, 1, 1, 1, 1, 1] } },
  });
}

const planned = (
  record: (cell: (typeof cells)[number]) => ExperimentRecord<PlannedRun> | null,
): readonly PlannedRecord[] => cells.map((cell) => ({ cell, record: record(cell) }));
const armOf = (cell: (typeof cells)[number]) => cell.settings.arm.name;

test("tables of runs with a known fault say so in their caption; others have none", () => {
  const remark = (...faulty: readonly string[]) => {
    const of = planned((cell) => ({
      ...recordOf(cell, 0.5, 0.6),
      ...(faulty.includes(armOf(cell)) && { fault: "last-weight" as const }),
    }));
    const shown = paperCells(of);
    const models = { reported: "a", measured: "b" };
    return [
      paperTable(shown).options.caption,
      besidePublished(shown, { tables: [], models }).options.caption,
      duelTable(of, ["AdaZeta", "MeZO-LoRA"]).options.caption,
      faultRemark(taskRuns(of, "trec")) ?? undefined,
    ];
  };
  const none = remark();
  assert.equal(none, [undefined, undefined, undefined, undefined]);
  const [table, beside, duel, figure] = remark("AdaZeta");
  assert.match(table!, /^9 of \d+ runs were made with one corrupted weight \(repaired since; being made again\)$/);
  assert.is(beside, table);
  assert.match(duel!, /^9 of 18 runs were made/);
  assert.match(figure!, /^9 of \d+ runs were made/);
});

test("the rate with the lowest mean dev loss is taken, and its test scores, whatever others had on test", () => {
  const of = planned(
    (cell) =>
    armOf(cell) !== "AdaZeta" ? null : recordOf(cell, cell.learningRate === 1e-3 ? 0.5 : 0.9, cell.learningRate === 1e-3 ? 0.6 + 0.1 * cell.seed : 0.99), // prettier-ignore
  );
  const [cell] = paperCells(of).filter(({ arm }) => arm === "AdaZeta");
  assert.equal([cell.learningRate, cell.seeds, cell.measured, cell.planned], [1e-3, 3, 9, 9]);
  assert.ok(Math.abs(cell.devLoss!.mean - 0.5) < 1e-12);
  assert.ok(Math.abs(cell.test!.mean - 70) < 1e-9);
  // 70 +- 4.303 * 10 / sqrt(3)
  assert.ok(Math.abs(cell.interval![0] - 45.16) < 0.01 && Math.abs(cell.interval![1] - 94.84) < 0.01);
});

test("what has no record is not measured yet, never a number", () => {
  const { table, options } = paperTable(paperCells(planned(() => null)));
  const text = toText(table, options);
  assert.match(text, /trec +AdaZeta +0\/9 +not measured yet/);
  assert.not.match(text, /NaN|Infinity|undefined/);
});

test("with one rate complete and another begun, the choice is among the complete ones", () => {
  const of = planned(
    (cell) =>
    armOf(cell) !== "AdaZeta" || (cell.learningRate !== 3e-3 && cell.seed > 0) ? null : recordOf(cell, cell.learningRate, 0.5), // prettier-ignore
  );
  const [cell] = paperCells(of).filter(({ arm }) => arm === "AdaZeta");
  assert.equal([cell.learningRate, cell.seeds, cell.measured], [3e-3, 3, 5]);
});

test("beside published ones: found by task, method and k, or not found", () => {
  const { table, options } = besidePublished(paperCells(planned(() => null)), {
    tables: [mezoRoberta],
    shots: 16,
    models: { reported: "RoBERTa-large", measured: "MiniLM" },
    remarks: { trec: "another protocol" },
  });
  const text = toText(table, options);
  assert.match(
    text,
    /trec +MeZO-LoRA +73\.1 ± 6\.5 +MeZO, arXiv 2305\.17333, Table 18 +not measured yet +another protocol/,
  );
  assert.match(text, /trec +zero-shot +32\.0 /);
  assert.match(text, /trec +AdaZeta +not found +not measured yet/);
});

test("where right answers are as many as a guess's, the table says so and shows the loss", () => {
  // ten texts of six classes: two right are at chance, five are not
  const of = (accuracy: number) => paperCells(planned((cell) => (armOf(cell) === "zero-shot" ? recordOf(cell, 1.23, accuracy) : null))); // prettier-ignore
  const rowOf = (accuracy: number) => {
    const { table, options } = paperTable(of(accuracy));
    return toText(table, options)
      .split("\n")
      .find((line) => line.includes("zero-shot"))!;
  };
  assert.match(rowOf(0.2), /1\.230 ± 0\.000 +at chance/);
  assert.not.match(rowOf(0.2), /20\.0/);
  assert.match(rowOf(0.5), /1\.230 ± 0\.000 +50\.0 ± 0\.0/);
  const beside = (accuracy: number) => {
    const models = { reported: "RoBERTa-large", measured: "MiniLM" };
    const { table, options } = besidePublished(of(accuracy), { tables: [mezoRoberta], shots: 16, models });
    return toText(table, options);
  };
  assert.match(beside(0.2), /trec +zero-shot +32\.0 .*at chance, loss 1\.23 +guess: 16\.7 %/);
  assert.not.match(beside(0.5), /at chance|remark/);
  // the largest class of the test texts is what a guess takes
  const cell = paperCells(
    planned((one) => {
      const record = recordOf(one, 1, 0.7);
      return armOf(one) === "zero-shot" ? { ...record, extra: { ...(record.extra as object), counts: { train: [1], test: [6, 4] } } } : null; // prettier-ignore
    }),
  ).find(({ arm }) => arm === "zero-shot")!;
  assert.equal([cell.guess, cell.atChance], [60, true]);
});

test("two arms are compared after as many steps and after as many forward passes", () => {
  const of = planned((cell) => {
    if (cell.learningRate !== 3e-3) return null;
    if (armOf(cell) === "AdaZeta") return recordOf(cell, 0.8, 0.5, 8);
    return armOf(cell) === "MeZO-LoRA" ? recordOf(cell, 1.0, 0.5) : null;
  });
  const { table } = duelTable(of, ["AdaZeta", "MeZO-LoRA"]);
  assert.is(table.numRows(), 1);
  const mean = (column: string) => (table.get(column, 0) as { readonly mean: number }).mean;
  assert.equal([table.get("steps", 0), table.get("forward passes", 0)], [200, 400]);
  // At 400 passes AdaZeta has made 50 steps: no evaluation since the start.
  assert.equal(
    ["AdaZeta, equal steps", "MeZO-LoRA, equal steps", "AdaZeta, equal passes", "MeZO-LoRA, equal passes"].map((column) => mean(column).toFixed(2)), // prettier-ignore
    ["0.80", "1.00", "1.80", "1.00"],
  );
  throwsWith(
    () =>
      duelTable(
        planned(() => null),
        ["AdaZeta", "MeZO-LoRA"],
      ),
    "runs: expected records of AdaZeta and MeZO-LoRA",
  );
});

test("a run that ended before its budget is lost where the others are compared, not frozen at its last loss", () => {
  const of = planned((cell) => {
    if (cell.learningRate !== 3e-3) return null;
    if (armOf(cell) === "MeZO-LoRA") return recordOf(cell, 1.0, 0.5);
    if (armOf(cell) !== "AdaZeta") return null;
    const whole = recordOf(cell, 0.8, 0.5, 8);
    if (cell.seed > 0) return whole;
    const { steps, evaluations } = whole.history;
    return { ...whole, reason: "constant-output", history: { steps, evaluations: evaluations.slice(0, 2) } };
  });
  const { table } = duelTable(of, ["AdaZeta", "MeZO-LoRA"]);
  assert.is(table.get("steps", 0), 200);
  assert.is(table.get("AdaZeta, equal steps", 0), "lost (1 of 3 seeds)");
  // at 400 forward passes it was still there
  assert.is((table.get("AdaZeta, equal passes", 0) as { readonly mean: number }).mean, 1.8);
});

test("a choice's two losses stand apart: trained loss and options' where both are recorded, the options' alone in older records", () => {
  const grid = cellsOf(superglueLlama2("tiny")).filter(
    ({ settings, seed }) => settings.task === "copa" && settings.arm.name === "AdaZeta" && seed === 0,
  );
  const of = (optionLoss?: number): readonly PlannedRecord[] =>
    grid.map((cell) => {
      const record = recordOf(cell, 1.1, 0.6);
      const evaluations = record.history.evaluations.map((one) => ({ ...one, ...(optionLoss ? { optionLoss } : {}) }));
      const extra = { ...(record.extra as object), chanceAccuracy: 0.5, counts: { train: [8], test: [10] } };
      return { cell, record: { ...record, extra, history: { ...record.history, evaluations } } };
    });
  const [both] = paperCells(of(0.68));
  assert.equal([both!.devLoss?.mean, both!.optionLoss?.mean, both!.guess], [1.1, 0.68, 50]);
  assert.ok(
    paperTable(paperCells(of(0.68)))
      .table.columnNames()
      .includes("option loss"),
  );
  const [older] = paperCells(of());
  assert.equal([older!.devLoss, older!.optionLoss?.mean], [null, 1.1]);
  assert.match(toText(paperTable([older!]).table, paperTable([older!]).options), /copa +AdaZeta/);
});

test("a cell whose runs only became flatter says how many; others have no such column", () => {
  const flat = planned((cell) => {
    if (armOf(cell) !== "AdaZeta" || cell.learningRate !== 3e-3) return null;
    const record = recordOf(cell, 1.8, 0.2);
    const evaluations = record.history.evaluations.map((one, i) => ({ ...one, loss: i === 0 ? 2.5 : 1.8, accuracy: i === 0 ? 0.5 : 0.2 })); // prettier-ignore
    const extra = { ...(record.extra as object), counts: { train: [1], dev: [5, 5, 5, 5, 5, 5], test: [6, 4] } };
    return { ...record, extra, history: { ...record.history, evaluations } };
  });
  const cell = paperCells(flat).find(({ arm, measured }) => arm === "AdaZeta" && measured > 0)!;
  assert.is(cell.collapsed, cell.seeds);
  assert.ok(paperTable([cell]).table.columnNames().includes("collapsed"));
  assert.not.ok(
    paperTable([{ ...cell, collapsed: 0 }])
      .table.columnNames()
      .includes("collapsed"),
  );
});

test("a rate whose low losses are a collapse is not chosen before one that learned less", () => {
  const of = planned((cell) => {
    if (armOf(cell) !== "AdaZeta") return null;
    const flat = cell.learningRate === 3e-3;
    const record = recordOf(cell, 1, 0.5);
    const pairs = flat ? [[2.5, 0.5], [2, 0.3], [1.8, 0.2]] : [[2.5, 0.5], [2.4, 0.5], [2.3, 0.6]]; // prettier-ignore
    const evaluations = record.history.evaluations.map((one, i) => ({ ...one, loss: pairs[i]![0]!, accuracy: pairs[i]![1]! })); // prettier-ignore
    const extra = { ...(record.extra as object), counts: { train: [1], dev: [5, 5, 5, 5, 5, 5], test: [6, 4] } };
    return { ...record, extra, history: { ...record.history, evaluations } };
  });
  const cell = paperCells(of).find(({ arm }) => arm === "AdaZeta")!;
  assert.is.not(cell.learningRate, 3e-3);
  assert.equal([cell.devLoss?.mean, cell.collapsed], [2.3, 0]);
});

test("runs of a task leave out arms without steps", () => {
  const of = planned((cell) => (cell.seed === 0 ? recordOf(cell, 0.9, 0.5) : null));
  const names = new Set(taskRuns(of, "trec").map(({ arm }) => arm));
  assert.ok(names.has("AdaZeta") && !names.has("zero-shot"));
  assert.equal(taskRuns(of, "copa"), []);
});

test("the committed records of the divergence study count for the table", () => {
  const { planned: all, tasks, origin } = paperRecords("glue-roberta");
  assert.equal(tasks.includes("trec"), true);
  const ada = paperCells(all).find(({ arm, task }) => arm === "AdaZeta" && task === "trec")!;
  assert.is(ada.measured, 9);
  assert.ok(ada.test!.mean > 50 && ada.test!.mean < 100);
  assert.ok(origin.seeds.length >= 3);
  throwsWith(() => paperRecords("glue"), "experiment: expected one of");
});

test.run();
