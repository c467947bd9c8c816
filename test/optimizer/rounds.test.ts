import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writtenPast } from "../../src/optimizer/past";
import { checkRounds, passesOfRounds, roundsKind, type RoundsSpec } from "../../src/optimizer/rounds";
import { createWorkspace } from "../../src/estimator/workspace";
import { checkMethod, checkMethodAnswered, checkMethodFits } from "../../src/optimizer/method";
import { adamezo } from "../../src/optimizer/recipes/adamezo";
import { dizo } from "../../src/optimizer/recipes/dizo";
import { eggroll } from "../../src/optimizer/recipes/eggroll";
import { mezoSvrg } from "../../src/optimizer/recipes/mezo-svrg";
import type { Place, RoundsEnd } from "../../src/optimizer/rounds/round";
import { answerAgain } from "../../src/optimizer/run-rounds";
import { applyRecorded, step } from "../../src/optimizer/step";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { layoutOf } from "../../src/tree/layout";
import { near } from "../support/near";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("optimizer/rounds");
type RescaledSpec = Extract<RoundsSpec, { kind: "rescaled" }>;
const spec = { kind: "conservative", perturbationScale: 0.5 } as const;
const here = {
  queries: 1,
  learningRate: 0.1,
  step: 0,
  seed: 3,
  layout: layoutOf([{ name: "x", shape: [2], decay: true }]),
  point: Float32Array.of(1, 2),
  carried: {},
};

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
  const end = answerAgain(spec, { ...here, queries: 2 }, [2, 3, 1, 0, 4, 1, 9]);
  assert.equal([end.projectedGradients, end.weights], [[2, -4], [1, -2]]); // prettier-ignore
});

test("in turn each query is measured where the ones before have moved", () => {
  const turn = { kind: "in-turn", perturbationScale: 0.5 } as const;
  const rounds = roundsKind("rounds", turn).run(turn, { ...here, queries: 2 });
  assert.equal(rounds.next().value, [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  // p_0 = 3 - 1 = 2: the first block has moved by -0.2 z_0
  const moved = { by: -0.2, query: 0 };
  assert.equal(rounds.next([3, 1]).value, [[moved, { by: 0.5, query: 1 }], [moved, { by: -0.5, query: 1 }]]); // prettier-ignore
  assert.equal(rounds.next([0, 4]).value, { projectedGradients: [2, -4], weights: [2, -4], loss: 2 });
  assert.equal(passesOfRounds(turn), { once: 0, perQuery: 2 });
});

test("guided by low candidates against high ones, the step is measured along their difference", () => {
  const gv = { kind: "guided", perturbationScale: 0.5, elite: 0.5 } as const;
  const rounds = roundsKind("rounds", gv).run(gv, { ...here, queries: 3 });
  assert.equal(rounds.next().value, [0, 1, 2].map((query) => [{ by: 0.5, query }])); // prettier-ignore
  // floor(1.5) = 1 is low, query 1; v = z_1 - (z_0 + z_2) / 2
  const along = (by: number) => [{ by: -by / 2, query: 0 }, { by, query: 1 }, { by: -by / 2, query: 2 }]; // prettier-ignore
  assert.equal(rounds.next([3, 1, 2]).value, [along(0.5), along(-0.5)]);
  assert.equal(rounds.next([1, 5]).value, { projectedGradients: [2, -4, 2], weights: [2, -4, 2], loss: 3 });
  assert.equal(passesOfRounds(gv), { once: 2, perQuery: 1 });
});

test("greedy, the step is measured along the lowest candidate, whose loss ahead is known", () => {
  const greedy = { kind: "guided", perturbationScale: 0.5 } as const;
  const rounds = roundsKind("rounds", greedy).run(greedy, { ...here, queries: 2 });
  rounds.next();
  assert.equal(rounds.next([3, 1]).value, [[{ by: -0.5, query: 1 }]]);
  assert.equal(rounds.next([2]).value, { projectedGradients: [0, -1], weights: [0, -1], loss: 1.5 });
  assert.equal(passesOfRounds(greedy), { once: 1, perQuery: 1 });
  throwsWith(() => checkRounds("rounds", { ...greedy, elite: 1 }), "rounds.elite: expected a share below 1, got 1");
});

test("a population's members are fit against the mean and spread of all of them", () => {
  const spec = { kind: "population", perturbationScale: 0.5 } as const;
  const rounds = roundsKind("rounds", spec).run(spec, { ...here, queries: 2 });
  assert.equal(rounds.next().value, [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  assert.equal(rounds.next([4, 2]).value, [[{ by: 0.5, query: 1 }], [{ by: -0.5, query: 1 }]]);
  // Losses 4, 2, 1, 1: mean 2, variance 1.5; N = 4.
  const by = 2 * Math.sqrt(1.5 + 1e-5);
  assert.equal(rounds.next([1, 1]).value, { projectedGradients: [2, 0], weights: [2 / by, 0], loss: 2 });
  assert.equal(passesOfRounds(spec), { once: 0, perQuery: 2 });
});

test("in groups its members are fit on each text apart, and a text on which all do alike says nothing", () => {
  const spec = { kind: "population", perturbationScale: 0.5, groups: "rank" } as const;
  const ask = (query: number) => [0.5, -0.5].map((by) => ({ terms: [{ by, query }], each: true as const }));
  const rounds = roundsKind("rounds", spec).run(spec, { ...here, queries: 2 });
  assert.equal(rounds.next().value, ask(0));
  // Two texts; members' losses (4, 7), (2, 7), (1, 7), (3, 7): ranks of the first -1/2, 1/6, 1/2, -1/6, of the second 0.
  assert.equal(rounds.next([2, 4, 7, 2, 7]).value, ask(1));
  const end = rounds.next([2, 1, 7, 3, 7]).value as RoundsEnd;
  assert.equal([end.projectedGradients, end.loss], [[1, -1], 4.75]);
  // (f behind - f ahead) / sqrt(N), f halved by the second text.
  near(end.weights, [(1 / 6 + 1 / 2) / 4, (-1 / 6 - 1 / 2) / 4], 1e-15);

  const scored = { ...spec, groups: "z-score" } as const;
  const one = roundsKind("rounds", scored).run(scored, here);
  one.next();
  // One pair, texts of very different size: each member is one deviation from the mean on both.
  const { weights } = one.next([2, 4, 700, 2, 500]).value as RoundsEnd;
  near(weights, [(2 / Math.sqrt(1 + 1e-5) + 200 / Math.sqrt(1e4 + 1e-5)) / 2 / Math.sqrt(2)], 1e-12);
  const alike = roundsKind("rounds", scored).run(scored, here);
  alike.next();
  assert.equal((alike.next([2, 4, 7, 4, 7]).value as RoundsEnd).weights, [0]);
  throwsWith(
    () => checkRounds("rounds", { ...spec, groups: "mean" as never }),
    "rounds.groups: expected z-score or rank, or none, got",
  );
});

test("a population in groups asks the objective text by text, one point at a time where memory is spared, and its record is walked alike", async () => {
  const method = eggroll({ queries: 2, rank: 1, perturbationScale: 0.5, groups: "z-score" });
  const layout = layoutOf([{ name: "x", shape: [2, 1], decay: true }]);
  const calls: number[] = [];
  const each = async (points: readonly Float32Array[]) => {
    calls.push(points.length);
    return points.map(([x = 0, y = 0]) => [x * x, 10 * y, 3]);
  };
  const objective = { losses: async () => [], derivatives: async () => ({ loss: 0, derivatives: [] }), each };
  const at = { seed: 1, step: 0, epoch: 0, layout, batch: null };
  const start = Float32Array.of(1, 2);
  const found = await step(method, objective, start, at);
  assert.equal(calls, [2, 2]);
  assert.is(found.estimate.forwardPasses, 4);
  // The number of texts, then theirs of both members, pair by pair.
  const { projectedGradients, further = [] } = found.estimate;
  assert.is(further.length, 2 * (1 + 2 * 3));
  const spared = await step(method, objective, start, { ...at, workspace: createWorkspace(2, true) });
  assert.equal(calls.slice(2), [1, 1, 1, 1]);
  assert.equal(spared.point, found.point);
  assert.equal(applyRecorded(method, start, { ...at, projectedGradients, further }).point, found.point);
  assert.not.equal(found.point, start);
  const { losses, derivatives } = objective;
  throwsWith(
    () => checkMethodAnswered(method, { losses, derivatives }),
    "method.rounds.groups: expected none: the objective has no number for each text",
  );
});

test("extrapolated, each query is measured where its own last gradient leads, and one without is measured at theta", () => {
  const spec = { kind: "extrapolated", perturbationScale: 0.5, reach: 2 } as const;
  const rounds = roundsKind("rounds", spec);
  const first = rounds.run(spec, { ...here, step: 6 });
  assert.equal(first.next().value, [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  const past = writtenPast([{ step: 6, numbers: [3] }]);
  assert.equal(first.next([4, 1]).value, { projectedGradients: [3], weights: [3], loss: 2.5, carried: { past } });
  // 2 * 0.1 * 3 back along what moved in step 6; the second query had no number there.
  const next = rounds.run(spec, { ...here, queries: 2, step: 8, carried: { past } });
  const back = { by: -2 * 0.1 * 3, query: 0, step: 6 };
  assert.equal(next.next().value, [
    [back, { by: 0.5, query: 0 }],
    [back, { by: -0.5, query: 0 }],
    [{ by: 0.5, query: 1 }],
    [{ by: -0.5, query: 1 }],
  ]);
  const carried = { past: writtenPast([{ step: 8, numbers: [2, -1] }]) };
  assert.equal(next.next([3, 1, 1, 2]).value, { projectedGradients: [2, -1], weights: [1, -0.5], loss: 1.75, carried });
  assert.equal(passesOfRounds(spec), { once: 0, perQuery: 2 });
  throwsWith(() => checkRounds("rounds", { ...spec, reach: -1 }), "rounds.reach: expected 0 or more, got -1");
});

test("variance-reduced: a large batch at a snapshot, then the batch's number less the one at the snapshot, plus the large one", () => {
  const spec = { kind: "variance-reduced", perturbationScale: 0.5, every: 3, batches: 2, miniRate: 0.25 } as const;
  const { run } = roundsKind("rounds", spec);
  const full = run(spec, { ...here, step: 6 });
  const ends = [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]];
  assert.equal(full.next().value, ends.map((terms) => ({ terms, batch: 6 }))); // prettier-ignore
  assert.equal(full.next([5, 1]).value, ends.map((terms) => ({ terms, batch: 7 }))); // prettier-ignore
  // Over both batches 4 and 2: P = 2.
  const end = full.next([3, 3]).value as RoundsEnd;
  const carried = { snapshot: Float32Array.of(1, 2), past: writtenPast([{ step: 6, numbers: [2] }]) };
  assert.equal(end, { projectedGradients: [2], weights: [2], loss: 3, carried });
  assert.ok(end.carried!["snapshot"] !== here.point, "a copy");
  const mini = run(spec, { ...here, step: 8, carried });
  assert.equal(mini.next().value, [...ends, ...ends.map((terms) => ({ terms, from: carried.snapshot }))]);
  // p = 3, 2 at the snapshot.
  const beyond = [{ by: 0.25 * 2, query: 0, step: 6 }];
  assert.equal(mini.next([4, 1, 3, 1]).value, { projectedGradients: [3], weights: [0.25], beyond, loss: 2.5, carried });
  assert.equal(passesOfRounds(spec), {
    ...{ once: 0, perQuery: 4 },
    every: { steps: 3, at: 0, once: 0, perQuery: 4 },
  });
  throwsWith(() => run(spec, { ...here, step: 7 }).next(), 'state: expected the snapshot of step 6, got "none"');
  throwsWith(
    () => checkMethod({ ...mezoSvrg(), transforms: adamezo().transforms }),
    "method.transforms[0].kind: expected none that is made of a step's directions: variance-reduced moves along earlier ones too",
  );
});

test("rescaled: the last step of an interval begins with tensors that are moved on the line from their start", async () => {
  const spec = { ...dizo({ interval: 3, iterations: 1, rate: 5, range: 0.5 }).rounds } as RescaledSpec;
  const { run, passes } = roundsKind("rounds", spec);
  // Between: theta alone, and the start is kept.
  const plain = run(spec, { ...here, step: 3 });
  assert.equal(plain.next().value, [[{ by: 1e-3, query: 0 }], [{ by: -1e-3, query: 0 }]]);
  const { carried } = plain.next([2, 1]).value as RoundsEnd;
  assert.equal(carried, { start: here.point });
  assert.ok(carried!["start"] !== here.point, "a copy");
  // 3 and 4 away from the start: t = 5.
  const start = Float32Array.of(-2, -2);
  const from = (gamma: number): Float32Array => start.map((value, i) => value + (gamma / 5) * [3, 4][i]);
  const rounds = run(spec, { ...here, step: 5, carried: { start } });
  const z = normals(randomKey(3, "rescaling", 5, 0), 1)[0];
  const asked = rounds.next().value as readonly Place[];
  assert.equal(asked.map(({ batch }) => batch), [6, 6]); // prettier-ignore
  near(asked[0].from!, from(5 + 0.1 * z), 1e-6);
  near(asked[1].from!, from(5 - 0.1 * z), 1e-6);
  // p = (1.01 - 1) / 0.2, and gamma moves by 5 t p z = 1.25 z.
  const next = rounds.next([1.01, 1]).value as readonly Place[];
  const moved = Math.min(Math.max(5 - 1.25 * z, 2.5), 7.5);
  near(next[0].from!, from(moved), 1e-6);
  assert.equal(passes(spec), { once: 0, perQuery: 2, every: { steps: 3, at: 2, once: 2, perQuery: 2 } });
});

test("rescaled: far tries and far moves stop at their bounds, and weights that have not moved stay", () => {
  const spec = { ...dizo({ interval: 1, iterations: 1, rate: 1e6, range: 0.2, reach: 10 }).rounds } as RescaledSpec;
  const { run } = roundsKind("rounds", spec);
  const start = Float32Array.of(-2, -2);
  const away = (from: Float32Array): number => Math.hypot(...from.map((value, i) => value - start[i]));
  const distances = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => {
    const rounds = run(spec, { ...here, step, carried: { start } });
    const asked = rounds.next().value as readonly Place[];
    for (const { from } of asked) assert.ok(away(from!) > 4 - 1e-5 && away(from!) < 6 + 1e-5);
    return away((rounds.next([2, 1]).value as readonly Place[])[0].from!);
  });
  for (const distance of distances) assert.ok(Math.min(Math.abs(distance - 4), Math.abs(distance - 6)) < 1e-5);
  const still = run(spec, { ...here, step: 0, carried: { start: here.point } });
  for (const { from } of still.next().value as readonly Place[]) assert.equal(from, here.point);
  assert.equal((still.next([2, 1]).value as readonly Place[])[0].from, here.point);
});

test("rescaled: tensors are named, and names that no tensor has are refused before any work", () => {
  const method = dizo({ only: ["lora"] });
  throwsWith(
    () => checkMethodFits(method, here.layout),
    'method.rounds.only: expected words of the names of tensors (x, ...), got ["lora"]',
  );
  checkMethodFits(dizo({ only: ["x"] }), here.layout);
  for (const only of [[], "x", [1], null])
    throwsWith(
      () => checkMethod(dizo({ only: only as never })),
      "method.rounds.only: expected words of tensors' names, or absent",
    );
  throwsWith(() => dizo({ range: 1 }), "method.rounds.range: expected a number from 0 to below 1, got 1");
});

test("batches that nobody gives are asked for by name", async () => {
  const layout = layoutOf([{ name: "x", shape: [2], decay: true }]);
  const losses = async (points: readonly Float32Array[]): Promise<readonly number[]> => points.map(() => 1);
  const objective = { losses, derivatives: () => Promise.reject(new Error("not to be asked")) };
  const where = { seed: 0, step: 0, epoch: 0, layout, batch: null };
  await rejectsWith(
    step(mezoSvrg(), objective, new Float32Array(2), where),
    'batchAt: expected the batches of other steps, which variance-reduced asks for, got "none"',
  );
  const asked: number[] = [];
  const batchAt = async (index: number): Promise<null> => (asked.push(index), null);
  await step(mezoSvrg({ batches: 3 }), objective, new Float32Array(2), { ...where, batchAt });
  assert.equal(asked, [1, 2]);
});

test("answers that are missing, and settings out of range, are refused", () => {
  throwsWith(
    () => answerAgain(spec, here, [2, 3, 1]),
    "further: expected the answers of each round (5 and more), got 3",
  );
  throwsWith(
    () => checkRounds("rounds", { kind: "bold" } as never),
    'rounds.kind: expected "conservative", "in-turn", "guided", "population", "extrapolated", "variance-reduced" or "rescaled", got "bold"',
  );
  throwsWith(
    () => checkRounds("rounds", { ...spec, perturbationScale: 0 }),
    "rounds.perturbationScale: expected a positive number, got 0",
  );
});

test.run();
