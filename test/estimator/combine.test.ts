import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkCombine, combineKinds, weightsOf, type CombineSpec } from "../../src/estimator/combine";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("estimator/combine");

const weights = (kind: CombineSpec["kind"], numbers: readonly number[]) => weightsOf({ kind }, numbers);

test("mean: each number over Q", () => {
  assert.equal(weights("mean", [2, -4, 0, 6]), [0.5, -1, 0, 1.5]);
});

test("sign: 1 / Q with the number's sign, 0 where it is 0", () => {
  assert.equal(weights("sign", [3, -0.001, 0, 1e9]), [0.25, -0.25, 0, 0.25]);
});

test("spread: over the standard deviation (1 / Q), with the mean left in; nothing where all are equal", () => {
  // 1, 3: mean 2, deviation 1
  assert.equal(weights("spread", [1, 3]), [0.5, 1.5]);
  assert.equal(weights("spread", [10, 30]), [0.5, 1.5]);
  assert.equal([weights("spread", [5, 5]), weights("spread", [5])], [[0, 0], [0]]);
});

test("z-score: without mean, over the deviation; 0 where all are equal", () => {
  // 1, 2, 3, 6: mean 3, deviation sqrt(14 / 4)
  const deviation = Math.sqrt(3.5);
  near(
    weights("z-score", [1, 2, 3, 6]),
    [-2, -1, 0, 3].map((value) => value / deviation / 4),
    1e-7,
  );
  assert.equal(weights("z-score", [7, 7]), [0, 0]);
});

test("rank: from -1/2 to 1/2 over Q, equal numbers share theirs, and an outlier counts as the largest", () => {
  assert.equal(weights("rank", [30, -1, 1e9]), [0, -1 / 6, 1 / 6]);
  near(
    weights("rank", [10, -1, 10, 3]),
    [1 / 3, -1 / 2, 1 / 3, -1 / 6].map((rank) => rank / 4),
    1e-12,
  );
  assert.equal([weights("rank", [5]), weights("rank", [2, 2])], [[0], [0, 0]]);
});

test("a weight that is known before the others is that of the whole step", () => {
  const numbers = [0.3, -7, 0, 2];
  const apart = Object.entries(combineKinds).filter(([, kind]) => "weightOf" in kind);
  assert.equal(
    apart.map(([name]) => name),
    ["mean", "sign"],
  );
  for (const kind of [combineKinds.mean, combineKinds.sign]) {
    const one = kind.weightOf!({}, numbers.length);
    assert.equal(numbers.map(one), kind.weights({}, numbers));
  }
});

test("a kind that there is not is refused", () => {
  throwsWith(
    () => checkCombine("method.combine", { kind: "median" } as unknown as CombineSpec),
    /^method\.combine\.kind: expected .*"mean".*, got "median"$/,
  );
});

test.run();
