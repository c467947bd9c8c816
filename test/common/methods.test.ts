import { suite } from "uvu";
import { recipes } from "../../src/optimizer/recipes";
import { methodProperties } from "../support/method-properties";
import { rowsOf } from "../support/method-runs";

/** All methods x what every method must hold, on problems whose numbers are known. A new method is tested by its row in `recipes`. */
const test = suite("common/methods");

for (const row of rowsOf(recipes))
  for (const [what, holds] of Object.entries(methodProperties)) test(`${row.name}: ${what}`, () => holds(row));

test.run();
