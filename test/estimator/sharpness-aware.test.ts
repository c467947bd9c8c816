import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceSession } from "../../src/engine/reference/session";
import { estimate, isFiniteEstimate } from "../../src/estimator/estimate";
import type { Objective } from "../../src/estimator/objective";
import { createWorkspace } from "../../src/estimator/workspace";
import { sam } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import type { StepResult } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import { layoutOf } from "../../src/tree/layout";
import { dot } from "../support/dot";
import { near } from "../support/near";
import { rejectsWith, throwsWith } from "../support/throws";
import { readJson, tinyModel } from "../support/tiny-models";

const test = suite("estimator/sharpness-aware");

interface Trace {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly start: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly rule: "sgd" | "adamw";
    readonly rho: number;
    readonly losses: readonly number[];
    readonly points: readonly (readonly number[])[];
  }[];
}

const trace = readJson("test/fixtures/optimizer/sam.json") as Trace;
const none = () => Promise.reject(new Error("not asked for"));

/** mean_i log(1 + exp(-y_i <v, tanh(W x_i)>)) and its gradient, as the fixture's script has it. */
const network: Objective<null> = {
  losses: none,
  derivatives: none,
  gradient: async (point) => {
    const gradient = new Float32Array(9);
    let loss = 0;
    trace.x.forEach((x, i) => {
      const hidden = [0, 1, 2].map((k) => Math.tanh(point[2 * k]! * x[0]! + point[2 * k + 1]! * x[1]!));
      const y = trace.y[i]!;
      const margin = y * dot(hidden, point.subarray(6));
      loss += Math.log1p(Math.exp(-margin)) / 6;
      const slope = -y / (1 + Math.exp(margin)) / 6;
      hidden.forEach((h, k) => {
        gradient[6 + k]! += slope * h;
        for (const j of [0, 1]) gradient[2 * k + j]! += slope * point[6 + k]! * (1 - h * h) * x[j]!;
      });
    });
    return { loss, gradient };
  },
};

for (const { name, rule, rho, losses, points } of trace.cases)
  test(`${name}: points and losses are those of PyTorch's autograd and optimizers`, async () => {
    const weightDecay = rule === "adamw" ? 0.1 : 0;
    const method = sam({ rho, rule, weightDecay, learningRate: rule === "sgd" ? 0.5 : 0.05 });
    const layout = layoutOf([{ name: "all", shape: [9], decay: true }]);
    let now: Pick<StepResult, "point"> & Partial<Pick<StepResult, "state">> = { point: Float32Array.from(trace.start) };
    for (const [index, expected] of points.entries()) {
      const here = { seed: 0, step: index, epoch: 0, layout, batch: null, state: now.state };
      const found: StepResult = await step(method, network, now.point, here);
      near([found.estimate.loss], [losses[index]!], 1e-6);
      near(found.point, expected, 1e-5);
      now = found;
    }
  });

const at = <Batch>(batch: Batch) =>
  ({ seed: 0, step: 0, queries: 1, directions: { kind: "gaussian" }, batch }) as const;

/** L = sum c_i theta_i^2 / 2. */
const bowl = (slope: (x: number) => number = (x) => x): Objective<readonly number[]> => ({
  losses: none,
  derivatives: none,
  gradient: async (point, c) => ({
    loss: point.reduce((sum, x, i) => sum + (c[i]! * x * x) / 2, 0),
    gradient: point.map((x, i) => c[i]! * slope(x)),
  }),
});

test("a worked step: two passes each way, the gradient where it is steeper", async () => {
  const workspace = createWorkspace(2);
  // g = (3, 4), |g| = 5, e = (1.2, 1.6): at (3.2, 2.6) the gradient is (4.8, 10.4).
  const found = await estimate(
    { kind: "sharpness-aware", rho: 2 },
    bowl(),
    Float32Array.of(2, 1),
    at([1.5, 4]),
    workspace,
  );
  near(workspace.gradient, [4.8, 10.4], 1e-6);
  assert.equal({ ...found, gradientNorm: 0 }, { projectedGradients: [], loss: 5, forwardPasses: 2, backwardPasses: 2, gradientNorm: 0 }); // prettier-ignore
  near([found.gradientNorm!], [Math.hypot(4.8, 10.4)], 1e-6);
});

test("where the gradient is zero nothing is divided by it and nothing moves", async () => {
  const workspace = createWorkspace(2);
  await estimate({ kind: "sharpness-aware", rho: 1 }, bowl(), new Float32Array(2), at([1, 1]), workspace);
  assert.equal(workspace.gradient, new Float32Array(2));
});

test("a number that is not finite is seen at the point and uphill of it, with its tensor's place", async () => {
  for (const first of [true, false]) {
    let calls = 0;
    const workspace = createWorkspace(2);
    const { gradient } = bowl();
    const broken: Objective<readonly number[]> = {
      ...bowl(),
      gradient: async (point, c) => {
        const found = await gradient!(point, c);
        if (calls++ === (first ? 0 : 1)) found.gradient[1] = NaN;
        return found;
      },
    };
    const found = await estimate(
      { kind: "sharpness-aware", rho: 1 },
      broken,
      Float32Array.of(1, 1),
      at([1, 1]),
      workspace,
    );
    assert.not(isFiniteEstimate(found));
    assert.ok(Number.isFinite(workspace.gradient[0]!) && Number.isNaN(workspace.gradient[1]!));
    assert.is(calls, first ? 1 : 2);
  }
});

test("on a model it is the central difference of its losses uphill, and no gradient is taken block by block", async () => {
  const { model, batch } = tinyModel("bert");
  const adapter = makeAdapter({ kind: "full", layers: [0], parts: ["norms"] }, model);
  const rows = Float32Array.from({ length: 2 * model.width }, (_, i) => Math.sin(3 * i));
  const session = referenceSession(model, adapter);
  const objective = classifierObjective(session, { rows, classes: 2, width: model.width, scale: 1 });
  const asked = { input: batch, labels: batch.ids.map((_, i) => i % 2) };
  const point = adapter.initial(0);
  const rho = 0.3;
  const workspace = createWorkspace(point.length);
  const blocked: typeof objective = { ...objective, gradientBlocks: none };
  await estimate({ kind: "sharpness-aware", rho }, blocked, point, at(asked), workspace);
  await step(sam({ rho }), blocked, point, { seed: 0, step: 0, epoch: 0, layout: adapter.layout, batch: asked });
  const { gradient } = await objective.gradient!(point, asked);
  const uphill = point.map((value, i) => value + (rho * gradient[i]!) / Math.sqrt(dot(gradient, gradient)));
  const step_ = 2 ** -8;
  for (const i of [0, 7, point.length - 1]) {
    const moved = (by: number) => uphill.map((value, k) => (k === i ? value + by : value));
    const [ahead, behind] = await objective.losses([moved(step_), moved(-step_)], asked);
    const difference = (ahead! - behind!) / (moved(step_)[i]! - moved(-step_)[i]!);
    assert.ok(Math.abs(difference - workspace.gradient[i]!) < 1e-4, `${difference} ${workspace.gradient[i]!}`);
  }
});

test("bad settings and an objective without gradients are refused by name", async () => {
  for (const rho of [0, -1, NaN, Infinity])
    throwsWith(() => sam({ rho }), `method.probe.rho: expected a positive number, got ${rho}`);
  throwsWith(() => sam({ rule: "lion" as "sgd" }), 'rule: expected adamw or sgd, got "lion"');
  await rejectsWith(
    estimate({ kind: "sharpness-aware", rho: 1 }, { losses: none, derivatives: none }, new Float32Array(2), at(null)),
    "probe: expected an objective with a gradient",
  );
});

test.run();
