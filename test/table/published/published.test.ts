import { suite } from "uvu";
import * as assert from "uvu/assert";
import { figure1, figure1Table } from "../../../src/table/published/figure-1";
import { publishedAsPrinted, publishedBesideMeasured } from "../../../src/table/published/beside";
import { lorettaLlama2, mezoGvLlama2, sparseMezoLlama2 } from "../../../src/table/published/llama2";
import { mezoOpt } from "../../../src/table/published/opt-13b";
import { describeSource, printed, publishedCell } from "../../../src/table/published/published";
import type { PublishedTable } from "../../../src/table/published/published";
import { mezoRoberta } from "../../../src/table/published/roberta-large";
import { severalQueries } from "../../../src/table/published/several-queries";
import { spread } from "../../../src/table/statistics";
import { toHtml } from "../../../src/table/html";
import { toText } from "../../../src/table/text";
import { throwsWith } from "../../support/throws";

const test = suite("table/published");

const tables: readonly PublishedTable[] = [
  mezoRoberta,
  mezoOpt,
  mezoGvLlama2,
  sparseMezoLlama2,
  lorettaLlama2,
  severalQueries,
];
const source = { what: "Table 1", how: "paper" } as const;

test("a printed row is read number by number, mean and deviation", () => {
  const table = printed({ model: "M", metric: "accuracy (%)", source, tasks: "sst2 rte trec" }, [
    ["MeZO", 16, "90.5(1.2) - 76.9"],
  ]);
  const cell = (task: string) => publishedCell(table, { task, method: "MeZO", shots: 16 });
  assert.equal(
    [cell("sst2")?.value, cell("sst2")?.deviation, cell("rte"), cell("trec")?.value, cell("trec")?.deviation],
    [90.5, 1.2, null, 76.9, null],
  );
  assert.is(publishedCell(table, { task: "trec", method: "MeZO" }), null, "other shots are another row");
  assert.is(publishedCell(table, { task: "copa", method: "MeZO", shots: 16 }), null);
});

test("a row that does not fit its tasks, and a number in another form, are refused", () => {
  const about = { model: "M", metric: "accuracy (%)", source, tasks: "sst2 rte" };
  throwsWith(
    () => printed(about, [["MeZO", 16, "90.5"]]),
    "Table 1: MeZO: expected 2 numbers, one for each task, got 1",
  );
  throwsWith(
    () => printed(about, [["MeZO", 16, "90.5 6x.1"]]),
    'Table 1: MeZO, rte: expected a number like "90.5(1.2)"',
  );
});

test("percentages are between 0 and 100, no method stands twice, and every table says its source", () => {
  for (const { tasks, rows, source: from, model } of tables) {
    assert.is(new Set(tasks).size, tasks.length);
    assert.is(new Set(rows.map(({ method, shots }) => `${method} ${shots}`)).size, rows.length, model);
    for (const { cells } of rows)
      for (const cell of cells) assert.ok(cell !== null && cell.value > 0 && cell.value < 100);
    assert.ok(describeSource(from).length > 10);
  }
});

test("the averages that Sparse-MeZO's text confirms follow from the copied rows", () => {
  const mean = (method: string) =>
    sparseMezoLlama2.tasks.reduce((sum, task) => sum + publishedCell(sparseMezoLlama2, { task, method })!.value, 0) / 4;
  assert.equal(
    ["MeZO", "ZO-AdaMU", "AdaZeta", "Sparse-MeZO"].map((method) => Math.round(10 * mean(method)) / 10),
    [76.3, 77.8, 77.9, 80],
  );
  assert.match(describeSource(sparseMezoLlama2.source), /^second-hand: /);
});

test("the figure's curves: AdaZeta ends where it is lowest but for WiC, MeZO-LoRA at batch 16 rises on SST-2 and CB", () => {
  const of = (task: string, method: string, batchSize: number | null) =>
    figure1.find((curve) => curve.task === task && curve.method === method && curve.batchSize === batchSize)!;
  assert.is(of("sst2", "AdaZeta", null).last, 0.195);
  assert.ok(of("sst2", "MeZO-LoRA", 16).last - of("sst2", "MeZO-LoRA", 16).lowest > 0.3);
  assert.ok(of("cb", "MeZO-LoRA", 16).last - of("cb", "MeZO-LoRA", 16).lowest > 0.1);
  for (const { lowest, first, last } of figure1) assert.ok(lowest <= first && lowest <= last);
  assert.is(figure1Table().numRows(), 12);
});

test("published beside measured: told apart by words in text, by colour and slant in HTML; nothing is subtracted", () => {
  const { table, options } = publishedBesideMeasured(
    [
      { task: "TREC", method: "MeZO", published: publishedCell(mezoRoberta, { task: "trec", method: "MeZO", shots: 16 }), measured: spread([60, 62]) }, // prettier-ignore
      { task: "TREC", method: "AdaZeta", published: null, measured: null, remark: "at chance" },
    ],
    { reported: "RoBERTa-large, k = 16", measured: "MiniLM" },
  );
  const text = toText(table, options);
  assert.match(text, /task +method +reported: RoBERTa-large, k = 16 +read in +measured here: MiniLM +remark/);
  assert.match(text, /TREC +MeZO +76\.9 ± 2\.7 +MeZO, arXiv 2305\.17333, Table 18 +61\.0 ± 1\.4/);
  assert.match(text, /TREC +AdaZeta +not found +not measured yet +at chance/);
  const html = toHtml(table, options);
  assert.match(html, /<td style="[^"]*#fdf0e0[^"]*italic;">76\.9 ± 2\.7<\/td>/);
  assert.match(html, /<td style="[^"]*#e3f1fb[^"]*">61\.0 ± 1\.4<\/td>/);
  assert.not.match(html, /difference/);
  throwsWith(() => publishedBesideMeasured([], { reported: "a", measured: "b" }), "rows: expected at least one row");
});

test("a published table as printed has a row of not found for what was looked for in vain", () => {
  const { table, options } = publishedAsPrinted(mezoRoberta, ["AdaZeta"]);
  const text = toText(table, options);
  assert.match(text, /^reported: RoBERTa-large, accuracy \(%\); MeZO, arXiv 2305\.17333, Table 18/);
  assert.match(text, /MeZO +16 +90\.5 ± 1\.2 +45\.5 ± 2\.0/);
  assert.match(text, /AdaZeta +not found +not found/);
  assert.match(text, /zero-shot +79\.0 +35\.5/);
  const { table: loretta, options: shown } = publishedAsPrinted(lorettaLlama2);
  assert.match(toText(loretta, shown), /first-order +66\.07 +84\.6 +63\.46 +86 +81\.1/);
});

test.run();
