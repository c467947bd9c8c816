import { suite } from "uvu";
import * as assert from "uvu/assert";
import { zoSparse } from "../../../src/optimizer/recipes/zo-sparse";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/recipes/zo-sparse");

test("the share that moves is 1 less the sparsity", () => {
  assert.equal(zoSparse({ sparsity: 0.75 }).directions, { kind: "random-mask", keep: 0.25, hold: 1 });
});

test("a sparsity that is no share, or leaves nothing, is refused by name", () => {
  for (const sparsity of [1, -0.5, NaN, "0.5", null, []])
    throwsWith(() => zoSparse({ sparsity: sparsity as never }), "sparsity: expected a number from 0 to below 1, got");
});

test.run();
