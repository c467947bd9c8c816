import { suite } from "uvu";
import * as assert from "uvu/assert";
import { marked, visibly } from "../../src/check/visibly";

const test = suite("check/visibly");

test("spaces of any kind, marks of no width and decomposed letters look the same", () => {
  for (const text of [
    "yes",
    "yes ",
    "\u00a0yes\u3000",
    "\ufeffyes",
    "y\u200be\u00ads",
    "yes\u0085\r\n",
    "\u202ayes\u202c\ufe0f",
  ])
    assert.is(visibly(text), "yes", marked(text));
  assert.is(visibly("cafe\u0301"), "caf\u00e9");
  assert.is(visibly("a\t\u200b b"), "a b");
  assert.is.not(visibly("Yes"), visibly("yes"));
});

test("what cannot be seen is written out", () => {
  assert.is(marked("yes\u00a0"), '"yes\\u{a0}"');
  assert.is(marked("\ufeffcafe\u0301 au lait\u{e0041}"), '"\\u{feff}cafe\\u{301} au lait\\u{e0041}"');
});

test.run();
