import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseFiles, hubFiles } from "../../src/task/hub-files";
import { readParquet } from "../../src/task/read-parquet";
import { sst2 } from "../../src/task/defs/sst2";
import { trec } from "../../src/task/defs/trec";
import { hubServer } from "../support/hub-server";
import { rejectsWith } from "../support/throws";

const test = suite("task/hub-files");
const fixture = (name: string) => `test/fixtures/task/${name}.parquet`;
const bytes = (name: string) => new Uint8Array(readFileSync(fixture(name)));

test("the worked choice: labelled splits only, shards in order, either layout", () => {
  const converted = [
    "sst2/train/0001.parquet",
    "sst2/train/0000.parquet",
    "sst2/validation/0000.parquet",
    "sst2/test/0.parquet",
  ];
  assert.equal(
    chooseFiles(sst2.hub!, converted)?.map(({ path }) => path),
    ["sst2/train/0000.parquet", "sst2/train/0001.parquet", "sst2/validation/0000.parquet"],
  );
  const own = [
    "sst2/train-00000-of-00001.parquet",
    "sst2/validation-00000-of-00001.parquet",
    "sst2/test-00000-of-00001.parquet",
  ];
  assert.equal(
    chooseFiles(sst2.hub!, own)?.map(({ split }) => split),
    ["train", "validation"],
  );
  assert.is(chooseFiles(sst2.hub!, ["sst2/train/0000.parquet", "sst2/README.md"]), null);
});

test("TREC's rows are mapped from the hub's class numbers to ours by name", async () => {
  const { examples: rows } = await readParquet(trec, trec.hub!, bytes("trec-train"), "trec-train.parquet");
  assert.equal(rows[0], {
    fields: { question: "What does the letter H stand for on a map ?" },
    label: 2,
    where: { file: "trec-train.parquet", line: 1 },
  });
  // in the file ABBR 0, ENTY 1, DESC 2, HUM 3, LOC 4, NUM 5
  assert.equal(
    rows.map(({ label }) => label),
    [2, 1, 0, 3, 4, 5],
  );
});

test("bytes that are a view of a larger buffer are read as well", async () => {
  const view = Buffer.concat([Buffer.from("before"), bytes("trec-test"), Buffer.from("after")]).subarray(6, -5);
  assert.is((await readParquet(trec, trec.hub!, view, "x")).examples.length, 2);
});

test("a file whose own class names are others, that has no label, or is no parquet, is an error", async () => {
  await rejectsWith(
    readParquet(trec, trec.hub!, bytes("trec-other-names"), "x"),
    "x, class names of coarse_label: expected ABBR, ENTY, DESC, HUM, LOC, NUM, got",
  );
  await rejectsWith(readParquet(sst2, sst2.hub!, bytes("sst2-test"), "x"), "x line 1, label: expected 0..1, got -1");
  await rejectsWith(
    readParquet(sst2, sst2.hub!, bytes("trec-test"), "x"),
    'x, columns: expected label, got ["text","coarse_label"]',
  );
  await rejectsWith(readParquet(sst2, sst2.hub!, new Uint8Array(100), "x"), "x: expected a parquet file, got");
  await rejectsWith(
    readParquet(sst2, sst2.hub!, bytes("sst2-train-0").subarray(0, 600), "x"),
    "x: expected a parquet file, got",
  );
});

test("files come from the converted branch, through the hub's addresses", async () => {
  const hub = await hubServer("nyu-mll/glue", {
    "refs/convert/parquet": {
      "sst2/train/0000.parquet": fixture("sst2-train-0"),
      "sst2/train/0001.parquet": fixture("sst2-train-1"),
      "sst2/validation/0000.parquet": fixture("sst2-validation"),
      "sst2/test/0000.parquet": fixture("sst2-test"),
    },
  });
  try {
    const files = await hubFiles(sst2.hub!, { endpoint: hub.endpoint });
    assert.equal(
      files.map(({ split }) => split),
      ["train", "train", "validation"],
    );
    assert.equal(files[1].bytes, bytes("sst2-train-1"));
    assert.is(hub.requests[0], "/api/datasets/nyu-mll/glue/tree/refs/convert/parquet/sst2");
    assert.ok(hub.requests.includes("/datasets/nyu-mll/glue/resolve/refs/convert/parquet/sst2/train/0000.parquet"));
  } finally {
    await hub.close();
  }
});

test("without a converted branch the repository's own parquet files are taken", async () => {
  const main = {
    "default/train-00000-of-00001.parquet": fixture("trec-train"),
    "default/test-00000-of-00001.parquet": fixture("trec-test"),
  };
  const hub = await hubServer("CogComp/trec", { main });
  try {
    const files = await hubFiles(trec.hub!, { endpoint: hub.endpoint });
    assert.equal(
      files.map(({ path }) => path),
      Object.keys(main),
    );
  } finally {
    await hub.close();
  }
});

test("a hub without the files, one that is closed and one that never answers are errors, soon", async () => {
  const empty = await hubServer("CogComp/trec", { main: { "other/a.parquet": fixture("trec-test") } });
  await rejectsWith(
    hubFiles(trec.hub!, { endpoint: empty.endpoint }),
    "CogComp/trec: expected parquet files of default, got none, revision main: not found",
  );
  await empty.close();

  // A server that was never spoken to: a connection kept open to the last one would fail in another way.
  const closed = createServer(() => undefined);
  await new Promise<void>((ready) => closed.listen(0, "127.0.0.1", ready));
  const nowhere = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  await new Promise((done) => closed.close(done));
  await rejectsWith(hubFiles(trec.hub!, { endpoint: nowhere }), "ECONNREFUSED");

  const silent = createServer(() => undefined);
  await new Promise<void>((ready) => silent.listen(0, "127.0.0.1", ready));
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await rejectsWith(hubFiles(trec.hub!, { endpoint, answerMs: 50 }), "no answer within 0.05 s");
  silent.closeAllConnections();
  silent.close();
});

test("a hub that begins to answer and stalls is given up as well", async () => {
  const stalling = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("[");
  });
  await new Promise<void>((ready) => stalling.listen(0, "127.0.0.1", ready));
  const endpoint = `http://127.0.0.1:${(stalling.address() as AddressInfo).port}`;
  await rejectsWith(hubFiles(trec.hub!, { endpoint, answerMs: 1000, totalMs: 100 }), "not finished within 0.1 s");
  stalling.closeAllConnections();
  stalling.close();
});

test.run();
