import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parquetRows } from "../../src/task/read-parquet";
import { generator, mutated } from "../support/mutate";
import { rejectsWith } from "../support/throws";

const test = suite("task/read-parquet");
const fixture = (name: string) => readFileSync(`test/fixtures/task/${name}.parquet`);

test("rows come back with their columns, places and the note of class names", async () => {
  const { rows, note } = await parquetRows(fixture("trec-train"), "x");
  assert.equal(rows.header?.columns, ["text", "coarse_label"]);
  assert.is(rows.rows.length, 6);
  assert.equal(rows.rows[1]!.where, { file: "x", line: 2 });
  assert.match(note!, "ABBR");
});

test("damaged files, several at once, are read or refused in words for people; nothing of them reaches the process", async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown) => void unheard.push(error);
  process.on("unhandledRejection", hear);
  const files = ["trec-train", "sst2-train-0", "squad", "multirc"].map(fixture);
  let refused = 0;
  for (let from = 0; from < 80; from += 4)
    await Promise.all(
      files.map(async (file, i) => {
        const bytes = mutated(file, file.length, generator(100 + from + i));
        const message = await parquetRows(bytes, "x").then(
          () => null,
          (error: Error) => error.message,
        );
        if (message === null) return;
        refused++;
        assert.match(message, /^x(, columns|): expected /);
        assert.ok(message.length < 600 && !/of undefined|is not a function/.test(message), message);
      }),
    );
  await new Promise((later) => setTimeout(later, 50));
  process.off("unhandledRejection", hear);
  assert.equal(unheard, []);
  assert.ok(refused > 40 && refused < 80, `${refused} of 80 refused`);
});

test("a count of rows that no table has, and one that the groups do not have, are refused before rows are made", async () => {
  const file = fixture("sst2-train-0");
  // Thrift's zigzag varint of the file's rows (field 3 of the footer, type i64): 2 rows are 0x04.
  const footer = file.length - 8 - file.readUInt32LE(file.length - 8);
  const at = file.indexOf(Buffer.from([0x16, 0x04]), footer) + 1;
  assert.ok(at > footer);
  const withRows = (varint: readonly number[]): Buffer => {
    const bytes = Buffer.concat([file.subarray(0, at), Buffer.from(varint), file.subarray(at + 1)]);
    bytes.writeUInt32LE(file.readUInt32LE(file.length - 8) + varint.length - 1, bytes.length - 8);
    return bytes;
  };
  assert.is((await parquetRows(withRows([0x04]), "x")).rows.rows.length, 2);
  await rejectsWith(parquetRows(withRows([0x06]), "x"), "rows: expected 2, as its groups have, got 3");
  const billions = [0x80, 0xa8, 0xd6, 0xb9, 0x07];
  await rejectsWith(
    parquetRows(withRows(billions), "x"),
    "rows: expected a whole number up to 20000000, got 1000000000",
  );
});

test.run();
