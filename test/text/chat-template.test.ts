import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chatTemplateFromFolder, chatTemplateFromGguf, chatWriter } from "../../src/text/chat-template";
import type { ChatMessage } from "../../src/text/chat-template";
import { chooseModelFiles } from "../../src/weights/model-files";
import { inFolder } from "../support/in-folder";
import { throwsWith } from "../support/throws";

const test = suite("text/chat-template");
const config = (more: object) => ({
  "tokenizer_config.json": JSON.stringify({ eos_token: "</s>", bos_token: { content: "<s>" }, ...more }),
});
const sourceIn = (files: Readonly<Record<string, string>>) =>
  inFolder(files, (folder) => Promise.resolve(chatTemplateFromFolder(folder)));
const talk: readonly ChatMessage[] = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello." },
];
const writer = (source: string) => chatWriter({ source, special: { eos_token: "</s>" }, from: "test" });
/** What the assistant's turns are in what a template writes. */
const turns = (source: string, messages = talk) => {
  const { text, spans } = writer(source).writeWhole(messages);
  return spans.map(({ from, to }) => text.slice(from, to));
};

test("a folder's template: the file before the note, of several the default, with the special tokens' strings", async () => {
  const found = await sourceIn({ ...config({ chat_template: "noted" }), "chat_template.jinja": "in a file\n" });
  assert.equal(found, {
    source: "in a file\n",
    special: { eos_token: "</s>", bos_token: "<s>" },
    from: "chat_template.jinja",
  });
  assert.is((await sourceIn(config({ chat_template: "noted" })))?.source, "noted");
  const named = [{ name: "tool_use", template: "a" }, { name: "default", template: "b" }]; // prettier-ignore
  assert.is((await sourceIn(config({ chat_template: named })))?.source, "b");
  assert.is(await sourceIn(config({})), null);
  assert.is(await sourceIn({}), null);
  for (const wrong of [[{ name: "tool_use", template: "a" }], 5, { default: "a" }, [null]])
    assert.is(await sourceIn(config({ chat_template: wrong })), null);
  await inFolder({ "tokenizer_config.json": "{" }, (folder) =>
    Promise.resolve(throwsWith(() => chatTemplateFromFolder(folder), join(folder, "tokenizer_config.json"))),
  );
});

test("a GGUF file's template, and the tokens that its ids name", () => {
  const metadata = new Map<string, string | number | readonly string[]>([
    ["tokenizer.chat_template", "t"],
    ["tokenizer.ggml.tokens", ["<unk>", "<s>", "</s>"]],
    ["tokenizer.ggml.eos_token_id", 2],
    ["tokenizer.ggml.bos_token_id", 9],
  ]);
  assert.equal(chatTemplateFromGguf(metadata)!.special, { eos_token: "</s>" });
  assert.is(chatTemplateFromGguf(new Map()), null);
});

test("a repository's template is fetched with its tokenizer", () => {
  const files = ["config.json", "chat_template.jinja", "model.safetensors"];
  assert.ok(chooseModelFiles(files).includes("chat_template.jinja"));
});

test("a turn is from what asks for it to the mark that ends it", () => {
  // Where nothing asks for it, the model has to write its own name.
  const each = (body: string) => `{% for m in messages %}${body}{% endfor %}`;
  assert.equal(turns(each("{{ m.role }}: {{ m.content }}{{ eos_token }}\n")), ["assistant: Hello.</s>"]);
  // White space alone may be what ends a turn; nothing may.
  assert.equal(turns(each("{{ m.role }}: {{ m.content }}{{ '\\n\\n' }}")), ["assistant: Hello.\n\n"]);
  assert.equal(turns(each("{{ m.role }}: {{ m.content }}")), ["assistant: Hello."]);
  // A template that asks by more than a turn begins with.
  const asks = each("<{{ m.role }}>{{ m.content }}|") + "{% if add_generation_prompt %}<assistant><think>{% endif %}";
  assert.equal(turns(asks), ["Hello.|"]);
  // The same words twice, and words that the template writes too.
  const twice = [...talk, { role: "user", content: "Hello." }, { role: "assistant", content: "assistant" }];
  const plain = each("<{{ m.role }}>{{ m.content }}|") + "{% if add_generation_prompt %}<assistant>{% endif %}";
  assert.equal(turns(plain, twice), ["Hello.|", "assistant|"]);
});

test("a conversation that the assistant begins has its turn where its words stand, not where the template has the same", () => {
  const source =
    "{% if messages[0].role != 'system' %}<system>You are an assistant.|{% endif %}{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}|{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
  for (const own of ["a", "assistant", "<", "You are an assistant.", "|"])
    assert.equal(turns(source, [{ role: "assistant", content: ` ${own} ` }, ...talk]), [`${own}|`, "Hello.|"]);
  const { text, spans } = writer(source).writeWhole([{ role: "assistant", content: "a" }, ...talk]);
  assert.is(spans[0]!.from, text.indexOf("<assistant>a") + "<assistant>".length);
});

test("tags of a template say its turns, also where a text holds what marks them", () => {
  const tagged =
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}!{% endgeneration %}{% else %}{{ m.content }} {% endif %}{% endfor %}";
  assert.equal(turns(tagged), ["Hello.!"]);
  assert.equal(turns(tagged, [{ role: "user", content: "\ufdd0\ufdd1" }, { role: "assistant", content: "\ufdd2" }]), ["\ufdd2!"]); // prettier-ignore
});

test("what a template refuses comes as its own message, whole; what it cannot do, and what is none, too", () => {
  const refusal = `Roles must alternate user/assistant/user/assistant/... ${"and so on ".repeat(12)}`;
  throwsWith(
    () => writer(`{{ raise_exception('${refusal}') }}`).write(talk, true),
    `test: expected to write messages of user, assistant, got: ${refusal}`,
  );
  throwsWith(() => writer("{{ messages | unheard_of }}").write(talk, false), /test: expected to write .*unheard_of/);
  throwsWith(() => writer("{% if %}"), "test: expected a Jinja template, got");
  throwsWith(() => writer("{{ 'x' }"), "test: expected a Jinja template, got");
  throwsWith(
    () =>
      writer("{% for m in messages %}{{ m.content | upper }}{% endfor %}").writeWhole([
        { role: "assistant", content: "Hello." },
      ]),
    "test, message 1: expected the assistant's text as it is",
  );
});

test("a template that does not end, or fills the memory, is ended with an error", () => {
  const bounded = (source: string) =>
    chatWriter({ source, special: {}, from: "test" }, { milliseconds: 100, characters: 1000 });
  const loops = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";
  for (const wrong of [loops, `{% if add_generation_prompt %}${loops}{% endif %}{{ messages[-1].content }}`])
    throwsWith(
      () => bounded(wrong).writeWhole(talk),
      /^test: expected to write messages of user(, assistant)?, got no end: more than 0\.1 seconds$/,
    );
  throwsWith(
    () => bounded("{% for i in range(1001) %}x{% endfor %}").write(talk, false),
    "test: expected at most 1000 characters of messages of user, assistant, got 1001",
  );
  throwsWith(
    () => bounded("{% for i in range(1000000000) %}{% endfor %}").write(talk, false),
    "range: expected at most 100000 numbers, got 1000000000",
  );
  throwsWith(() => bounded("{% for i in range(0, 9, 0) %}{% endfor %}").write(talk, false), "range: expected a step");
  throwsWith(() => bounded("{{ raise_exception('') }}").write(talk, false), "got: a refusal without a word");
  // The next conversation is written as ever.
  const some = "{% if messages | length > 1 %}" + loops + "{% endif %}{{ messages[0].content }}";
  const one = bounded(some);
  throwsWith(() => one.write(talk, false), "got no end");
  assert.is(one.write(talk.slice(0, 1), false), "Hi");
});

test("what transformers gives a template is there: no tools, no documents, and Python's range", () => {
  const all = (source: string) => writer(source).write(talk, false);
  assert.is(all("{{ tools is none }} {{ documents is none }} {{ tools is defined }}"), "true true true");
  assert.is(all("{% if tools is not none and tools | length > 0 %}tools{% else %}none{% endif %}"), "none");
  for (const [given, numbers] of [
    ["3", "0,1,2,"],
    ["1, 4", "1,2,3,"],
    ["4, 0, -2", "4,2,"],
    ["2, 1", ""],
  ] as const)
    assert.is(all(`{% for i in range(${given}) %}{{ i }},{% endfor %}`), numbers);
  // A line's end at the beginning stays.
  assert.is(all("\n{{ messages[0].content }}"), "\nHi");
});

test.run();
