import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseFiles, hubFiles } from "../../src/task/hub-files";
import { readParquet } from "../../src/task/read-parquet";
import { sst2 } from "../../src/task/defs/sst2";
import { trec } from "../../src/task/defs/trec";
import { commitOf, hubServer } from "../support/hub-server";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("task/hub-files");
const fixture = (name: string) => `test/fixtures/task/${name}.parquet`;
const place = scratch();
test.after(() => place.remove());
let caches = 0;
/** A hub with an empty cache. */
const at = (endpoint: string) => ({ endpoint, cacheDirectory: place.file(`cache-${caches++}`), retryMs: 5 });
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
  const cut = (paths: readonly string[], part: string) =>
    chooseFiles(
      sst2.hub!,
      paths.filter((path) => !path.includes(part)),
    );
  assert.is(cut(converted, "train/0000"), null, "the first part is missing");
  const two = own.flatMap((path) => [
    path.replace("of-00001", "of-00002"),
    path.replace("00000-of-00001", "00001-of-00002"),
  ]);
  assert.is(chooseFiles(sst2.hub!, two)?.length, 4);
  assert.is(cut(two, "train-00001"), null, "the last part is missing");
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
    const files = await hubFiles(sst2.hub!, at(hub.endpoint));
    assert.equal(
      files.map(({ split }) => split),
      ["train", "train", "validation"],
    );
    assert.equal(files[1].bytes, bytes("sst2-train-1"));
    const commit = commitOf("refs/convert/parquet");
    assert.is(hub.requests[0], "/api/datasets/nyu-mll/glue/revision/refs/convert/parquet");
    assert.ok(hub.requests.includes(`/datasets/nyu-mll/glue/resolve/${commit}/sst2/train/0000.parquet`));
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
    const files = await hubFiles(trec.hub!, at(hub.endpoint));
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
    hubFiles(trec.hub!, at(empty.endpoint)),
    "CogComp/trec: expected parquet files of default at refs/convert/parquet or main, got none: CogComp/trec: the hub answered 404: it has no such revision",
  );
  await empty.close();

  // A server that was never spoken to: a connection kept open to the last one would fail in another way.
  const closed = createServer(() => undefined);
  await new Promise<void>((ready) => closed.listen(0, "127.0.0.1", ready));
  const nowhere = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  await new Promise((done) => closed.close(done));
  await rejectsWith(hubFiles(trec.hub!, at(nowhere)), "ECONNREFUSED");

  const silent = createServer(() => undefined);
  await new Promise<void>((ready) => silent.listen(0, "127.0.0.1", ready));
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await rejectsWith(hubFiles(trec.hub!, { ...at(endpoint), answerMs: 50 }), "no answer within 0.05 s");
  silent.closeAllConnections();
  silent.close();
});

test("what came once is taken from the cache that models have too: offline, and when the hub is gone, without a request", async () => {
  const main = {
    "default/train-00000-of-00001.parquet": fixture("trec-train"),
    "default/test-00000-of-00001.parquet": fixture("trec-test"),
  };
  const hub = await hubServer("CogComp/trec", { main, other: { "default/a.parquet": fixture("trec-test") } });
  const known = at(hub.endpoint);
  const expected = await hubFiles(trec.hub!, known);
  const asked = hub.requests.length;
  assert.equal(await hubFiles(trec.hub!, { ...known, offline: true }), expected);
  assert.is(hub.requests.length, asked);
  assert.equal(await hubFiles(trec.hub!, known), expected);
  assert.not.ok(
    hub.requests.slice(asked).some((path) => path.includes("/resolve/")),
    "nothing is loaded twice",
  );
  await hub.close();
  const told: string[] = [];
  assert.equal(await hubFiles(trec.hub!, { ...known, attempts: 1, on: ({ kind }) => told.push(kind) }), expected);
  await rejectsWith(hubFiles(sst2.hub!, { ...known, offline: true }), "nyu-mll/glue, offline: expected its files at");
});

test("the token goes with it, and what is gated says so", async () => {
  const hub = await hubServer(
    "CogComp/trec",
    {},
    { fault: ({ response }) => (response.writeHead(403, { "x-error-code": "GatedRepo" }).end("no"), true) },
  );
  await rejectsWith(hubFiles(trec.hub!, { ...at(hub.endpoint), token: "hf_secret" }), "the repository is gated");
  assert.equal(
    hub.asked.map(({ headers }) => headers.authorization),
    ["Bearer hf_secret"],
  );
  await hub.close();
});

test("a hub that begins to answer and stalls is given up as well", async () => {
  const stalling = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("[");
  });
  await new Promise<void>((ready) => stalling.listen(0, "127.0.0.1", ready));
  const endpoint = `http://127.0.0.1:${(stalling.address() as AddressInfo).port}`;
  await rejectsWith(
    hubFiles(trec.hub!, { ...at(endpoint), answerMs: 10_000, totalMs: 100 }),
    "not finished within 0.1 s",
  );
  stalling.closeAllConnections();
  stalling.close();
});

test.run();
