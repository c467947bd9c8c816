import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { armRows, recordedName, rowOf } from "../../src/experiment/arms";
import { experiments, recordsPath } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import { cellList } from "../support/cell-list";

const test = suite("experiment/catalogue");

test("every grid has the runs it had, in their order and with their keys: a new row of the table of arms is in none", () => {
  const experimentOf = (line: string): string => line.split(" ", 2).join(" ");
  const kept = readFileSync("test/fixtures/experiment/cells.txt", "utf8").trim().split("\n");
  const held = new Set(kept.map(experimentOf));
  // A grid that is changed on purpose: test/support/print-cells.ts. A further experiment changes none of these.
  const now = cellList().filter((line) => held.has(experimentOf(line)));
  assert.equal(
    kept.filter((line) => !now.includes(line)),
    [],
    "these runs would lose their records",
  );
  assert.equal(now, kept);
});

test("no grid goes through the table of arms: only look-ups and colours do", () => {
  const through = readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((file) => `src/${file}`)
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /import[^;]*\b(armRows|comparedRows|changedRows)\b[^;]*from/.test(readFileSync(file, "utf8")));
  assert.equal(through.sort(), ["src/experiment/arms.ts", "src/plot/palette.ts"]);
});

test("a name is that experiment alone, the beginning of several is all of them", () => {
  const named = (beginning: string) => experiments("tiny", beginning).map(({ name }) => name);
  assert.equal(named("field"), ["field"]);
  assert.equal(named("divergence"), ["divergence-minilm-trec", "divergence-smollm2-sst2"]);
  assert.equal(named("nothing"), []);
});

test("what is recorded is an arm of the table, under its id and its recorded name", () => {
  let lines = 0;
  for (const file of readdirSync("data/results").filter((name) => name.endsWith(".jsonl")))
    for (const line of readFileSync(`data/results/${file}`, "utf8").trim().split("\n")) {
      const record = JSON.parse(line) as {
        readonly arm: string;
        readonly settings?: { readonly arm: { name: string } };
      };
      if (record.settings === undefined) continue; // A cost, or the time of a pass.
      const row = rowOf(record.arm)!;
      assert.equal([row.id, recordedName(row)], [record.arm, record.settings.arm.name], file);
      lines++;
    }
  assert.ok(lines > 300);
});

test("every cell's arm goes by the id of its row", () => {
  for (const scale of ["tiny", "full"] as const)
    for (const { arm, settings } of experiments(scale).flatMap((grid) => cellsOf(grid)))
      assert.is(settings.arm.name, recordedName(armRows.find(({ id }) => id === arm)!));
  assert.is(recordsPath("rates", "tiny"), "data/results/rates.jsonl");
});

test.run();
