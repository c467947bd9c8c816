import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadModel } from "../../src/engine/load-model";
import { askLlamaCpp } from "../../src/notebook/llama-cpp";
import { askIds } from "../../src/text/chat-ids";
import { chatWriter } from "../../src/text/chat-template";
import { hasLlama, noLlama } from "../support/llama";
import { findModel, missingModel, modelRoots } from "../support/models";
import { asCell } from "../support/shown";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";
import { tinyLoaded } from "../support/tiny-problem";

const test = suite("notebook/llama-cpp");
const withSmollm2 = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));
const withBoth = skipUnless(findModel("smollm2") !== null && hasLlama, noLlama);
const open = () => loadModel("smollm2", modelRoots());

/** With another environment for so long. */
async function withFolder<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const before = process.env["ADAZETA_LLAMA_CPP"];
  process.env["ADAZETA_LLAMA_CPP"] = folder;
  try {
    return await body();
  } finally {
    if (before === undefined) delete process.env["ADAZETA_LLAMA_CPP"];
    else process.env["ADAZETA_LLAMA_CPP"] = before;
  }
}

withBoth(test, "llama.cpp reads a question as the same tokens, and answers it", async () => {
  const model = open();
  const [answer] = (await askLlamaCpp(model, ["Say hello. é 👍🏽"], { newTokens: 6 }))!;
  const asked = [{ role: "user", content: "Say hello. é 👍🏽" }];
  assert.equal(answer!.asked, askIds(model.tokenizer, chatWriter(model.chatTemplate!), asked));
  assert.ok(answer!.ids.length > 0 && answer!.ids.length <= 6);
  assert.is(answer!.text, model.tokenizer.decode(answer!.ids).trim());
});

withBoth(test, "what llama.cpp cannot do comes as its own words", () =>
  rejectsWith(
    askLlamaCpp(open(), ["Hi"], { adapter: "no/such.gguf", newTokens: 2 }),
    "llama.cpp: expected answers, got: ",
  ),
);

withSmollm2(test, "where it is not installed a line says how to, and nothing is asked", () =>
  withFolder("no/such/folder", async () => {
    const { value, lines } = await asCell(() => askLlamaCpp(open(), ["Hi"]));
    assert.is(value, null);
    assert.match(lines.join("\n"), /llama\.cpp is not installed here.*npm install --prefix/);
  }),
);

test("a model of another file than GGUF is refused", () =>
  rejectsWith(
    askLlamaCpp(tinyLoaded("llama"), ["Hi"]),
    "model smollm2: expected one that was opened from a GGUF file",
  ));

test.run();
