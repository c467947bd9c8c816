import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTask } from "../../src/task/load-task";
import { splitSamples } from "../../src/task/read-directory";
import { trec } from "../../src/task/defs/trec";
import { findData, missingData } from "../support/data";
import { inFolder } from "../support/in-folder";
import { hubServer } from "../support/hub-server";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";

const test = suite("task/load-task");
const dataDirectory = findData();
const withData = skipUnless(dataDirectory !== null, missingData);

const questions = {
  "TREC/TREC.train.all": "3 Who ?\n4 Where ?\n",
  "TREC/TREC.test.all": "5 How many ?\n",
};

test("the data directory comes first, and the origin has the hash of its files' bytes", () =>
  inFolder(questions, async (folder) => {
    const loaded = await loadTask("trec", { dataDirectory: folder });
    assert.equal(
      loaded.splits.train?.map(({ label }) => label),
      [3, 4],
    );
    assert.equal(loaded.splits.test?.[0], {
      fields: { question: "How many ?" },
      label: 5,
      where: { file: "TREC/TREC.test.all", line: 1 },
    });
    assert.is(loaded.splits.validation, null);
    assert.is(loaded.origin.kind, "directory");
    assert.is(loaded.origin.description, "trec from the data directory, questions (train 2, test 1)");
    assert.is(loaded.origin.hash, createHash("sha256").update(Object.values(questions).join("")).digest("hex"));
    assert.equal(loaded.notices, []);
  }));

test("SST-2: the phrase files come before the sentence files, an unlabelled test.tsv counts as absent", () => {
  const files = {
    "SST-2/train.tsv": "sentence\tlabel\nfine\t1\n",
    "SST-2/dev.tsv": "label\tcontent\n0\tdull\n",
    "SST-2/test.tsv": "index\tsentence\n0\tunknown\n",
    "SST-2/stsa.binary.train": "0 flat .\n",
    "SST-2/stsa.binary.dev": "1 rich .\n",
  };
  return inFolder(files, async (folder) => {
    const phrases = await loadTask("sst2", { dataDirectory: folder });
    assert.is(phrases.splits.train?.[0].fields.sentence, "fine");
    assert.is(phrases.splits.validation?.[0].fields.sentence, "dull");
    assert.is(phrases.splits.test, null);
    const sentences = await loadTask("sst2", { dataDirectory: folder, variant: "sentences" });
    assert.is(sentences.splits.train?.[0].fields.sentence, "flat .");
    await rejectsWith(
      loadTask("sst2", { dataDirectory: folder, variant: "stanzas" }),
      "variant: expected one of phrases",
    );
  });
});

test("the hub comes next: its parquet files, with their repository and row", async () => {
  const served = (name: string) => `test/fixtures/task/${name}.parquet`;
  const hub = await hubServer("nyu-mll/glue", {
    "refs/convert/parquet": {
      "sst2/train/0000.parquet": served("sst2-train-0"),
      "sst2/train/0001.parquet": served("sst2-train-1"),
      "sst2/validation/0000.parquet": served("sst2-validation"),
    },
  });
  try {
    await inFolder(questions, async (folder) => {
      const { origin, notices, splits } = await loadTask("sst2", {
        dataDirectory: folder,
        hub: { endpoint: hub.endpoint, cacheDirectory: `${folder}/hub` },
      });
      assert.is(origin.kind, "hub");
      assert.is(origin.description, "sst2 from the hub, nyu-mll/glue (train 3, validation 2)");
      assert.is(notices.length, 1);
      assert.match(notices[0], "data directory: no folder SST-2 for sst2");
      assert.equal(splits.train?.[2], {
        fields: { sentence: "a café scene worth the whole ticket" },
        label: 1,
        where: { file: "nyu-mll/glue/sst2/train/0001.parquet", line: 1 },
      });
    });
  } finally {
    await hub.close();
  }
});

test("the samples come last, with one line that says why", () => {
  const rows = ["Who ?", "Whose ?", "Whom ?", "Who else ?", "Who now ?"].map((question) => `3\t${question}`);
  return inFolder({ "questions.tsv": `label\tquestion\n${rows.join("\n")}\n` }, async (folder) => {
    const closed = await hubServer("none", {});
    await closed.close();
    const loaded = await loadTask("trec", {
      hub: { endpoint: closed.endpoint, cacheDirectory: `${folder}/hub`, attempts: 1 },
      samplesDirectory: folder,
    });
    assert.is(loaded.origin.description, "trec from the samples, written for this project (train 4, test 1)");
    assert.is(loaded.splits.test?.[0].fields.question, "Who else ?", "every fourth of a class");
    assert.is(loaded.notices.length, 1);
    assert.match(loaded.notices[0], `hub ${closed.endpoint}: CogComp/trec not read (`);
    assert.equal((await loadTask("trec", { hub: "off", samplesDirectory: folder })).notices, []);
  });
});

test("samples are split class by class, every one of them once", () => {
  const where = { file: "x", line: 1 };
  const examples = Array.from({ length: 17 }, (_, i) => ({ fields: { question: `${i} ?` }, label: i % 2, where }));
  const { train, test: held } = splitSamples(trec, examples);
  // class 0 has 9 texts, class 1 has 8: two of each are held out
  assert.equal([train.length, held.filter(({ label }) => label === 0).length, held.length], [13, 2, 4]);
  assert.is(new Set([...train, ...held]).size, 17);
});

test("a folder that is not there, a missing split, a faulty file and no source at all are errors", () =>
  inFolder({ "TREC/TREC.train.all": "3 Who ?\n" }, async (folder) => {
    await rejectsWith(
      loadTask("trec", { dataDirectory: join(folder, "nowhere") }),
      "dataDirectory: expected an existing",
    );
    await rejectsWith(
      loadTask("trec", { dataDirectory: folder }),
      "split test of trec: expected a file TREC/TREC.test.all in",
    );
    writeFileSync(join(folder, "TREC/TREC.test.all"), "3 Who ?\n9 What ?\n");
    await rejectsWith(loadTask("trec", { dataDirectory: folder }), "TREC/TREC.test.all line 2, label: expected one of");
    writeFileSync(join(folder, "TREC/TREC.test.all"), "");
    await rejectsWith(loadTask("trec", { dataDirectory: folder }), "TREC/TREC.test.all: expected lines of text");
    await rejectsWith(
      loadTask("trec", { hub: "off", samplesDirectory: folder }),
      "data for trec: expected a data directory, a hub or samples, got none (no file questions.tsv in",
    );
    await rejectsWith(loadTask("sts-b"), "task: expected one of sst2, sst5, trec");
  }));

withData(test, "the real TREC has the class counts of its distribution", async () => {
  const { splits, origin } = await loadTask("trec", { dataDirectory: dataDirectory ?? "" });
  const counts = (split: "train" | "test") =>
    trec.labels.map((_, label) => splits[split]?.filter((example) => example.label === label).length);
  assert.equal(counts("train"), [1162, 1250, 86, 1223, 835, 896]);
  assert.equal(counts("test"), [138, 94, 9, 65, 81, 113]);
  const files = ["TREC.train.all", "TREC.test.all"].map((name) =>
    readFileSync(join(dataDirectory ?? "", "TREC", name)),
  );
  assert.is(origin.hash, createHash("sha256").update(Buffer.concat(files)).digest("hex"));
  assert.is(splits.test?.[0].fields.question, "How far is it from Denver to Aspen ?");
});

withData(test, "the real SST-2 has its class counts, in both variants, without broken accents", async () => {
  const counts = async (variant: string) => {
    const { splits } = await loadTask("sst2", { dataDirectory: dataDirectory ?? "", variant });
    return [splits.train, splits.validation, splits.test].map((examples) =>
      [0, 1].map((label) => examples?.filter((example) => example.label === label).length),
    );
  };
  const held = [
    [428, 444],
    [912, 909],
  ];
  assert.equal(await counts("phrases"), [[29780, 37569], ...held]);
  assert.equal(await counts("sentences"), [[3310, 3610], ...held]);
  const { splits } = await loadTask("sst2", { dataDirectory: dataDirectory ?? "", variant: "sentences" });
  assert.ok(splits.test?.some(({ fields }) => fields.sentence.includes("crème brûlée")));
});

test.run();
