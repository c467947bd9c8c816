import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recentTexts } from "../../../src/engine/onnx/recent-texts";

const test = suite("engine/onnx/recent-texts");
const of = (...keys: readonly string[]) => keys.map((key) => ({ key, bytes: 4 }));

test("what was used longest ago goes first: with room for 3 of 4 bytes each, a goes for d, then c once b was used again", () => {
  const kept = recentTexts(12);
  assert.equal(kept.use(of("a", "b", "c")), []);
  assert.equal(kept.use(of("d")), ["a"]);
  assert.equal(kept.use(of("b")), []);
  assert.equal(kept.use(of("e")), ["c"]);
  assert.equal(
    ["a", "b", "c", "d", "e"].map((key) => kept.has(key)),
    [false, true, false, true, true],
  );
});

test("a batch that does not fit is not kept in part beyond the limit, and a key counts once", () => {
  const kept = recentTexts(7);
  assert.equal(kept.use(of("a", "b", "c")), ["a", "b"]);
  assert.equal(kept.use(of("c", "c")), []);
  assert.equal(recentTexts(3).use(of("a")), ["a"]);
});

test("nothing is known after clear", () => {
  const kept = recentTexts(4);
  kept.use(of("a"));
  kept.clear();
  assert.not.ok(kept.has("a"));
  assert.equal(kept.use(of("b")), []);
});

test.run();
