import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { messageOf } from "../../src/check/error-words";
import { chatTask } from "../../src/task/chat-task";
import { loadTask } from "../../src/task/load-task";
import { parquetRows } from "../../src/task/read-parquet";

const test = suite("task/codecs");
const CODECS = ["zstd", "gzip", "brotli", "lz4", "snappy", "none"] as const;
const path = (codec: string) => `test/fixtures/task/codec-${codec}.parquet`;
/** As test/fixtures/task/make_codecs_parquet.py makes them. */
const textOf = (i: number) => `row ${i}: ${"the same words, é 今 👍🏽 ".repeat(i % 7)}`;

for (const codec of CODECS) {
  test(`a Parquet file in ${codec} has the rows that pyarrow wrote`, async () => {
    const { rows } = (await parquetRows(readFileSync(path(codec)), "x")).rows;
    assert.is(rows.length, 60);
    rows.forEach(({ cells }, i) => {
      assert.is(cells["text"], textOf(i));
      assert.is(Number(cells["number"]), i * i);
      assert.equal(cells["messages"], [
        { role: "user", content: `question ${i}` },
        { role: "assistant", content: textOf(i) },
      ]);
    });
  });
}

test("conversations come out of every codec alike", async () => {
  const read = async (codec: string) => (await loadTask(chatTask({ file: path(codec) }))).splits;
  const [first, ...others] = await Promise.all(CODECS.map(read));
  assert.is(first!.train!.length, 45);
  for (const splits of others)
    assert.equal(
      splits.train!.map(({ chat }) => chat),
      first!.train!.map(({ chat }) => chat),
    );
});

test("a damaged page of any codec is an error of its file, or is read; nothing ends the process or hangs", async () => {
  for (const codec of CODECS)
    for (const at of [40, 200, 500]) {
      const bytes = new Uint8Array(readFileSync(path(codec)));
      for (let i = 0; i < 12; i++) bytes[at + i]! ^= 0xa5;
      const said = await parquetRows(bytes, "damaged.parquet").then(() => "read", messageOf);
      assert.ok(said === "read" || said.startsWith("damaged.parquet: expected"), `${codec} at ${at}: ${said}`);
    }
});

test.run();
