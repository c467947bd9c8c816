import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkDirectionsFit } from "../../../src/estimator/directions";
import { lowRankFresh } from "../../../src/estimator/directions/low-rank-fresh";
import { throwsWith } from "../../support/throws";
import { hereIn, mixed, numbersOf, opened, outerOf, partsOf } from "./layouts";

const test = suite("estimator/directions/low-rank-fresh");

test("both factors are new with each query, and an entry has variance 1", () => {
  const draw = opened(lowRankFresh, { rank: 2 }, hereIn(mixed, 0));
  const [one, two, other] = [outerOf(draw, 0), outerOf(draw, 0, 1), outerOf(draw, 1)];
  assert.is(new Set([one, two, other].flatMap(({ left, right }) => [String(left), String(right)])).size, 6);
  assert.equal(partsOf(draw).map(({ kind }) => kind), ["outer", "outer", "outer", "dense", "dense"]); // prettier-ignore
  let squares = 0;
  for (let query = 0; query < 400; query++) squares += numbersOf(draw, mixed, query).reduce((sum, z) => sum + z * z, 0);
  assert.ok(Math.abs(squares / (400 * mixed.size) - 1) < 0.05, String(squares / (400 * mixed.size)));
});

test("a rank above a matrix's smaller side is refused", () => {
  throwsWith(
    () => checkDirectionsFit("directions", { kind: "low-rank-fresh", rank: 5 }, mixed),
    "directions.rank: expected at most 4, the smaller side of query (6 x 4), got 5",
  );
});

test.run();
