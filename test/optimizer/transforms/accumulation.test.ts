import { rmSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainHere } from "../../../src/estimator/direction";
import { NO_STATE } from "../../../src/estimator/state";
import { applyChain, checkTransforms } from "../../../src/optimizer/chain";
import { firstOrder, mezo } from "../../../src/optimizer/recipes";
import { accumulating } from "../../../src/optimizer/recipes/accumulating";
import { quzo } from "../../../src/optimizer/recipes/quzo";
import { accumulatedPoint } from "../../../src/optimizer/transforms/accumulation";
import { averagedPoint } from "../../../src/train/average";
import type { RunSettings } from "../../../src/train/settings";
import { train } from "../../../src/train/train";
import type { TrainOptions } from "../../../src/train/train";
import { trainInFile } from "../../../src/train/train-in-file";
import { readTrajectory } from "../../../src/train/trajectory";
import { layoutOf } from "../../../src/tree/layout";
import { quadratic, quadraticRun, settingsOf } from "../../support/analytic-runs";
import { near } from "../../support/near";
import { scratch } from "../../support/scratch";
import { rejectsWith, throwsWith } from "../../support/throws";
import { readJson } from "../../support/tiny-models";

const test = suite("optimizer/transforms/accumulation");
const files = scratch();
test.after(() => files.remove());

/** Steps of L = 1/2 |theta - 1 - 0.1 step|^2. */
function runOf(settings: RunSettings): TrainOptions<number> {
  const gap = (point: Float32Array, batch: number) => point.map((x) => x - 1 - 0.1 * batch);
  const gradient = async (point: Float32Array, batch: number) => ({
    loss: gap(point, batch).reduce((sum, x) => sum + x ** 2 / 2, 0),
    gradient: gap(point, batch),
  });
  return quadraticRun({ settings, objective: { ...quadratic, gradient } });
}

interface Parameters {
  readonly s: readonly number[];
  readonly "f.weight": readonly (readonly number[])[];
}
const { ema } = readJson("test/fixtures/golden/r-adapter.json") as {
  readonly ema: { readonly m: number } & Readonly<Record<"before" | "current" | "after", Parameters>>;
};
const flat = ({ s, "f.weight": f }: Parameters): readonly number[] => [...s, ...f.flat()];

test("the mean after a step is the source's, map and scale apart", () => {
  const [before, current, after] = [ema.before, ema.current, ema.after].map(flat) as [number[], number[], number[]];
  const layout = layoutOf([{ name: "all", shape: [before.length], decay: true }]);
  const here = { ...plainHere(0, 4, before.length, Float32Array.from(before)), layout };
  // A rate of 1 and the difference as the gradient lead to the recorded point.
  const gradient = Float32Array.from(before, (value, i) => value - current[i]!);
  const state = { count: 4, vectors: { "accumulation.mean": Float32Array.from(before) } };
  const found = applyChain([{ kind: "accumulation", momentum: ema.m }], here, gradient, { learningRate: 1, state });
  near(found.point, current, 1e-6);
  near(accumulatedPoint(found.state)!, after, 1e-7);
});

test("worked: from the start, without a correction, after what settles", () => {
  const layout = layoutOf([{ name: "w", shape: [1], decay: true }]);
  const chain = [{ kind: "accumulation", momentum: 0.75 } as const];
  let moved = { point: Float32Array.of(8), state: NO_STATE };
  const means = [4, 4, 12].map((gradient) => {
    const here = { ...plainHere(0, moved.state.count, 1, moved.point), layout };
    moved = applyChain(chain, here, Float32Array.of(gradient), { learningRate: 1, state: moved.state });
    return accumulatedPoint(moved.state)![0];
  });
  // points 8 | 4, 0, -12: 0.75 * 8 + 1, 0.75 * 7 + 0, 0.75 * 5.25 - 3
  assert.equal(means, [7, 5.25, 0.9375]);
  const settled = accumulating(quzo({ weightBits: 3 }), 0);
  const here = { ...plainHere(0, 0, 1, Float32Array.of(0.3)), layout };
  const after = applyChain(settled.transforms, here, Float32Array.of(0), { learningRate: 1, state: NO_STATE });
  assert.equal(accumulatedPoint(after.state), after.point);
});

for (const [name, method] of [
  ["losses", mezo({ learningRate: 0.05 })],
  ["exact gradients", firstOrder({ learningRate: 0.05 })],
] as const)
  test(`a run by ${name} has its own points, scores their running mean when it has ended, and keeps both when it is cut off`, async () => {
    const settings = settingsOf({ method: accumulating(method, 0.8), stepsPerEpoch: 5, budget: { kind: "steps", steps: 23 }, evaluateEvery: 5 }); // prettier-ignore
    const given = runOf(settings);
    const plain = await train(runOf({ ...settings, method }));
    let mean = Float64Array.from(given.start);
    const whole = await train(given, (event) => {
      if (event.kind === "step") mean = mean.map((value, i) => 0.8 * value + 0.2 * event.point[i]!);
    });
    assert.equal(whole.point, plain.point);
    assert.is(plain.average, undefined);
    near(whole.averagedPoint!, mean, 1e-6);
    assert.equal([whole.average!.steps, whole.average!.momentum], [[23], 0.8]);
    assert.is(whole.average!.loss, (await given.evaluate(whole.averagedPoint!)).loss);
    const inFile = (path: string, signal?: AbortSignal, stop?: (step: number) => void) =>
      trainInFile({ ...given, path: files.file(path), snapshotEvery: 4, patience: Infinity, signal }, (event) => {
        if (event.kind === "step") stop?.(event.record.step);
      });
    for (const stopAt of [3, 11, 23]) {
      const [path, stop] = [`${name}-${stopAt}.jsonl`, new AbortController()];
      await inFile(path, stop.signal, (step) => step >= stopAt && stop.abort());
      const again = await inFile(path);
      assert.equal([again.averagedPoint, again.average!.loss], [whole.averagedPoint, whole.average!.loss], path);
      // Ended, it is read.
      assert.equal((await inFile(path)).averagedPoint, whole.averagedPoint, path);
      if (method.probe?.kind === "backpropagation") continue;
      rmSync(files.file(`${path}.snapshot`));
      assert.equal((await inFile(path)).averagedPoint, whole.averagedPoint, "walked again");
      assert.equal(averagedPoint(readTrajectory(files.file(path))!, given.start, given.layout), whole.averagedPoint);
    }
  });

test("a momentum out of range, two means and a mean of the last points beside it are refused", async () => {
  for (const momentum of [-0.1, 1, NaN])
    throwsWith(() => checkTransforms("transforms", [{ kind: "accumulation", momentum }]), "transforms[0].momentum");
  throwsWith(() => accumulating(accumulating(mezo())), "method.transforms[2].kind: expected each kind once in a chain");
  const both = settingsOf({ method: accumulating(mezo()), averageLast: 3 });
  await rejectsWith(train(runOf(both)), "settings.averageLast: expected none beside accumulation");
});

test.run();
