import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import type { LoadedModel } from "../../src/engine/load-model";
import { openExported } from "../../src/export/exported-classifier";
import type { ExportedClassifier } from "../../src/export/exported-classifier";
import { writeOnnxClassifier } from "../../src/export/onnx-classifier";
import type { TunedClassifier } from "../../src/export/onnx-classifier";
import { predictedPath, predictTable } from "../../src/export/predict-table";
import { trec } from "../../src/task/defs/trec";
import { tableTask } from "../../src/task/own-table";
import { csv } from "../../src/task/read-csv";
import { drawnClassifier, engineShares, loraSpec, trainSpec } from "../support/drawn-classifier";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";

const test = suite("export/predict-table");
const files = scratch();
let loaded: LoadedModel;
let tuned: TunedClassifier;
let classifier: ExportedClassifier;
test.before(async () => {
  const task = tableTask({
    file: files.file("train.csv", "subject,body,spam\nfree,now,yes\nhello,there,no\n"),
    template: "{subject} {body} is",
    label: "spam",
    labelWords: { no: "a", yes: "b" },
  });
  loaded = loadModel(tinyFolder("bert", files.file("base")), []);
  tuned = drawnClassifier(loaded, task, trainSpec(loaded));
  await writeOnnxClassifier(loaded, tuned, files.file("mine"));
  classifier = await openExported(files.file("mine"));
});
test.after(async () => {
  await classifier.dispose();
  await files.remove();
});

const mails = [
  { id: "7", subject: "hello, you", body: "how" },
  { id: "8", subject: 'say "x"', body: "two\nlines" },
  { id: "9", subject: "", body: "none" },
  { id: "10", subject: "very long words", body: "that do not fit" },
];
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const asCsv = `id,subject,body\n${mails.map(({ id, subject, body }) => [id, quoted(subject), quoted(body)].join()).join("\n")}\n`; // prettier-ignore

test("every row comes back in its place, with the label and the probabilities of the engine that tuned", async () => {
  const input = files.file("mails.csv", asCsv);
  const told: number[] = [];
  const { path, rows, counts, notices } = await predictTable(classifier, input, predictedPath(input), {
    progress: (done) => told.push(done),
  });
  assert.is(path, files.file("mails.predicted.csv"));
  assert.equal([rows, told], [4, [1, 4]]);
  const found = csv(readFileSync(path, "utf8"), "mails.predicted.csv");
  assert.equal(found.header!.columns, ["id", "subject", "body", "predicted", "probability", "p(no)", "p(yes)"]);
  const kept = found.rows.map(({ cells: { id, subject, body } }) => ({ id, subject, body }));
  assert.equal(kept, mails);
  const there = found.rows.filter((_, i) => i !== 2).map(({ cells }) => cells);
  const expected = await engineShares(loaded, tuned, mails.filter((_, i) => i !== 2)); // prettier-ignore
  near(
    there.flatMap((cells) => [Number(cells["p(no)"]), Number(cells["p(yes)"])]),
    expected,
    1e-5,
  );
  for (const cells of there) {
    const label = Number(cells["p(yes)"]) > Number(cells["p(no)"]) ? "yes" : "no";
    assert.equal([cells["predicted"], cells["probability"]], [label, cells[`p(${label})`]]);
  }
  const { predicted, probability } = found.rows[2]!.cells;
  assert.equal([predicted, probability], ["", ""]);
  assert.is(counts["yes"]! + counts["no"]!, 3);
  assert.equal(notices, [
    "rows without a text, which got no label: 1 (line 5)",
    "texts longer than the model reads, which were shortened: 1",
  ]);
});

test("JSON lines are read and written, and a second pass over a filled table has columns of its own", async () => {
  const input = files.file("mails.jsonl", mails.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const { path } = await predictTable(classifier, input, predictedPath(input));
  const lines = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
  assert.equal(lines.map(({ id }) => id), ["7", "8", "9", "10"]); // prettier-ignore
  assert.is(typeof lines[0]!["p(yes)"], "number");
  assert.equal(lines[2], mails[2]);
  const again = await predictTable(classifier, path, files.file("again.csv"));
  const { columns } = csv(readFileSync(again.path, "utf8"), "again.csv").header!;
  assert.equal(columns.slice(3), ["predicted", "probability", "p(no)", "p(yes)", "predicted 2", "probability 2", "p(no) 2", "p(yes) 2"]); // prettier-ignore
});

test("a missing column, a table without rows, a file that is not there and a taken name are told before anything is written", async () => {
  const refused = async (input: string, message: string, output = files.file("never.csv")): Promise<void> => {
    await rejectsWith(predictTable(classifier, input, output), message);
    assert.not(existsSync(files.file("never.csv")));
  };
  await refused(
    files.file("lost.csv", "id,subjects,body\n1,a,b\n"),
    "lost.csv line 1, header: expected a column subject",
  );
  await refused(files.file("bare.csv", "subject,body\n"), "bare.csv: expected rows below its header");
  await refused(files.file("void.csv", ""), 'void.csv: expected lines of text, got "an empty file"');
  await refused(files.file("semi.csv", "subject;body\na;b\n"), "semicolons");
  await refused(files.file("nowhere.csv"), "file: expected an existing file");
  await refused(files.file("mails.xlsx", "x"), "file: expected a .csv, .tsv, .jsonl or .parquet file");
  const whole = files.file("whole.csv", "subject,body\na,b\n");
  await refused(whole, "output: expected a .csv or .jsonl file", files.file("never.txt"));
  await refused(whole, "expected a name that is free", whole);
  await rejectsWith(predictTable(classifier, whole, `${files.file("train.csv")}/x.csv`), "expected to write it");
  assert.equal(readdirSync(files.file(".")).filter((name) => name.includes(".part")), []); // prettier-ignore
});

test("a Parquet table is read by whichever of a task's column names it has", async () => {
  await writeOnnxClassifier(loaded, drawnClassifier(loaded, trec, loraSpec), files.file("questions"));
  const questions = await openExported(files.file("questions"));
  const input = "test/fixtures/task/trec-train.parquet";
  const { rows } = await predictTable(questions, input, files.file("questions.csv"));
  await questions.dispose();
  const found = csv(readFileSync(files.file("questions.csv"), "utf8"), "questions.csv");
  assert.is(found.rows.length, rows);
  assert.ok(found.rows.every(({ cells }) => trec.labels.includes(String(cells["predicted"]))));
});

test("npm run predict fills the table, says how many rows each class has, and ends with status 2 where it cannot", () => {
  const input = files.file("asked.csv", "subject,body\nfree,now\nhello,there\n");
  const words = ["--import", "tsx", "src/notebook/run-predict.ts"];
  const said = execFileSync(process.execPath, [...words, files.file("mine"), input], { encoding: "utf8" });
  assert.match(said, /asked\.predicted\.csv: 2 rows \(no \d, yes \d\)\n$/);
  const again = spawnSync(process.execPath, [...words, files.file("mine"), input], { encoding: "utf8" });
  assert.is(again.status, 2);
  assert.match(
    again.stderr,
    'expected a name that is free, got "a file that is there already; choose another with --out, or say --replace"',
  );
  const usage = spawnSync(process.execPath, words, { encoding: "utf8" });
  assert.equal([usage.status, usage.stderr.startsWith("usage: npm run predict")], [2, true]);
});

test.run();
