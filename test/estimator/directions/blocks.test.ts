import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkDirections } from "../../../src/estimator/directions";
import { blocks } from "../../../src/estimator/directions/blocks";
import { throwsWith } from "../../support/throws";
import { hereIn, mixed, numbersOf, opened, partsOf } from "./layouts";

const test = suite("estimator/directions/blocks");

test("queries move consecutive tensors in turn, and begin anew after the last block", () => {
  const draw = opened(blocks, { blocks: 2 }, hereIn(mixed, 0));
  const named = [0, 1, 2].map((query) => partsOf(draw, query).map(({ entry }) => entry.name));
  assert.equal(named, [["query", "value"], ["core", "bias", "row"], ["query", "value"]]); // prettier-ignore
  const [first, again] = [0, 2].map((query) => numbersOf(draw, mixed, query));
  assert.is.not(String(first), String(again));
  assert.ok(
    first.every((value, i) => i < 48 === (value !== 0)),
    "the first block and nothing else",
  );
});

test("tensors of one shape have numbers of their own, and more blocks than tensors are as many", () => {
  const z = numbersOf(opened(blocks, { blocks: 1 }, hereIn(mixed, 0)), mixed);
  assert.is.not(String(z.slice(0, 24)), String(z.slice(24, 48)));
  const draw = opened(blocks, { blocks: 99 }, hereIn(mixed, 0));
  assert.equal([0, 4, 5].map((query) => partsOf(draw, query).map(({ entry }) => entry.name)), [["query"], ["row"], ["query"]]); // prettier-ignore
});

test("no blocks are refused", () => {
  throwsWith(
    () => checkDirections("directions", { kind: "blocks", blocks: 0 }),
    "directions.blocks: expected a positive integer, got 0",
  );
});

test.run();
