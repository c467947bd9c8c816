import type { Example, Reading } from "../../src/task/task";

/** One example of a task, what the model reads of it, and what fills the mask or follows. */
export interface WorkedPrompt {
  readonly task: string;
  readonly reading: Reading;
  readonly example: Example;
  readonly text: string;
  readonly words: readonly string[];
}

function worked(
  task: string,
  reading: Reading,
  fields: Readonly<Record<string, string>>,
  text: string,
  words: readonly string[],
  more: Partial<Example> = {},
): WorkedPrompt {
  return { task, reading, example: { fields, label: 0, where: { file: "x", line: 1 }, ...more }, text, words };
}

const polarity = [" terrible", " great"];
const sentence = "a gripping film .";
const inference = { premise: "The river rose all night.", hypothesis: "Water went up." };
const asked = "<s>The river rose all night?<mask>, water went up.</s>";
const same = { first: "How old is she?", second: "What is her age?" };
const noYes = ["No", "Yes"];

/**
 * A worked prompt of every task and reading, written by hand from the published templates; the token ids in
 * `test/fixtures/task/prompt-ids.json` are those of the same texts.
 */
export const workedPrompts: readonly WorkedPrompt[] = [
  worked("sst2", "masked", { sentence }, "<s>a gripping film . It was<mask>.</s>", polarity),
  worked("sst2", "causal", { sentence }, "a gripping film . It was", polarity),
  worked("sst2", "pooled", { sentence }, "a gripping film .", []),
  worked("sst5", "masked", { sentence }, "<s>a gripping film . It was<mask>.</s>", [
    " terrible",
    " bad",
    " okay",
    " good",
    " great",
  ]),
  worked("sst5", "causal", { sentence }, "a gripping film . It was", [" terrible", " bad", " okay", " good", " great"]),
  worked("mr", "masked", { sentence: "silly and tedious ." }, "<s>silly and tedious . It was<mask>.</s>", polarity),
  worked("cr", "masked", { sentence: "i love this camera ." }, "<s>i love this camera . It was<mask>.</s>", polarity),
  worked("mpqa", "masked", { sentence: "complaining" }, "<s>complaining It was<mask>.</s>", polarity),
  worked("subj", "masked", { sentence: "a thief meets a writer ." }, "<s>a thief meets a writer . This is<mask>.</s>", [
    " subjective",
    " objective",
  ]),
  worked("cola", "masked", { sentence: "They drank the pub dry." }, "<s>They drank the pub dry. This is<mask>.</s>", [
    " incorrect",
    " correct",
  ]),
  worked("trec", "masked", { question: "Who was Galileo ?" }, "<s><mask>: Who was Galileo ?</s>", [
    " Description",
    " Entity",
    " Expression",
    " Human",
    " Location",
    " Number",
  ]),
  worked("trec", "causal", { question: "Who was Galileo ?" }, "Who was Galileo ? Type:", [
    " Description",
    " Entity",
    " Expression",
    " Human",
    " Location",
    " Number",
  ]),
  worked("trec", "pooled", { question: "Who was Galileo ?" }, "Who was Galileo ?", []),
  worked("mnli", "masked", inference, asked, [" Yes", " Maybe", " No"]),
  worked("mnli-mm", "masked", inference, asked, [" Yes", " Maybe", " No"]),
  worked("snli", "masked", inference, asked, [" Yes", " Maybe", " No"]),
  worked("rte", "masked", inference, asked, [" Yes", " No"]),
  worked(
    "qnli",
    "masked",
    { question: "Who wrote it?", sentence: "It was written by Ada." },
    "<s>Who wrote it?<mask>, it was written by Ada.</s>",
    [" Yes", " No"],
  ),
  worked("qqp", "masked", same, "<s>How old is she?<mask>, what is her age?</s>", [" No", " Yes"]),
  worked("mrpc", "masked", same, "<s>How old is she?<mask>, what is her age?</s>", [" No", " Yes"]),
  worked(
    "rte",
    "causal",
    inference,
    'The river rose all night.\nDoes this mean that "Water went up." is true? Yes or No?\n',
    ["Yes", "No"],
  ),
  worked(
    "cb",
    "causal",
    { premise: "It was a complex language.", hypothesis: "the language was simple" },
    'Suppose It was a complex language. Can we infer that "the language was simple"? Yes, No, or Maybe?\n',
    ["Yes", "No", "Maybe"],
  ),
  worked(
    "boolq",
    "causal",
    { passage: "The sea rises twice a day.", question: "does the sea rise" },
    "The sea rises twice a day. Does the sea rise?\n",
    noYes,
  ),
  worked(
    "boolq-titled",
    "causal",
    { passage: "Tide -- The sea rises twice a day.", question: "does the sea rise" },
    "Tide -- The sea rises twice a day. Does the sea rise?\n",
    noYes,
  ),
  worked(
    "wsc",
    "causal",
    { text: "Mark told Pete lies. He was believed.", name: "Mark", pronoun: "He" },
    'Mark told Pete lies. He was believed.\nIn the previous sentence, does the pronoun "he" refer to Mark? Yes or No?\n',
    noYes,
  ),
  worked(
    "wic",
    "causal",
    { word: "run", first: "Run rogue.", second: "She ran 10 miles that day." },
    'Does the word "run" have the same meaning in these two sentences? Yes, No?\nRun rogue.\nShe ran 10 miles that day.\n',
    noYes,
  ),
  worked(
    "multirc",
    "causal",
    { paragraph: "Ada met Bo in Rome. ", question: "Where did they meet?", answer: "In Rome" },
    'Ada met Bo in Rome. \nQuestion: Where did they meet?\nI found this answer "In Rome". Is that correct? Yes or No?\n',
    noYes,
  ),
  worked(
    "copa",
    "causal",
    {
      premise: "The man turned on the faucet.",
      first: "The toilet filled with water.",
      second: "Water flowed from the spout.",
      question: "effect",
    },
    "The man turned on the faucet so",
    [" the toilet filled with water.", " water flowed from the spout."],
    { label: 1 },
  ),
  worked(
    "copa",
    "causal",
    { premise: "I was tired.", first: "I had run.", second: "It was early.", question: "cause" },
    "I was tired because",
    [" I had run.", " it was early."],
  ),
  worked(
    "record",
    "causal",
    {
      passage: "By Ada Storms hit Rome.\n@highlight\nRome was flooded\n@highlight\nNobody was hurt",
      query: "Streets in @placeholder were closed, said the mayor of @placeholder.",
    },
    "By Ada Storms hit Rome.\n- Rome was flooded\n- Nobody was hurt\n-",
    [
      " Streets in Ada were closed, said the mayor of Ada.",
      " Streets in Rome were closed, said the mayor of Rome.",
      " Streets in $& were closed, said the mayor of $&.",
    ],
    { label: 1, candidates: ["Ada", "Rome", "$&"], answers: ["Rome", "$&"] },
  ),
  worked(
    "squad",
    "causal",
    { title: "Normans", context: "Normandy is in France.", question: " Where is Normandy? " },
    "Title: Normans\nContext: Normandy is in France.\nQuestion: Where is Normandy?\nAnswer:",
    [" in France\n"],
    { answers: ["in France", "France"] },
  ),
  worked(
    "drop",
    "causal",
    { context: "They scored 7 and 3 points.", question: "How many in all?" },
    "Passage: They scored 7 and 3 points.\nQuestion: How many in all?\nAnswer:",
    [" 10\n"],
    { answers: ["10"] },
  ),
];
