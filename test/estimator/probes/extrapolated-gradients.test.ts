import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Objective } from "../../../src/estimator/objective";
import {
  extrapolatedGradients,
  type ExtrapolatedGradients,
} from "../../../src/estimator/probes/extrapolated-gradients";
import type { Vectors } from "../../../src/estimator/state";
import { createWorkspace } from "../../../src/estimator/workspace";
import { extrapolatedSgd } from "../../../src/optimizer/recipes/extrapolated-sgd";
import { runBytes } from "../../../src/train/run-memory";
import { train } from "../../../src/train/train";
import { norm } from "../../../src/tree/vector";
import { layoutOf } from "../../../src/tree/layout";
import { matrices } from "../../support/method-problems";
import { methodRun } from "../../support/method-runs";
import { near } from "../../support/near";
import { rejectsWith, throwsWith } from "../../support/throws";

const test = suite("estimator/probes/extrapolated-gradients");

/** A batch is a list of targets: L = mean_b |w - c_b|^2 / 2, g = w - mean of its c. */
const objective: Objective<readonly number[]> & { readonly asked: { at: number; batch: readonly number[] }[] } = {
  asked: [],
  losses: () => Promise.reject(new Error("not asked for")),
  derivatives: () => Promise.reject(new Error("not asked for")),
  split: (batch, parts) =>
    Array.from({ length: Math.min(parts, batch.length) }, (_, k) => {
      const own = batch.filter((_, i) => i % parts === k);
      return { batch: own, share: own.length / batch.length };
    }),
  async gradient(point, batch) {
    objective.asked.push({ at: point[0]!, batch });
    const each = batch.map((c) => point[0]! - c);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    return { loss: mean(each.map((x) => (x * x) / 2)), gradient: Float32Array.of(mean(each), 0) };
  },
};

async function measured(spec: ExtrapolatedGradients, point: Float32Array, batch: readonly number[], carried: Vectors) {
  objective.asked.length = 0;
  const workspace = createWorkspace(point.length);
  const at = { seed: 1, step: 4, learningRate: 0.5, carried };
  const draw = (): never => assert.unreachable("directions are not asked for") as never;
  const estimate = await extrapolatedGradients.measure(
    spec,
    objective,
    point,
    { queries: 1, draw, batch, weightOf: null, at },
    workspace,
  );
  const { forwardPasses, backwardPasses } = estimate;
  const asked = objective.asked.map((each) => each.at);
  return { ...estimate, passes: [forwardPasses, backwardPasses], gradient: workspace.gradient, asked };
}

const spec: ExtrapolatedGradients = {
  kind: "extrapolated-gradients",
  direction: "own-past",
  reach: 0.5,
  workers: 2,
} as never;
const at = Float32Array.of(2, 1);

test("the first step is plain, and leaves each worker its own gradient", async () => {
  const { gradient, passes, asked, carried, loss } = await measured(spec, at, [1, 4, 3], {});
  // Worker 0 has 1 and 3: g = 0; worker 1 has 4: g = -2; the mean over three texts is -2/3.
  near(gradient, [-2 / 3, 0], 1e-6);
  near([loss], [(1 / 2 + 4 / 2 + 1 / 2) / 3], 1e-6);
  assert.equal([asked, passes], [[2, 2], [2, 2]]); // prettier-ignore
  assert.equal(carried, { "worker-0": Float32Array.of(0, 0), "worker-1": Float32Array.of(-2, 0) });
});

test("own past: each worker looks from w - reach lr g'_k; one without texts keeps what it has", async () => {
  const before = { "worker-0": Float32Array.of(4, 0), "worker-1": Float32Array.of(-2, 8) };
  const { gradient, asked, carried } = await measured(spec, at, [1, 4], before);
  // w_0 = 2 - 0.25 * 4 = 1, w_1 = 2 + 0.5 = 2.5: g = 0 and -1.5
  assert.equal(asked, [1, 2.5]);
  near(gradient, [-0.75, 0], 1e-6);
  assert.equal(carried, { "worker-0": Float32Array.of(0, 0), "worker-1": Float32Array.of(-1.5, 0) });
  const alone = await measured(spec, at, [1], before);
  assert.equal(alone.carried, { "worker-0": Float32Array.of(0, 0), "worker-1": before["worker-1"] });
  assert.equal(alone.passes, [1, 1]);
  assert.equal(before["worker-0"], Float32Array.of(4, 0), "what it goes on from is only read");
});

test("mean past: all look from w - reach lr g'", async () => {
  const { asked, carried, gradient } = await measured({ ...spec, direction: "mean-past" }, at, [1, 4], {
    mean: Float32Array.of(-4, 0),
  });
  assert.equal(asked, [3, 3]);
  near(gradient, [0.5, 0], 1e-6);
  assert.equal(carried, { mean: gradient });
});

test("noise: as long as the worker's own last gradient, another for each worker, the same for the same step", async () => {
  const noise = { ...spec, direction: "noise" } as const;
  const first = await measured(noise, at, [1, 4], {});
  assert.equal([first.asked, first.carried], [[2, 2], { lengths: Float32Array.of(1, 2) }]);
  const far = { lengths: Float32Array.of(1000, 2000) };
  const seen: Float32Array[] = [];
  const watching: Objective<readonly number[]> = {
    ...objective,
    gradient: (point, batch) => {
      seen.push(point.slice());
      return objective.gradient!(point, batch);
    },
  };
  const draw = (): never => assert.unreachable() as never;
  for (let i = 0; i < 2; i++) {
    const where = { seed: 1, step: 4, learningRate: 0.5, carried: far };
    await extrapolatedGradients.measure(noise, watching, at, { queries: 1, draw, batch: [1, 4], weightOf: null, at: where }, createWorkspace(2)); // prettier-ignore
  }
  const lengths = seen.map((point) => norm(point.map((value, i) => value - at[i]!)));
  near(lengths, [250, 500, 250, 500], 1e-5);
  assert.equal([seen[2], seen[3]], [seen[0], seen[1]]);
  assert.ok(Math.abs((seen[0]![0]! - at[0]!) * 2 - (seen[1]![0]! - at[0]!)) > 1, "another direction");
});

test("extragradient: the gradient ahead along the gradient here, twice the passes, nothing carried", async () => {
  const { asked, gradient, passes, carried } = await measured({ ...spec, direction: "extragradient" }, at, [1, 4], {});
  // g = 1 and -2 at 2: looks from 1.75 and 2.5, where g = 0.75 and -1.5
  assert.equal(asked, [2, 1.75, 2, 2.5]);
  near(gradient, [-0.375, 0], 1e-6);
  assert.equal([passes, carried], [[4, 4], {}]);
});

test("a reach of 0 is plain SGD in every direction", async () => {
  const run = (method: ReturnType<typeof extrapolatedSgd>) => train(methodRun(matrices, method));
  const plain = await run(extrapolatedSgd({ workers: 2, reach: 0, direction: "own-past" }));
  for (const direction of ["mean-past", "noise", "extragradient"] as const)
    assert.equal((await run(extrapolatedSgd({ workers: 2, reach: 0, direction }))).point, plain.point);
  assert.is.not(String((await run(extrapolatedSgd({ workers: 2, reach: 1 }))).point), String(plain.point));
});

test("what it carries is counted in the memory of a run; what cannot work is refused by name", async () => {
  const layout = layoutOf([{ name: "w", shape: [10], decay: true }]);
  const bytes = (direction: ExtrapolatedGradients["direction"]): number =>
    runBytes(extrapolatedSgd({ direction, workers: 3 }), layout);
  // Two points, and twice momentum with 30, 10, 3 or no numbers.
  assert.equal((["own-past", "mean-past", "noise", "extragradient"] as const).map(bytes), [400, 240, 184, 160]);
  const { losses, derivatives, gradient } = matrices.objective;
  const whole = { losses, derivatives, gradient: gradient! };
  await rejectsWith(
    train(methodRun(matrices, extrapolatedSgd(), {}, { objective: whole })),
    "probe.workers: expected 1: this objective's loss is no mean over texts",
  );
  throwsWith(() => extrapolatedSgd({ workers: 0 }), "method.probe.workers: expected a positive integer, got 0");
  throwsWith(() => extrapolatedSgd({ reach: -1 }), "method.probe.reach: expected 0 or more, got -1");
  throwsWith(() => extrapolatedSgd({ direction: "up" as never }), "method.probe.direction: expected own-past, mean-past, noise, extragradient, got"); // prettier-ignore
});

test.run();
