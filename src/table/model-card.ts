import { escapeMarkdown } from "./escape";
import { formatNumber } from "./number";
import { intervalText } from "./summary";

/** What was written: an adapter or a whole model, for which programs. */
export type CardForm = "peft" | "gguf-adapter" | "folder" | "gguf" | "onnx";

/** How a split was answered. */
export interface CardScore {
  /** Share of right answers; null where that is not measured. */
  readonly accuracy: number | null;
  readonly texts: number;
}

/** All that a model card says. Every text may come from anywhere: it is escaped. */
export interface CardFacts {
  readonly title: string;
  readonly form: CardForm;
  readonly base: {
    readonly title: string;
    /** Its repository on the hub; null where it has none that is known. */
    readonly repository: string | null;
    /** As its repository says; null where it is not known here. */
    readonly licence: string | null;
    readonly files: readonly { readonly name: string; readonly sha256: string }[];
  };
  /** What the model does, in the hub's words ("text-generation"). */
  readonly pipeline: string;
  readonly task: {
    readonly title: string;
    /** Which texts, and where from. */
    readonly data: string;
    /** The hub's data set; null where the texts came from elsewhere. */
    readonly dataset: string | null;
    readonly texts: Readonly<Record<"train" | "dev" | "test", number>>;
    /** What the model reads, fields in braces; null where each text has its own. */
    readonly template: string | null;
    /** The word that stands for each class. */
    readonly words: readonly { readonly label: string; readonly word: string }[];
  };
  readonly training: {
    readonly method: string;
    /** The rate, or how it changes. */
    readonly learningRate: string;
    readonly adapter: string;
    readonly parameters: number;
    readonly batchSize: number;
    readonly seed: number;
    /** Where the checkpoint lies, of how many steps. */
    readonly checkpoint: number;
    readonly steps: number;
    /** Up to the end, on training batches; evaluations are counted apart. */
    readonly forwardPasses: number;
    readonly evaluationPasses: number;
    /** Of first-order methods; 0 where nothing ran backwards. */
    readonly backwardPasses: number;
    readonly hours: number;
    readonly machine: string;
    /** ISO date. */
    readonly date: string;
    readonly commit: string;
  };
  readonly dev: CardScore & { readonly loss: number; readonly chance: number };
  /** null: nobody looked. */
  readonly test: (CardScore & { readonly before: number; readonly probe: number | null }) | null;
  /** What was written from what; null where that is said already. */
  readonly made: string | null;
}

/** The hub's names of licences. */
const LICENCES: Readonly<Record<string, string>> = {
  "apache-2.0": "apache-2.0",
  mit: "mit",
  "llama 2 community license": "llama2",
  "meta llama 3 community license": "llama3",
  "llama 3.1 community license": "llama3.1",
  "llama 3.2 community license": "llama3.2",
};

const LIBRARIES: Readonly<Record<CardForm, string | null>> = {
  peft: "peft",
  folder: "transformers",
  "gguf-adapter": null,
  gguf: null,
  onnx: "onnx",
};

/**
 * Gives the README.md of written weights: front matter as the hub reads it, then what was tuned, on which texts, how, what it scored and what it
 * cost. Nothing in it is read as markup or as YAML but what stands here.
 * For example `modelCard(facts).split("\n")[1]`: 'license: "apache-2.0"'.
 */
export function modelCard(facts: CardFacts): string {
  const { title, base, task, training, dev, test, made } = facts;
  const rows = (lines: readonly (readonly [string, string] | null)[]): string =>
    ["| | |", "|---|---|", ...lines.flatMap((line) => (line === null ? [] : [`| ${line[0]} | ${text(line[1])} |`]))].join("\n"); // prettier-ignore
  const { train, dev: devTexts, test: testTexts } = task.texts;
  return [
    frontMatter(facts),
    `# ${text(title)}`,
    `${KINDS[facts.form]} of ${text(base.title)} (${text(training.adapter)}), ${
      training.backwardPasses === 0
        ? "tuned with forward passes alone: nothing ran backwards through the model"
        : "tuned with gradients"
    }. Made with adazeta, whose method is [AdaZeta](https://arxiv.org/abs/2406.18060) and its neighbours.`,
    "## Task",
    rows([
      ["task", task.title],
      ["data", task.data],
      ["texts", `${train} to train on, ${devTexts} to choose by (dev), ${testTexts} for the end (test)`],
      ...task.words.map(({ label, word }): readonly [string, string] => [`answer for ${text(label)}`, JSON.stringify(word)]), // prettier-ignore
    ]),
    ...(task.template === null ? ["Each text has a prompt of its own."] : ["What the model reads:", fenced(task.template)]),
    "## Scores",
    rows([
      ["dev", `${share(dev)}; loss ${formatNumber(dev.loss)} nats, the best constant answer's ${formatNumber(dev.chance)}`],
      test === null
        ? ["test", "not looked at"]
        : ["test", `${share(test)}; before tuning ${percent(test.before)}${test.probe === null ? "" : `, a linear probe on the frozen features ${percent(test.probe)}`}`],
    ]),
    "Intervals are Wilson's, 95 %; they say what so few texts can say, not what another draw of the training texts would give. The checkpoint was chosen on dev, so dev is too good by a little.",
    "## Training",
    rows([
      ["method", `${training.method}, learning rate ${training.learningRate}`],
      ["trained", `${training.parameters} numbers`],
      ["steps", `${training.steps}, batch size ${training.batchSize}, seed ${training.seed}; the checkpoint is that of step ${training.checkpoint}`],
      ["forward passes", `${training.forwardPasses} on training batches, ${training.evaluationPasses} on evaluation`],
      training.backwardPasses === 0 ? null : ["backward passes", String(training.backwardPasses)],
      ["time", `${duration(training.hours)} on ${training.machine}`],
      ["made", `${training.date.slice(0, 10)}, adazeta at ${training.commit}`],
      made === null ? null : ["written", made],
    ]),
    "## Base model and licence",
    rows([
      ["base", base.repository === null ? base.title : `${base.title}, ${base.repository}`],
      ...base.files.map(({ name, sha256 }): readonly [string, string] => [text(name), `SHA-256 ${sha256}`]),
      ["licence", base.licence === null ? "not known here: the base model's holds" : `${base.licence}, the base model's, holds for what is made of it`], // prettier-ignore
    ]),
    base.files.length === 0
      ? ""
      : "`verify.json` beside the weights says what they compute: texts, token ids and values, to be checked by any program.",
    "",
  ].join("\n\n").replace(/\n+$/, "\n"); // prettier-ignore
}

const KINDS: Readonly<Record<CardForm, string>> = {
  peft: "A PEFT adapter",
  "gguf-adapter": "A GGUF adapter",
  folder: "A tuned copy",
  gguf: "A tuned GGUF copy",
  onnx: "A tuned classifier, one ONNX file,",
};

function frontMatter({ form, base, pipeline, task, training }: CardFacts): string {
  const known = base.licence === null ? undefined : LICENCES[base.licence.toLowerCase()];
  const library = LIBRARIES[form];
  const isAdapter = form === "peft" || form === "gguf-adapter";
  const list = (name: string, values: readonly string[]): readonly string[] =>
    values.length === 0 ? [] : [`${name}:`, ...values.map((value) => `- ${yaml(value)}`)];
  return [
    "---",
    `license: ${yaml(known ?? "other")}`,
    ...(known !== undefined ? [] : [`license_name: ${yaml(base.licence ?? "that of the base model")}`]),
    ...(base.repository === null
      ? []
      : [`base_model: ${yaml(base.repository)}`, `base_model_relation: ${isAdapter ? "adapter" : "finetune"}`]),
    ...(library === null ? [] : [`library_name: ${library}`]),
    `pipeline_tag: ${yaml(pipeline)}`,
    ...list("datasets", task.dataset === null ? [] : [task.dataset]),
    ...list("tags", ["adazeta", ...(training.backwardPasses === 0 ? ["zeroth-order"] : []), ...(form.startsWith("gguf") ? ["gguf"] : []), ...(isAdapter ? ["lora"] : [])]), // prettier-ignore
    "---",
  ].join("\n");
}

/**
 * Gives text as a YAML scalar: JSON's form, which YAML reads, with the characters that YAML takes for line ends or forbids, or that turn the direction of text, as numbers.
 * @example yaml("a: [b]\n") // '"a: [b]\\n"'
 */
export function yaml(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text on one line, as it is: no markup, no control characters. */
function text(value: string): string {
  return escapeMarkdown(printable(value)).replace(/[~#]/g, "\\$&");
}

/** Text of several lines as it is, between fences longer than any in it. */
function fenced(value: string): string {
  const lines = printable(value);
  const longest = Math.max(2, ...(lines.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${lines}\n${fence}`;
}

/** Control characters, and those that turn the direction of text, become a visible mark. */
function printable(value: string): string {
  return value
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/(?![\n\t])[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, "\ufffd");
}

function share({ accuracy, texts }: CardScore): string {
  const interval = intervalText(accuracy, texts);
  if (accuracy === null || interval === null) return `right answers not measured, of ${texts} texts`;
  return `${percent(accuracy)} right (95 % interval ${interval} %) of ${texts} texts`;
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

function duration(hours: number): string {
  return hours < 0.1 ? `${(60 * hours).toFixed(1)} minutes` : `${hours.toFixed(1)} hours`;
}
