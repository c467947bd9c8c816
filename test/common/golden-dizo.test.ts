import { suite } from "uvu";
import * as assert from "uvu/assert";
import { rescaledFrom } from "../../src/optimizer/rounds/rescaled";
import type { Place } from "../../src/optimizer/rounds/round";
import { flatten, goldenObjective, layoutOfTrace, readTrace, type Tensors } from "../support/golden";
import { partTraces } from "../support/golden-methods";
import { near } from "../support/near";
import { readJson } from "../support/tiny-models";

/** The trace of DiZO is that of a rescaling: steps between are MeZO's. */
const test = suite("common/golden-dizo");

interface Iteration {
  readonly draws: { readonly z: readonly number[] };
  readonly losses: Readonly<Record<"plus" | "minus", number>>;
}
const recorded = readJson(`test/fixtures/golden/${partTraces[3]}.json`) as {
  readonly pretrained: Tensors;
  readonly weights: Tensors;
  readonly hyper: Readonly<Record<"tau" | "epsilon" | "stepSize" | "iterations", number>> & {
    readonly projected: readonly string[];
  };
  readonly steps: readonly Iteration[];
};
const trace = readTrace(partTraces[3]);
const layout = layoutOfTrace(trace);
const floats = (tensors: Tensors): Float32Array => Float32Array.from(flatten(tensors, layout));
const { tau, epsilon, stepSize, iterations, projected } = recorded.hyper;
const spec = {
  perturbationScale: 1e-3,
  interval: 50,
  iterations,
  reach: epsilon,
  rate: stepSize,
  range: tau,
  only: projected,
};
const here = {
  ...{ queries: 1, learningRate: 0, seed: 0, step: 49, layout, point: floats(trace.initial) },
  carried: { start: floats(recorded.pretrained) },
};

/** Our rescaling, with changed draws. @param answers the recorded losses, or null for our own */
async function rescaling(change = (z: number): number => z) {
  const { losses } = goldenObjective(trace);
  const rounds = rescaledFrom((out, _seed, stream, step, iteration) => {
    assert.equal([stream, step], ["rescaling", 49]);
    out.set(recorded.steps[iteration].draws.z.map(change));
    return out;
  }).run(spec, here);
  const found: number[] = [];
  let turn = rounds.next();
  for (const { losses: said } of recorded.steps) {
    const places = turn.value as readonly Place[];
    found.push(...(await losses(places.map(({ from }) => from!.slice()), null))); // prettier-ignore
    turn = rounds.next([said.plus, said.minus]);
  }
  // The step itself is measured and taken where the rescaling has led.
  const places = turn.value as readonly Place[];
  assert.equal(places.map(({ terms }) => terms), [[{ by: 1e-3, query: 0 }], [{ by: -1e-3, query: 0 }]]); // prettier-ignore
  const end = rounds.next([1, 1]);
  assert.ok(end.done === true && end.value.from === places[0].from && places[1].from === end.value.from);
  return { found, from: end.value.from! };
}

test("a rescaling has the reference's losses and weights", async () => {
  const { found, from } = await rescaling();
  const said = recorded.steps.flatMap(({ losses }) => [losses.plus, losses.minus]);
  said.forEach((loss, i) => assert.ok(Math.abs(loss - found[i]) < 2e-7, `loss ${i}`));
  near(from, floats(recorded.weights), 1e-6);
  // Tensors that are not named stay.
  for (const { name, offset, size } of layout.entries)
    if (!projected.includes(name))
      assert.equal(from.slice(offset, offset + size), here.point.slice(offset, offset + size));
});

test("another draw is seen", async () => {
  const { from } = await rescaling((z) => z * 1.05);
  const off = from.map((value, i) => Math.abs(value - flatten(recorded.weights, layout)[i]));
  assert.ok(Math.max(...off) > 1e-4);
});

test.run();
