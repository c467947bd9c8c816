import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Noise } from "../../src/estimator/noise";
import { lowRankFrom } from "../../src/estimator/directions/low-rank";
import { NO_STATE } from "../../src/estimator/state";
import { lozo, lozoM, lozoReference } from "../../src/optimizer/recipes";
import { applyRecorded, step, type StepFrom, type StepOutcome } from "../../src/optimizer/step";
import {
  flatten,
  goldenObjective,
  isDecaying,
  layoutOfTrace,
  readTrace,
  recordedNoise,
  type Trace,
} from "../support/golden";
import {
  exactTraces,
  moduleTraces,
  partTraces,
  goldenMethods,
  ranked,
  type GoldenMethod,
} from "../support/golden-methods";
import { faultsOf, walkTrace, type WalkOptions } from "../support/walk-trace";

const test = suite("common/golden");

const traces = Object.entries(goldenMethods).map(([name, golden]) => ({ name, golden, trace: readTrace(name) }));

async function faults(trace: Trace, golden: GoldenMethod, options?: WalkOptions): Promise<readonly string[]> {
  return faultsOf(await walkTrace(trace, golden, options), golden.tolerances);
}

test("every trace has a method", () => {
  const files = readdirSync("test/fixtures/golden").filter((file) => file.endsWith(".json"));
  assert.equal(
    [...files].sort(),
    [...exactTraces, ...moduleTraces, ...partTraces, ...Object.keys(goldenMethods)]
      .map((name) => `${name}.json`)
      .sort(),
  );
});

for (const { name, golden, trace } of traces)
  test(`${name} walks its trace: losses, projected gradients, weights, state, replay`, async () => {
    assert.equal(await faults(trace, golden), []);
  });

test("one number of one draw that is off is seen in every trace", async () => {
  for (const { name, golden, trace } of traces)
    for (const { key, size } of await draws(trace, golden)) {
      const [stream, at] = key.split(" ");
      // A factor that is kept is seen in the first step of its block.
      const isKept = ["right", "basis"].includes(stream) && trace.hyper["interval"] !== undefined;
      const first = isKept ? Number(at) * trace.hyper["interval"] : Number(at);
      const begun = { ...trace, steps: trace.steps.slice(0, first + 1) };
      // What LOZO's reference measures and does not move along shows in a projected gradient alone, and there by its slope.
      const isMeasuredOnly = stream === "left" && trace.steps[first].perturbEqualsUpdate === false;
      for (let i = 0; i < size; i++) {
        if (golden.unseen?.(trace.steps[first], stream, i)) continue;
        const change = (value: number): number =>
          isMeasuredOnly ? value + 1 : (golden.altered?.(value, stream) ?? value + 0.01);
        const noise = altered(key, (out) => (out[i] = change(out[i])));
        assert.ok((await faults(begun, golden, { noise })).length > 0, `${name}: ${key}, number ${i}`);
      }
    }
});

test("a constant that is off by one in a hundred is seen in every trace", async () => {
  const constants = ["epsilon", "learningRate", "weightDecay", "momentum", "beta1", "smooth"];
  for (const { name, golden, trace } of traces)
    for (const constant of constants.filter((each) => (trace.hyper[each] ?? 0) > 0 && !golden.hidden?.includes(each))) {
      const hyper = { ...trace.hyper, [constant]: trace.hyper[constant] * 1.01 };
      assert.ok((await faults({ ...trace, hyper }, golden)).length > 0, `${name}: ${constant}`);
    }
});

test("which tensors decay is seen: all of them in HiZOO's trace, by their names in the others", async () => {
  for (const { name, golden, trace } of traces.filter(({ trace: { hyper } }) => hyper["weightDecay"] > 0)) {
    const decays = name === "hizoo" ? isDecaying : () => true;
    assert.ok((await faults(trace, golden, { decays })).length > 0, name);
  }
});

test("what LOZO measures moves: it parts from its reference in the steps that redraw, and has its bits in the others", () => {
  const meant = { lozo, "lozo-m": lozoM };
  for (const [name, recipe] of Object.entries(meant)) {
    const trace = readTrace(name);
    const golden = goldenMethods[name];
    const layout = layoutOfTrace(trace);
    const noise = recordedNoise((stream, index) => golden.draws(trace, stream, index));
    const methods = [
      { method: golden.method(trace.hyper), draws: golden.directions(noise) },
      { method: recipe({ ...ranked(trace.hyper), name }), draws: lowRankFrom(noise) },
    ];
    let at: StepOutcome = { point: Float32Array.from(flatten(trace.initial, layout)), state: NO_STATE };
    const parted = trace.steps.map(({ step, projectedGradient }) => {
      const [slip, intent] = methods.map(({ method, draws: kind }) =>
        applyRecorded(method, at.point, {
          seed: 0,
          step,
          epoch: 0,
          layout,
          state: at.state,
          draws: kind as NonNullable<StepFrom["draws"]>,
          projectedGradients: [projectedGradient!],
        }),
      );
      at = slip;
      return slip.point.some((value, i) => value !== intent.point[i]);
    });
    assert.equal(
      parted,
      trace.steps.map(({ perturbEqualsUpdate }) => !perturbEqualsUpdate),
      name,
    );
    assert.equal(
      parted,
      trace.steps.map(({ step }) => step % trace.hyper["interval"] === 0),
      name,
    );
  }
});

test("LOZO learns however often it redraws; as its reference runs, it does not where each step redraws", async () => {
  const trace = readTrace("lozo");
  const layout = layoutOfTrace(trace);
  const network = goldenObjective(trace);
  const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
  /** Mean loss over the seeds after 400 steps, from 1.404. */
  const ends = async (recipe: typeof lozo, redraw: number): Promise<number> => {
    const method = recipe({ rank: 2, redraw, learningRate: 0.01 });
    let sum = 0;
    for (const seed of seeds) {
      let at: StepOutcome = { point: Float32Array.from(flatten(trace.initial, layout)), state: NO_STATE };
      for (let index = 0; index < 400; index++)
        at = await step(method, network, at.point, {
          seed,
          step: index,
          epoch: 0,
          layout,
          batch: null,
          state: at.state,
        });
      sum += (await network.losses([at.point], null))[0];
    }
    return sum / seeds.length;
  };
  const [intent1, slip1] = [await ends(lozo, 1), await ends(lozoReference, 1)];
  assert.ok(intent1 < 0.2, `nu 1, what is measured moves: ${intent1}`);
  assert.ok(slip1 > 1, `nu 1, what moves is not measured: ${slip1}`);
  const [intent50, slip50] = [await ends(lozo, 50), await ends(lozoReference, 50)];
  assert.ok(intent50 < 0.2 && slip50 < 0.2, `nu 50: ${intent50}, ${slip50}`);
});

/** What a walk asks for: keys, and how many numbers. */
async function draws(
  trace: Trace,
  golden: GoldenMethod,
): Promise<readonly { readonly key: string; readonly size: number }[]> {
  const sizes = new Map<string, number>();
  await walkTrace(trace, golden, {
    noise:
      (recorded) =>
      (out, seed, stream, ...index) => {
        sizes.set([stream, ...index].join(" "), out.length);
        return recorded(out, seed, stream, ...index);
      },
  });
  return [...sizes].map(([key, size]) => ({ key, size }));
}

/** Noise that is another in one draw. */
function altered(key: string, alter: (out: Float32Array) => void): (recorded: Noise) => Noise {
  return (recorded) =>
    (out, seed, stream, ...index) => {
      recorded(out, seed, stream, ...index);
      if ([stream, ...index].join(" ") === key) alter(out);
      return out;
    };
}

test.run();
