import { suite } from "uvu";
import * as assert from "uvu/assert";
import { nearest, nearestHint } from "../../src/check/nearest";

const test = suite("check/nearest");

test("names a few edits away, best first, and names that contain it", () => {
  assert.equal(nearest("rowberta", ["bert", "robertta", "roberta", "opt"]), ["roberta", "robertta"]);
  assert.equal(nearest("smol", ["smollm2", "minilm"]), ["smollm2"]);
  assert.equal(nearest("x", ["roberta", "llama"]), []);
  assert.equal(nearest("", ["a", "llama"]), ["a"]);
  assert.equal(nearest("nmae", ["name", "size"]), ["name"]); // two letters that changed places are one edit
});

test("a hint is empty without candidates", () => {
  assert.is(nearestHint("llamma", ["llama", "opt"]), "; nearest: llama");
  assert.is(nearestHint("llama", []), "");
});

test.run();
