import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { attempt, complaint, damaged, READERS, type Reader } from "../support/fuzz";
import { scratch } from "../support/scratch";

/** A few of the files of `npm run fuzz`, and all that ever found a problem. */
const test = suite("weights/fuzz");
const place = scratch();
test.after(() => place.remove());

/** Files by seed and number, with what was wrong. */
const FOUND: readonly (readonly [Reader, number, number, string])[] = [
  ["safetensors", 7, 574, "a shape nested 20,000 deep: showing it in the message overflowed the stack"],
  ["safetensors", 7, 1117, "the same as an entry of a tensor"],
  ["gguf", 7, 500, "a name of 30,000 characters: all of it was in the message"],
  ["gguf", 7, 1379, "the same with control characters"],
];
/** Files that a run of `npm run fuzz` kept because they found a problem. */
const KEPT = "test/fixtures/weights/fuzz";

for (const reader of READERS)
  test(`500 damaged ${reader} files are read or refused with a message made for people, never anything else`, () => {
    let refused = 0;
    for (let index = 0; index < 500; index++) {
      const path = place.file(`fuzz.${reader}`, damaged(reader, 11, index));
      const error = attempt(reader, path);
      assert.is(complaint(error), null, `file ${index}`);
      if (error !== null) refused++;
    }
    assert.ok(refused > 100 && refused < 500, `${refused} of 500 refused`);
  });

test("what found a problem once is refused with a message now", () => {
  for (const [reader, seed, index, what] of FOUND) {
    const error = attempt(reader, place.file(`found.${reader}`, damaged(reader, seed, index)));
    assert.instance(error, Error, what);
    assert.is(complaint(error), null, what);
  }
  for (const name of existsSync(KEPT) ? readdirSync(KEPT) : [])
    assert.is(
      complaint(
        attempt(
          READERS.find((reader) => name.endsWith(`.${reader}`))!,
          join(KEPT, name),
        ),
      ),
      null,
      name,
    );
});

test("the same seed and number give the same file", () => {
  for (const reader of READERS) {
    assert.equal(damaged(reader, 3, 5), damaged(reader, 3, 5));
    assert.not.equal(damaged(reader, 3, 5), damaged(reader, 3, 6));
  }
});

test.run();
