import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTask } from "../../src/task/load-task";
import type { LoadedTask } from "../../src/task/loaded-task";
import { promptText, readingsOf } from "../../src/task/reading";
import { taskNamed, tasks } from "../../src/task/tasks";
import { findData, missingData } from "../support/data";
import { inFolder } from "../support/in-folder";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";

const test = suite("task/distributions");
const dataDirectory = findData();
const withData = skipUnless(dataDirectory !== null, missingData);
const json = (...rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n") + "\n";
const tsv = (...rows: readonly (readonly string[])[]) => rows.map((row) => row.join("\t")).join("\n") + "\n";

const mnliHeader = ["index", "promptID", "pairID", "genre", "s1_parse", "s2_parse", "sentence1", "sentence2", "label1"];
const mnliRow = (premise: string, hypothesis: string, label: string) =>
  tsv([...mnliHeader, "gold_label"], ["0", "1", "1n", "fiction", "( )", "( )", premise, hypothesis, label, label]);
const drop = (answer: object, validated: readonly object[] = [answer]) => ({
  nfl_1: { passage: "They scored 7 and 3.", qa_pairs: [{ question: "In all?", answer, validated_answers: validated }] },
});
const csvFiles = (folder: string) => ({
  [`${folder}/train.csv`]: '0,"dull, slow"\n',
  [`${folder}/test.csv`]: "1,fine\n",
});

/** Small files in the formats of the distributions that this project does not include, and the first example of train. */
const small: readonly {
  readonly task: string;
  readonly files: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  readonly label: number;
  readonly answers?: readonly string[];
}[] = [
  {
    task: "mnli",
    files: {
      "MNLI/train.tsv": mnliRow("It rained.", "It was dry.", "contradiction"),
      "MNLI/dev_matched.tsv": mnliRow("a", "b", "neutral"),
    },
    fields: { premise: "It rained.", hypothesis: "It was dry." },
    label: 2,
  },
  {
    task: "mnli-mm",
    files: {
      "MNLI/train.tsv": mnliRow("a.", "b.", "entailment"),
      "MNLI/dev_mismatched.tsv": mnliRow("a", "b", "neutral"),
    },
    fields: { premise: "a.", hypothesis: "b." },
    label: 0,
  },
  {
    task: "snli",
    files: {
      "SNLI/snli_1.0_train.jsonl": json(
        { sentence1: "A dog.", sentence2: "A pet.", gold_label: "-" },
        { sentence1: "A dog.", sentence2: "An animal.", gold_label: "entailment" },
      ),
      "SNLI/snli_1.0_dev.jsonl": json({ sentence1: "a", sentence2: "b", gold_label: "neutral" }),
    },
    fields: { premise: "A dog.", hypothesis: "An animal." },
    label: 0,
  },
  {
    task: "qqp",
    files: {
      "QQP/train.tsv": tsv(
        ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"],
        ["1", "1", "2", "broken"],
        ["2", "3", "4", 'What is "x"?', "Why x?", "1"],
      ),
      "QQP/dev.tsv": tsv(
        ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"],
        ["1", "1", "2", "a", "b", "0"],
      ),
    },
    fields: { first: 'What is "x"?', second: "Why x?" },
    label: 1,
  },
  {
    task: "mrpc",
    files: {
      "MRPC/train.tsv":
        "\ufeff" + tsv(["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], ["1", "5", "6", "Up.", "It rose."]),
      "MRPC/dev.tsv": tsv(["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], ["0", "5", "6", "a", "b"]),
    },
    fields: { first: "Up.", second: "It rose." },
    label: 1,
  },
  {
    task: "cola",
    files: {
      "CoLA/train.tsv": tsv(["gj04", "0", "*", "Dry the pub drank."]),
      "CoLA/dev.tsv": tsv(["gj04", "1", "", "They drank."]),
    },
    fields: { sentence: "Dry the pub drank." },
    label: 0,
  },
  ...["mr", "cr", "mpqa", "subj"].map((task) => ({
    task,
    files: csvFiles(task),
    fields: { sentence: "dull, slow" },
    label: 0,
  })),
  {
    task: "drop",
    files: {
      "DROP/drop_dataset_train.json": JSON.stringify(
        drop({ number: "10", spans: [], date: { day: "", month: "", year: "" } }),
      ),
      "DROP/drop_dataset_dev.json": JSON.stringify(drop({ number: "", spans: ["Rome", "Bern"] })),
    },
    fields: { context: "They scored 7 and 3.", question: "In all?" },
    label: 0,
    answers: ["10"],
  },
];

for (const { task, files, fields, label, answers } of small)
  test(`${task} in its distribution's format`, () =>
    inFolder(files, async (folder) => {
      const { splits } = await loadTask(task, { dataDirectory: folder, hub: "off" });
      const [example] = splits.train!;
      assert.equal([example.fields, example.label, example.answers], [fields, label, answers]);
      assert.is(splits[taskNamed(task).testSplit]?.length, 1);
    }));

test("lines left out are counted in a notice", () =>
  inFolder(small.find(({ task }) => task === "qqp")!.files, async (folder) => {
    const { notices } = await loadTask("qqp", { dataDirectory: folder, hub: "off" });
    assert.equal(notices, ["QQP/train.tsv: 1 lines with too few cells left out"]);
  }));

test("a DROP answer is a number, its spans, or the parts of a date; dev's are the validated ones alone", async () => {
  const one = { number: "1" };
  const read = (train: object, dev: object) =>
    inFolder(
      { "DROP/drop_dataset_train.json": JSON.stringify(train), "DROP/drop_dataset_dev.json": JSON.stringify(dev) },
      async (folder) => (await loadTask("drop", { dataDirectory: folder, hub: "off" })).splits,
    );
  const first = async (answer: object) => (await read(drop(answer, [one]), drop(one))).train?.[0].answers;
  assert.equal(await first({ number: "", spans: ["Rome", "Bern"], date: {} }), ["Rome", "Bern"]);
  assert.equal(await first({ number: "", spans: [], date: { day: "3", month: "May", year: "1900" } }), ["3 May 1900"]);
  assert.equal(await first({ number: "", spans: [], date: { day: "", month: "May", year: "1900" } }), ["May 1900"]);
  // as the hub's rows have it: a part that is missing inside leaves its space
  assert.equal(await first({ number: "", spans: [], date: { day: "3", month: "", year: "1900" } }), ["3  1900"]);
  const dev = async (answer: object, validated: readonly object[]) =>
    (await read(drop(one), drop(answer, validated))).validation?.map(({ answers }) => answers);
  // the answer itself is not accepted unless it was validated; each span is accepted by itself, once
  assert.equal(
    await dev({ spans: ["Oslo"] }, [{ spans: ["Rome", "Bern"] }, { spans: ["Bern"] }, { number: "2", spans: [] }]),
    [["Rome", "Bern", "2"]],
  );
  // what is of two kinds, or has no validated answer, is left out
  const two = { ...drop({ spans: ["Rome"] }, [{ number: "2", spans: ["two"] }]), other: drop(one).nfl_1 };
  assert.equal(
    (await read(drop(one), two)).validation?.map(({ answers }) => answers),
    [["1"]],
  );
  const none = { ...drop({ spans: ["Rome"] }, []), other: drop(one).nfl_1 };
  assert.equal(
    (await read(drop(one), none)).validation?.map(({ answers }) => answers),
    [["1"]],
  );
});

test("ReCoRD's names and answers are sorted, each once: the first answer in order is trained on", async () => {
  // "🙂 Zoe met Ada" counts characters: Zoe at 2..4, Ada at 10..12, met at 6..8
  const row = {
    idx: 0,
    passage: {
      text: "🙂 Zoe met Ada",
      entities: [
        { start: 2, end: 4 },
        { start: 10, end: 12 },
        { start: 6, end: 8 },
        { start: 10, end: 12 },
      ],
    },
    qas: [{ idx: 0, query: "@placeholder", answers: [{ text: "met" }, { text: "Zoe" }, { text: "met" }] }],
  };
  await inFolder({ "ReCoRD/train.jsonl": json(row), "ReCoRD/val.jsonl": json(row) }, async (folder) => {
    const { splits } = await loadTask("record", { dataDirectory: folder, hub: "off" });
    const [{ candidates, answers, label }] = splits.train!;
    assert.equal([candidates, answers, label], [["Ada", "Zoe", "met"], ["Zoe", "met"], 1]);
  });
});

test("BoolQ's passages have no title; under its other name the one that SuperGLUE puts in front stays", async () => {
  const superglue = { passage: "Sea (tide) -- It rises -- and falls -- daily.", question: "is it wet", label: true };
  const plain = { passage: "No title here -it seems", question: "is it wet", label: false };
  const files = { "BoolQ/train.jsonl": json(superglue, plain), "BoolQ/val.jsonl": json(superglue) };
  const passages = (name: string, made: Readonly<Record<string, string>>) =>
    inFolder(made, async (folder) =>
      (await loadTask(name, { dataDirectory: folder, hub: "off" })).splits.train?.map(({ fields, label }) => [
        fields.passage,
        label,
      ]),
    );
  assert.equal(await passages("boolq", files), [
    ["It rises -- and falls -- daily.", 1],
    ["No title here -it seems", 0],
  ]);
  assert.equal((await passages("boolq-titled", files))?.[0], ["Sea (tide) -- It rises -- and falls -- daily.", 1]);
  // the authors' own files have title and answer apart; dashes are the passage's own
  const own = { title: "Sea", passage: "It rises -- and falls.", question: "is it wet", answer: true };
  const authors = { "BoolQ/train.jsonl": json(own), "BoolQ/dev.jsonl": json(own) };
  assert.equal(await passages("boolq", authors), [["It rises -- and falls.", 1]]);
});

test("WSC's spans are spelled as the text spells them, and left alone where they are in it", async () => {
  const text = "The cat saw so\nthe dog. It ran; Kim and, later, Bo left.";
  const row = (span1: string, at: number, span2: string) => ({
    text,
    target: { span1_text: span1, span1_index: at, span2_text: span2, span2_index: 6 },
    label: true,
  });
  const rows = [
    row("The dog", 4, "it"),
    row("the cat", 0, "It"),
    row("The cat", 4, "It."),
    row("The dog.", 4, "It"),
    row("Kim and Bo", 8, "It"),
    row("The dog", 99, "It"),
    { text, target: { span1_text: "The dog", span2_text: "It" }, label: false },
  ];
  await inFolder({ "WSC/train.jsonl": json(...rows), "WSC/val.jsonl": json(rows[0]) }, async (folder) => {
    const { splits } = await loadTask("wsc", { dataDirectory: folder, hub: "off" });
    assert.equal(
      splits.train?.map(({ fields }) => [fields.name, fields.pronoun]),
      [
        ["the dog", "It"],
        ["The cat", "It"],
        // in the text as it is, whatever its index says; the full stop goes
        ["The cat", "It"],
        ["the dog", "It"],
        // no spelling of these is in the text
        ["Kim and Bo", "It"],
        ["The dog", "It"],
        ["The dog", "It"],
      ],
    );
  });
});

withData(
  test,
  "88 of WSC's 554 prompts to train on, and 8 of its 104 to test on, are other ones than the files say",
  async () => {
    const { splits, task } = await loadTask("wsc", { dataDirectory: dataDirectory ?? "", hub: "off" });
    const different = (split: "train" | "validation", file: string) => {
      const lines = readFileSync(join(dataDirectory ?? "", "WSC", file), "utf8")
        .trim()
        .split("\n");
      return splits[split]?.filter((example, i) => {
        const { text, target } = JSON.parse(lines[i]) as { text: string; target: Readonly<Record<string, string>> };
        const fields = { text, name: target.span1_text, pronoun: target.span2_text };
        return promptText(task, "causal", { ...example, fields }) !== promptText(task, "causal", example);
      }).length;
    };
    assert.equal([different("train", "train.jsonl"), different("validation", "val.jsonl")], [88, 8]);
    const inText = splits.train?.filter(
      ({ fields: { text, name, pronoun } }) => text.includes(name) && text.includes(pronoun),
    );
    assert.is(inText?.length, 554);
  },
);

test("a source that is cut in two gives every third passage to the test, whole, and says so", async () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ passage: `P${i % 6}`, question: `q${i}`, label: i % 2 === 0 }));
  await inFolder({ "BoolQ/val.jsonl": json(...rows) }, async (folder) => {
    const { splits, notices, origin } = await loadTask("boolq", { dataDirectory: folder, hub: "off" });
    assert.equal(
      splits.validation?.map(({ fields }) => fields.passage),
      ["P2", "P5", "P2", "P5"],
    );
    assert.is(splits.train?.length, 8);
    assert.match(notices[0], "BoolQ: no train split here; every third passage");
    assert.is(origin.description, "boolq from the data directory, validation cut in two (train 8, validation 4)");
  });
  const whole = { "BoolQ/train.jsonl": json(...rows), "BoolQ/val.jsonl": json(rows[0]) };
  await inFolder(whole, async (folder) => {
    assert.equal((await loadTask("boolq", { dataDirectory: folder, hub: "off" })).notices, []);
  });
});

test("faults of a data folder are errors that name file and line", async () => {
  const cb = (train: string, val = json({ premise: "a", hypothesis: "b", label: "neutral" })) => ({
    "CB/train.jsonl": train,
    "CB/val.jsonl": val,
  });
  const refused = (files: Readonly<Record<string, string | Uint8Array>>, task: string, message: string) =>
    inFolder(files, (folder) => rejectsWith(loadTask(task, { dataDirectory: folder, hub: "off" }), message));
  const good = { premise: "a", hypothesis: "b", label: "neutral" };
  await refused(cb(json(good) + '{"premise": \n'), "cb", "CB/train.jsonl line 2: expected a JSON object, got");
  await refused(cb(json(good) + "[1]\n"), "cb", "CB/train.jsonl line 2: expected a JSON object, got [1]");
  await refused(
    cb(json({ ...good, label: "maybe" })),
    "cb",
    'CB/train.jsonl line 1, label: expected one of 0 entailment, 1 contradiction, 2 neutral, got "maybe"',
  );
  await refused(
    cb(json({ text: "a", hypothesis: "b", label: "neutral" })),
    "cb",
    "CB/train.jsonl line 1, field premise: expected a text in column premise, got undefined",
  );
  await refused(cb(""), "cb", "CB/train.jsonl: expected lines of text");
  await refused({ "CB/train.jsonl": json(good) }, "cb", "split validation of cb: expected a file CB/val.jsonl in");
  await refused(
    cb(json({ premise: "a", hypothesis: "b" })),
    "cb",
    "CB/train.jsonl line 1, header: expected a column label",
  );
  await refused(
    cb(json(good), json({ premise: "a", hypothesis: "b" })),
    "cb",
    "CB/val.jsonl line 1, header: expected a column label",
  );
  await refused(
    cb(json(good, { premise: "a", hypothesis: "b" })),
    "cb",
    "CB/train.jsonl line 2, label: expected one of 0 entailment",
  );
  await refused(
    { "CB/train.jsonl": Buffer.from(json(good), "utf16le"), "CB/val.jsonl": json(good) },
    "cb",
    "CB/train.jsonl: expected text in UTF-8 or latin-1",
  );
  await refused(
    { "MultiRC/train.jsonl": json({ idx: 0, passage: { text: "a" } }), "MultiRC/val.jsonl": "{}\n" },
    "multirc",
    "MultiRC/train.jsonl line 1, questions: expected a list of objects, got undefined",
  );
  await refused(
    { "SQuAD/train-v1.1.json": '{"version": "1.1"}', "SQuAD/dev-v1.1.json": "{}" },
    "squad",
    "SQuAD/train-v1.1.json line 1, data: expected a list of objects, got undefined",
  );
  const record = (answer: string) => ({
    idx: 0,
    passage: { text: "Ada met Bo", entities: [{ start: 0, end: 2 }] },
    qas: [{ idx: 0, query: "@placeholder", answers: [{ text: answer }] }],
  });
  await refused(
    { "ReCoRD/train.jsonl": json(record("Bo")), "ReCoRD/val.jsonl": json(record("Ada")) },
    "record",
    'ReCoRD/train.jsonl line 1, answer: expected one of the candidates Ada, got "Bo"',
  );
});

withData(test, "the real files have the counts of their distributions", async () => {
  const expected: Readonly<Record<string, readonly [train: number, held: number, classes?: readonly number[]]>> = {
    sst2: [67349, 872, [29780, 37569]],
    sst5: [8544, 2210, [1092, 2218, 1624, 2322, 1288]],
    trec: [5452, 500, [1162, 1250, 86, 1223, 835, 896]],
    qnli: [3634, 1829],
    rte: [2490, 277, [1249, 1241]],
    cb: [250, 56, [115, 119, 16]],
    boolq: [2186, 1084],
    "boolq-titled": [2186, 1084],
    wsc: [554, 104, [295, 259]],
    wic: [5428, 638, [2714, 2714]],
    multirc: [27243, 4848, [15218, 12025]],
    copa: [400, 100],
    record: [32, 32],
    squad: [2575, 1190],
  };
  const loaded = new Map<string, LoadedTask>();
  for (const task of tasks) {
    const found = await loadTask(task, { dataDirectory: dataDirectory ?? "", hub: "off" }).catch(() => null);
    if (found !== null) loaded.set(task.name, found);
  }
  assert.equal([...loaded.keys()].sort(), Object.keys(expected).sort());
  for (const [name, { task, splits }] of loaded) {
    const [train, held, classes] = expected[name];
    assert.equal([splits.train?.length, splits[task.testSplit]?.length], [train, held], name);
    if (classes && task.kind === "classification")
      assert.equal(
        task.labels.map((_, c) => splits.train?.filter(({ label }) => label === c).length),
        classes,
        name,
      );
    for (const reading of readingsOf(task))
      for (const example of splits.train!.slice(0, 200)) assert.ok(promptText(task, reading, example).length > 0, name);
  }
});

withData(test, "the real SQuAD and XQuAD share no context after the shared ones are left out", async () => {
  const { splits, notices } = await loadTask("squad", { dataDirectory: dataDirectory ?? "", hub: "off" });
  const held = new Set(splits.validation?.map(({ fields }) => fields.context));
  assert.is(splits.train?.filter(({ fields }) => held.has(fields.context)).length, 0);
  assert.equal(notices.slice(1), [
    "SQuAD/squad2-half-dev.json: 3168 rows without a label or an answer left out",
    "335 train examples left out: their context is in the test split",
  ]);
});

test.run();
