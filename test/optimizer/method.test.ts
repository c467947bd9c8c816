import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkMethod, type Method } from "../../src/optimizer/method";
import {
  adazeta,
  conservative,
  firstOrder,
  hizoo,
  lozoM,
  mezo,
  mezoFull,
  randomMask,
} from "../../src/optimizer/recipes";
import { throwsWith } from "../support/throws";

const test = suite("optimizer/method");

test("AdaZeta's defaults are the reference code's", () => {
  assert.equal(adazeta({ exponent: { target: 20, epochs: 160 } }), {
    name: "adazeta",
    directions: { kind: "gaussian" },
    probe: { kind: "two-sided", perturbationScale: 1e-3, chunk: 1 },
    combine: { kind: "mean" },
    transforms: [{ kind: "weight-decay", weightDecay: 0 }],
    queries: { kind: "power-law", form: "current", multiplier: 0.85, exponent: { target: 20, epochs: 160 }, cap: 15 },
    learningRate: { kind: "constant", value: 1e-4 },
  });
});

test("MeZO has one query; the random mask keeps a quarter", () => {
  assert.equal(mezo().queries, { kind: "constant", value: 1 });
  assert.equal(mezo({ queries: 4, learningRate: 3e-3 }).learningRate, { kind: "constant", value: 3e-3 });
  assert.equal(randomMask().directions, { kind: "random-mask", keep: 0.25 });
  assert.equal(mezo({ estimator: "directional", name: "exact" }).probe, { kind: "directional", chunk: null });
});

test("MeZO-FT draws every weight's direction from a table, and is MeZO in all else", () => {
  const { directions, name, ...rest } = mezoFull({ queries: 2, learningRate: 1e-6 });
  const { directions: drawn, name: plainly, ...others } = mezo({ queries: 2, learningRate: 1e-6 });
  assert.equal(rest, others);
  assert.equal([directions, drawn], [{ kind: "table", bits: 20 }, { kind: "gaussian" }]);
  assert.equal([name, plainly], ["mezo-full", "mezo"]);
  throwsWith(() => mezoFull({ bits: 25 }), "method.directions.bits: expected at most 24 (64 MiB), got 25");
});

test("every method survives JSON and its own check", () => {
  for (const method of [
    adazeta({ exponent: 0.4 }),
    mezo(),
    mezoFull({ bits: 12 }),
    randomMask({ keep: 0.5, weightDecay: 0.1 }),
    mezo({ estimator: "directional", chunk: 4 }),
  ]) {
    assert.equal(checkMethod(JSON.parse(JSON.stringify(method)) as Method), method);
  }
});

test("options and parts out of range are refused by name", () => {
  throwsWith(
    () => mezo({ perturbationScale: -1 }),
    "method.probe.perturbationScale: expected a positive number, got -1",
  );
  throwsWith(() => mezo({ chunk: 0 }), "method.probe.chunk: expected a positive integer, got 0");
  throwsWith(() => mezo({ learningRate: NaN }), "method.learningRate.value: expected a finite number, got NaN");
  throwsWith(() => mezo({ weightDecay: -1 }), "method.transforms[0].weightDecay: expected at least 0, got -1");
  throwsWith(() => mezo({ name: "" }), 'method.name: expected a name, got ""');
  throwsWith(() => adazeta({ exponent: 0.4, cap: 0 }), "method.queries.cap: expected a positive integer, got 0");
  throwsWith(() => randomMask({ keep: 2 }), "method.directions.keep: expected a share of at most 1, got 2");
  throwsWith(
    () => checkMethod({ ...mezo(), combine: undefined } as unknown as Method),
    "method.combine: expected a {kind, ...}, got undefined",
  );
});

test("what is no method is refused in words", () => {
  for (const bad of [null, undefined, "mezo", 5])
    throwsWith(() => checkMethod(bad as never), "method: expected a method {name, directions, ...}, got ");
});

test("a schedule of a method never falls below 0, whatever its kind", () => {
  const linear = { kind: "linear", from: 1, to: -1, over: 3, unit: "step" } as const;
  const steps = { kind: "steps", initial: 1, changes: [{ at: 2, value: -4 }], unit: "epoch" } as const;
  throwsWith(() => mezo({ learningRate: linear }), "method.learningRate.to: expected at least 0, got -1");
  throwsWith(() => mezo({ queries: steps }), "method.queries.changes[0].value: expected at least 0, got -4");
  throwsWith(() => mezo({ queries: -1 }), "method.queries.value: expected at least 0, got -1");
  // What a number says is what is made: it is neither raised to 1 nor rounded down.
  for (const queries of [0, 0.5, 2.5])
    throwsWith(() => mezo({ queries }), `method.queries: expected a positive integer, got ${queries}`);
  for (const changes of [null, {}, "x"])
    throwsWith(
      () => mezo({ queries: { ...steps, changes } as never }),
      "method.queries.changes: expected a list of {at, value}, got ",
    );
  throwsWith(
    () => mezo({ queries: { ...steps, changes: [null] } as never }),
    "method.queries.changes[0]: expected an {at, value}, got null",
  );
});

test("parts that make no sense together, fields that there are not, and chains out of order are refused", () => {
  throwsWith(
    () => checkMethod({ ...mezo(), rule: { kind: "sgd" } } as unknown as Method),
    'method: expected the fields name, probe, rounds, transforms, directions, combine, queries, learningRate, got "rule"',
  );
  const { rounds } = conservative();
  throwsWith(
    () => checkMethod({ ...mezo(), ...(rounds && { rounds }) }),
    "method: expected a probe or rounds, one of the two, as a {kind, ...}, got ",
  );
  const transforms = lozoM().transforms;
  throwsWith(
    () => checkMethod({ ...mezo(), transforms }),
    'method.directions: expected "low-rank", "low-rank-unmeasured", "subspace" or "temporal", of whose outer products low-rank-momentum is made, got "gaussian"',
  );
  throwsWith(
    () => checkMethod({ ...lozoM(), transforms: [...transforms].reverse() }),
    "method.transforms[1].kind: expected the first place of the chain, since it looks at the gradient itself, got ",
  );
  throwsWith(
    () => checkMethod({ ...mezo(), transforms: [...mezo().transforms, ...mezo().transforms] }),
    'method.transforms[1].kind: expected each kind once in a chain, got "weight-decay"',
  );
  throwsWith(
    () => checkMethod({ ...mezo(), directions: hizoo().directions }),
    'method.probe: expected three-point, whose curvatures learned-diagonal learns from, got "two-sided"',
  );
  throwsWith(
    () => checkMethod({ ...conservative({ queries: 3 }), combine: { kind: "rank" } }),
    'method.combine: expected the mean: conservative makes its weights itself, got "rank"',
  );
  throwsWith(
    () => checkMethod({ ...mezo(), combine: { kind: "spread" } }),
    "method.queries: expected at least 2, between which spread compares, got 1",
  );
  throwsWith(
    () => checkMethod({ ...firstOrder(), combine: { kind: "sign" } }),
    "method: expected no combination and no directions beside an exact gradient, got ",
  );
});

test.run();
