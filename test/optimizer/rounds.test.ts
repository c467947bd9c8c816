import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkRounds, passesOfRounds, roundsKind } from "../../src/optimizer/rounds";
import { answerAgain } from "../../src/optimizer/run-rounds";
import { throwsWith } from "../support/throws";

const test = suite("optimizer/rounds");
const spec = { kind: "conservative", perturbationScale: 0.5 } as const;
const here = { queries: 1, learningRate: 0.1 };

test("conservative asks at theta and both ends, then one step ahead and one back", () => {
  const rounds = roundsKind("rounds", spec).run(spec, here);
  assert.equal(rounds.next().value, [[], [{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  // p = (3 - 1) / (2 * 0.5) = 2: the step is -0.1 * 2 z
  assert.equal(rounds.next([2, 3, 1]).value, [[{ by: -0.2, query: 0 }], [{ by: 0.2, query: 0 }]]);
  assert.equal(passesOfRounds(spec), { once: 3, perQuery: 2 });
});

test("of three points the lowest is taken: ahead, back, or none", () => {
  const weightFor = (ahead: number, back: number): number =>
    answerAgain(spec, here, [2, 3, 1, ahead, back]).weights[0] + 0;
  assert.is(weightFor(1.5, 2.5), 2);
  assert.is(weightFor(2.5, 1.5), -2);
  assert.is(weightFor(2.5, 2.25), 0);
  // Both steps lower the loss: the lower one.
  assert.is(weightFor(1.5, 1), -2);
  assert.is(weightFor(1, 1.5), 2);
  assert.equal(answerAgain(spec, here, [2, 3, 1, 1, 1.5]), { projectedGradients: [2], weights: [2], loss: 2 });
});

test("several queries share the step: weights are p_q / Q", () => {
  // p = 2 and -4 of two queries
  const end = answerAgain(spec, { queries: 2, learningRate: 0.1 }, [2, 3, 1, 0, 4, 1, 9]);
  assert.equal([end.projectedGradients, end.weights], [[2, -4], [1, -2]]); // prettier-ignore
});

test("answers that are missing, and settings out of range, are refused", () => {
  throwsWith(
    () => answerAgain(spec, here, [2, 3, 1]),
    "further: expected the answers of each round (5 and more), got 3",
  );
  throwsWith(
    () => checkRounds("rounds", { kind: "bold" } as never),
    'rounds.kind: expected "conservative", got "bold"',
  );
  throwsWith(
    () => checkRounds("rounds", { ...spec, perturbationScale: 0 }),
    "rounds.perturbationScale: expected a positive number, got 0",
  );
});

test.run();
