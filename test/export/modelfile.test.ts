import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chatTurn } from "../../src/export/chat-turn";
import { modelfile } from "../../src/export/modelfile";
import { chatWriter } from "../../src/text/chat-template";
import { throwsWith } from "../support/throws";

const test = suite("export/modelfile");
const facts = {
  from: "base.gguf",
  adapter: "mine.gguf",
  template: "{text} It was",
  chat: null,
  fields: ["text"],
  stops: ["<|im_end|>"],
  tokens: 1,
};

test("FROM, ADAPTER, TEMPLATE with the asked text in its place, and a stop for each text that ends an answer", () => {
  assert.equal(modelfile(facts).split("\n").slice(1), [
    "FROM ./base.gguf",
    "ADAPTER ./mine.gguf",
    'TEMPLATE """{{ .Prompt }} It was"""',
    "PARAMETER temperature 0",
    "PARAMETER num_predict 1",
    'PARAMETER stop "<|im_end|>"',
    "",
  ]);
});

test("a whole model has no adapter; several fields are a comment; a line end as a stop stands between three quotes", () => {
  const made = modelfile({
    ...facts,
    adapter: null,
    template: "{a}\n{b}?",
    fields: ["a", "b"],
    stops: ["\n", 'x"', ""],
    tokens: null,
  });
  assert.equal(made.split("\n").slice(1), [
    "# Write the whole prompt:",
    "#   {a}",
    "#   {b}?",
    "FROM ./base.gguf",
    'TEMPLATE """{{ .Prompt }}"""',
    "PARAMETER temperature 0",
    'PARAMETER stop """',
    '"""',
    "",
  ]);
});

test("a conversation's turn is written as the model's chat template writes it, its question and its answer in their places", () => {
  const source = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"; // prettier-ignore
  const writer = chatWriter({ source, special: { bos_token: "<s>" }, from: "a test" });
  const chat = chatTurn(writer);
  assert.equal(chat, { before: "<|user|>\n", between: "</s>\n<|assistant|>\n", after: "</s>\n" });
  const made = modelfile({ ...facts, template: null, fields: [], chat });
  assert.match(
    made,
    /TEMPLATE """<\|user\|>\n\{\{ \.Prompt \}\}<\/s>\n<\|assistant\|>\n\{\{ \.Response \}\}<\/s>\n"""/,
  );
  // One that shouts writes no question as it is.
  assert.is(chatTurn(chatWriter({ source: "{{ messages[0].content | upper }}", special: {}, from: "a test" })), null);
});

test("quotes and braces of a template are text in Go's language, and end nothing", () => {
  const made = modelfile({ ...facts, template: 'say """ {{ .System }} {text}"' });
  assert.match(
    made,
    'TEMPLATE """say {{ "\\"" }}{{ "\\"" }}{{ "\\"" }} {{ "{{" }} .System }} {{ .Prompt }}{{ "\\"" }}"""',
  );
  assert.is(made.match(/"""/g)?.length, 2);
});

test("a file's name with a line end is refused: a Modelfile cannot hold it", () => {
  throwsWith(() => modelfile({ ...facts, from: "a\nSYSTEM x" }), "file: expected a name on one line");
});

test("a brace right before the asked text begins no action", () => {
  const made = modelfile({ ...facts, template: '{"text": {{text}}' });
  assert.match(made, /\{\{ "\{" \}\}\{\{ \.Prompt \}\}\}/);
  assert.not.match(made, /\{\{\{/);
});

test.run();
