import { suite } from "uvu";
import * as assert from "uvu/assert";
import { combineKinds } from "../../src/estimator/combine";
import { directionKinds } from "../../src/estimator/directions";
import { probeKinds } from "../../src/estimator/probes";
import { roundsKinds } from "../../src/optimizer/rounds";
import { transformKinds } from "../../src/optimizer/transforms";
import { recipes } from "../../src/optimizer/recipes";
import { methodProperties } from "../support/method-properties";
import { composedMethods } from "../support/composed-methods";
import { matrices } from "../support/method-problems";
import { formsOf, rowsOf } from "../support/method-runs";

/** All methods x what every method must hold, on problems whose numbers are known. A new method is tested by its row in `recipes`. */
const test = suite("common/methods");

const rows = [...rowsOf(recipes), ...rowsOf(composedMethods)];

test("every kind of part is in a method here, but for own ones, whose functions JSON does not carry", () => {
  const methods = rows.flatMap((row) => formsOf(row, matrices.layout).map(({ method }) => method));
  const kinds = (parts: readonly (readonly { readonly kind: string }[])[]): readonly string[] => [
    ...new Set(parts.flat().map(({ kind }) => kind)),
  ];
  const found = {
    directions: kinds(methods.map(({ directions }) => [directions])),
    probe: kinds(methods.map(({ probe }) => (probe === undefined ? [] : [probe]))),
    rounds: kinds(methods.map(({ rounds }) => (rounds === undefined ? [] : [rounds]))),
    combine: kinds(methods.map(({ combine }) => [combine])),
    transforms: kinds(methods.map(({ transforms }) => transforms)),
  };
  const tables = { directions: directionKinds, probe: probeKinds, rounds: roundsKinds, combine: combineKinds, transforms: transformKinds }; // prettier-ignore
  for (const [part, table] of Object.entries(tables)) {
    const missing = Object.keys(table).filter(
      (kind) => kind !== "own" && !found[part as keyof typeof found].includes(kind),
    );
    assert.equal(missing, [], `${part} that no method here has`);
  }
});

for (const row of rows)
  for (const [what, holds] of Object.entries(methodProperties)) test(`${row.name}: ${what}`, () => holds(row));

test.run();
