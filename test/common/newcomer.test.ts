import { suite } from "uvu";
import { methodProperties } from "../support/method-properties";
import { rowsOf } from "../support/method-runs";
import { newcomers } from "../support/newcomer";

/** A method that the project does not have, in one file and one row, holds what every method must, and nothing else knows of it. */
const test = suite("common/newcomer");

for (const row of rowsOf(newcomers))
  for (const [what, holds] of Object.entries(methodProperties)) test(`${row.name}: ${what}`, () => holds(row));

test.run();
