import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recipeOptions } from "../../src/optimizer/recipe-options";
import { method, recipes } from "../../src/optimizer/recipes";
import type { RecipeName } from "../../src/optimizer/recipes";
import { throwsWith } from "../support/throws";

const test = suite("optimizer/recipe-options");
const names = Object.keys(recipes) as RecipeName[];

test("AdaZeta's options, and those of a method along an exact gradient", () => {
  const common = ["learningRate", "weightDecay", "name", "estimator", "perturbationScale", "chunk"];
  assert.equal(recipeOptions("adazeta"), ["cap", "exponent", "multiplier", ...common]);
  assert.equal(recipeOptions("first-order"), ["learningRate", "name", "parts", "rule", "weightDecay"]);
});

test("every method knows its rate, its name and its weight decay, and no option that nobody looks at", () => {
  for (const name of names) {
    const options = recipeOptions(name);
    for (const known of ["learningRate", "name", "weightDecay"])
      assert.ok(options.includes(known), `${name}: ${known}`);
    assert.is(method(name, { name: "mine" } as never).name, "mine");
    assert.not.ok(options.includes("learnigRate"));
    assert.is(new Set(options).size, options.length);
  }
});

test("an option that a method does not know is refused by name, and so is what is no object", () => {
  throwsWith(() => method("lozo", { rnk: 4 } as never), "options: expected those of lozo, queries, rank, redraw,");
  throwsWith(() => method("lozo", { rnk: 4 } as never), 'nearest: rank, got "rnk"');
  throwsWith(() => method("lomo", { perturbationScale: 1 } as never), 'got "perturbationScale"');
  // Its derivative is exact: what a probe along a line would take is not passed over in silence.
  for (const option of ["estimator", "perturbationScale"])
    throwsWith(() => method("forward-gradient", { [option]: "two-sided" } as never), `got "${option}"`);
  for (const none of [null, "rank", 5, [], true])
    throwsWith(() => method("mezo", none as never), "options: expected an object of options, got");
  assert.equal(method("lozo"), method("lozo", {}));
});

test("a perturbation that float32 cannot hold is refused by every method that has one", () => {
  for (const name of names)
    for (const perturbationScale of recipeOptions(name).includes("perturbationScale") ? [1e-46, 1e300] : [])
      throwsWith(
        () => method(name, { perturbationScale } as never),
        "perturbationScale: expected a number that float32 can hold, got",
      );
});

test("a method of several rounds takes no estimator", () => {
  for (const name of ["conservative", "mezo-gv", "eggroll"] as const)
    assert.not.ok(recipeOptions(name).includes("estimator"));
});

test.run();
