import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Objective } from "../../src/estimator/objective";
import { adazeta, mezo } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import { resume } from "../../src/train/past";
import { encodeLine } from "../../src/train/records";
import { requireOneStep } from "../../src/train/settings";
import { train, trainEvents } from "../../src/train/train";
import type { TrainEvent } from "../../src/train/events";
import { logisticRun, objectiveOf, quadratic, quadraticRun, settingsOf } from "../support/analytic-runs";
import { rejectsWith } from "../support/throws";

const test = suite("train/train");
const twoSteps = { kind: "steps", steps: 2 } as const;

test("six steps with one query cost twelve passes and are evaluated before, every second step, and after", async () => {
  const { steps, evaluations, end } = await train(quadraticRun());
  assert.equal(
    steps.map((s) => s.step),
    [1, 2, 3, 4, 5, 6],
  );
  assert.equal(
    steps.map((s) => s.epoch),
    [0, 0, 0, 1, 1, 1],
  );
  assert.equal(
    steps.map((s) => s.forwardPasses),
    [2, 4, 6, 8, 10, 12],
  ); // two passes a query
  assert.equal(
    evaluations.map((e) => e.step),
    [0, 2, 4, 6],
  );
  assert.equal(
    evaluations.map((e) => e.evaluationPasses),
    [1, 2, 3, 4],
  );
  assert.is(evaluations[0].loss, 2); // 1/2 * 4 * (0 - 1)^2
  assert.is(end.reason, "finished");
});

test("the points are those of the optimizer's own steps", async () => {
  const options = quadraticRun();
  const { point } = await train(options);
  let expected = options.start;
  for (let k = 0; k < 6; k++) {
    const place = { seed: 7, step: k, epoch: Math.floor(k / 3), layout: options.layout, batch: k };
    expected = (await step(options.settings.method, quadratic, expected, place)).point;
  }
  assert.equal(point, expected);
});

test("steps take turns in the memory of two points, and the best one so far keeps its own", async () => {
  const points = new Set<Float32Array>();
  const keep = (event: TrainEvent): void => void (event.kind === "step" && points.add(event.point));
  const { steps } = await train(quadraticRun({ settings: settingsOf({ evaluateEvery: 6 }) }), keep);
  assert.equal([steps.length, points.size], [6, 2]);
  // Each evaluation is worse than the one after two steps.
  const losses = [3, 1, 2, 2];
  let [now, seen, copy] = [new Float32Array(0), 0, new Float32Array(0)];
  const options = quadraticRun();
  const { best, point } = await train(
    { ...options, evaluate: async () => ({ loss: losses[seen++], accuracy: 0 }) },
    (event) => {
      if (event.kind === "step") now = event.point;
      if (event.kind === "evaluation" && event.isBest) copy = now.slice();
    },
  );
  assert.is(best!.evaluation.step, 2);
  assert.equal(best!.point, copy);
  assert.is.not(best!.point, point);
});

test("a logistic regression learns, and its best evaluation is kept with its point", async () => {
  const options = logisticRun();
  const { evaluations, best } = await train(options);
  const losses = evaluations.map((e) => e.loss);
  assert.ok(Math.abs(losses[0] - Math.log(2)) < 1e-12); // all-zero weights: log 2
  assert.ok(Math.min(...losses) < 0.3);
  assert.is(best!.evaluation.loss, Math.min(...losses));
  assert.is((await options.evaluate(best!.point)).loss, best!.evaluation.loss);
});

test("a budget of forward passes is never exceeded, whatever the schedule", async () => {
  // Q = 1, 1, 2, 3, 4, ... by epochs of 2 steps, so passes 2 2 | 2 2 | 4 4 | 6 6 | ...: 28 after eight steps, 36 with a ninth
  const method = adazeta({ exponent: 1, multiplier: 1, learningRate: 0.01 });
  const settings = settingsOf({ method, stepsPerEpoch: 2, budget: { kind: "forward-passes", forwardPasses: 35 } });
  const { steps, end } = await train(quadraticRun({ settings }));
  assert.equal(
    steps.map((s) => s.queries),
    [1, 1, 1, 1, 2, 2, 3, 3],
  );
  assert.is(end.forwardPasses, 28);
  assert.is(end.reason, "finished");
});

test("a budget below one step's passes is refused, with what a step costs; none scores the start alone", async () => {
  const method = mezo({ estimator: "directional", queries: 15, learningRate: 0.01 });
  const settings = (forwardPasses: number) => settingsOf({ method, budget: { kind: "forward-passes", forwardPasses } });
  const within = async (forwardPasses: number) => {
    requireOneStep(settings(forwardPasses));
    return train(quadraticRun({ settings: settings(forwardPasses) }));
  };
  await rejectsWith(
    within(15),
    "settings.budget.forwardPasses: expected at least 16, what its first step costs, or 0 to score the start alone, got 15",
  );
  assert.is((await within(16)).steps.length, 1);
  const { steps, evaluations } = await within(0);
  assert.equal([steps.length, evaluations.length], [0, 1]);
});

test("directional passes are counted 1 + Q and marked", async () => {
  const method = mezo({ estimator: "directional", queries: 3, learningRate: 0.01 });
  const { steps } = await train(quadraticRun({ settings: settingsOf({ method }) }));
  assert.is(steps[1].forwardPasses, 8);
  assert.ok(steps.every((s) => s.directionalPasses > 0));
});

test("the events are start, evaluations and steps in order, end", async () => {
  const kinds: string[] = [];
  await train(quadraticRun({ settings: settingsOf({ budget: { kind: "steps", steps: 2 } }) }), (e) =>
    kinds.push(e.kind),
  );
  assert.equal(kinds, ["start", "evaluation", "step", "step", "evaluation", "end"]);
});

test("a loss that becomes NaN ends the run at its last finite point, naming step and learning rate", async () => {
  const objective = objectiveOf<number>((point, batch) => (batch === 4 ? NaN : point[0]));
  const lines: string[] = [];
  const sink = { append: (line: string) => void lines.push(line), close: () => undefined };
  const result = await train(quadraticRun({ objective, sink }));
  assert.is(result.steps.length, 4);
  assert.match(result.message, /training loss: expected a finite number, got NaN in step 5 .* learning rate 0.05/);
  assert.is(result.end.forwardPasses, 10); // the passes of the step that was not taken were spent
  assert.ok(result.point.every(Number.isFinite));
  assert.is(lines.at(-1), encodeLine(result.end));
  assert.match(lines.at(-1)!, '"value":"NaN"');
});

test("weights that overflow end the run before they are used", async () => {
  const objective = objectiveOf<number>((point) => 1e30 * point[0]);
  const settings = settingsOf({ method: mezo({ learningRate: 1e30 }) });
  const result = await train(quadraticRun({ objective, settings, evaluate: async () => ({ loss: 1, accuracy: 0 }) }));
  assert.match(result.message, "weight norm: expected a finite number");
  assert.ok(result.point.every(Number.isFinite));
});

test("an infinite evaluation loss ends the run", async () => {
  let calls = 0;
  const evaluate = async () => ({ loss: calls++ === 1 ? Infinity : 1, accuracy: 0 });
  const result = await train(quadraticRun({ evaluate }));
  assert.match(result.message, "evaluation loss: expected a finite number, got Infinity after step 2");
});

test("a constant output is said once, and ends the run where a rule asks for it", async () => {
  const objective = objectiveOf<number>((point, batch) => (batch >= 2 ? Math.log(6) : point[0]));
  const warnings = async (stop: Parameters<typeof settingsOf>[0]) => {
    const said: TrainEvent[] = [];
    const result = await train(quadraticRun({ objective, settings: settingsOf(stop) }), (e) => {
      if (e.kind === "warning") said.push(e);
    });
    return { said, result };
  };
  const free = await warnings({});
  assert.is(free.said.length, 1);
  assert.match((free.said[0] as { message: string }).message, "every projected gradient of step 3 is exactly 0");
  assert.is(free.result.steps.length, 6);
  const ruled = await warnings({ stop: [{ kind: "constant-output", steps: 2 }] });
  assert.is(ruled.result.end.reason, "constant-output");
  assert.is(ruled.result.steps.length, 4);
});

test("the rule for divergence ends the run at the evaluation that exceeds the start by the margin", async () => {
  const losses = [1, 1.5, 1.7, 9];
  const evaluate = async () => ({ loss: losses.shift()!, accuracy: 0 });
  const result = await train(
    quadraticRun({ evaluate, settings: settingsOf({ stop: [{ kind: "diverged", margin: 0.6 }] }) }),
  );
  assert.is(result.end.step, 4);
  assert.match(result.message, "diverged: evaluation loss 1.700 is above 1.600 at step 4");
});

test("a stop signal ends the run between two steps, also when it makes the objective fail", async () => {
  const stop = new AbortController();
  const result = await train(quadraticRun({ signal: stop.signal }), (e) => {
    if (e.kind === "step" && e.record.step === 3) stop.abort();
  });
  assert.is(result.end.reason, "stopped");
  assert.is(result.steps.length, 3);
  const during = new AbortController();
  const objective = objectiveOf<number>((point, batch) => {
    if (batch !== 1) return point[0];
    during.abort();
    throw new Error("interrupted");
  });
  const cut = await train(quadraticRun({ signal: during.signal, objective }));
  assert.is(cut.end.reason, "stopped");
  assert.is(cut.steps.length, 1);
});

/** An objective that presses Stop at its first call of a batch, and then takes as long as `work`. */
const pressing = (at: number, stop: AbortController, work: () => Promise<unknown>): Objective<number> => ({
  ...quadratic,
  async losses(points, batch) {
    if (batch === at) {
      stop.abort();
      await work();
    }
    return quadratic.losses(points, batch);
  },
});

test("a step that does not end after the stop signal is abandoned: the run ends with the steps before it", async () => {
  const stop = new AbortController();
  let abandoned = 0;
  const objective = pressing(2, stop, () => new Promise(() => {}));
  const abandon = () => (abandoned += 1);
  const result = await train(quadraticRun({ signal: stop.signal, patience: 20, abandon, objective }));
  assert.equal([result.end.reason, result.end.step, result.steps.length, abandoned], ["stopped", 2, 2, 1]);
  assert.equal(result.point, (await train(quadraticRun({ settings: settingsOf({ budget: twoSteps }) }))).point);
});

test("a step that ends in time after the stop signal is kept, and nothing is abandoned", async () => {
  for (const patience of [10_000, Infinity]) {
    const stop = new AbortController();
    const objective = pressing(2, stop, () => new Promise((resolve) => setTimeout(resolve, 5)));
    const abandon = () => assert.unreachable("abandoned");
    const result = await train(quadraticRun({ signal: stop.signal, patience, abandon, objective }));
    assert.equal([result.end.reason, result.steps.length], ["stopped", 3]);
  }
});

test("leaving the loop over events stops the run", async () => {
  let calls = 0;
  const objective = objectiveOf<number>((point) => (calls++, point[0]));
  for await (const event of trainEvents(quadraticRun({ objective }))) if (event.kind === "step") break;
  assert.is(calls, 2);
});

test("an objective that fails fails the run with its own error", async () => {
  const objective = objectiveOf<number>(() => {
    throw new Error("no such file: weights");
  });
  await rejectsWith(train(quadraticRun({ objective })), "no such file: weights");
});

test("settings that make no sense are named before anything runs", async () => {
  await rejectsWith(
    train(quadraticRun({ settings: settingsOf({ stepsPerEpoch: 0 }) })),
    "settings.stepsPerEpoch: expected a positive integer, got 0",
  );
  await rejectsWith(train(quadraticRun({ start: new Float32Array(3) })), "start: expected length 4, got 3");
});

test("an evaluation that only became flatter is no checkpoint, is told once, and a resumed run chooses the same", async () => {
  const found = [
    { loss: 1.4, accuracy: 0.6 },
    { loss: 1.3, accuracy: 0.65 },
    { loss: 0.75, accuracy: 0.3 },
    { loss: 0.72, accuracy: 0.3 },
  ];
  const made = (from: number) => {
    let looked = from;
    return quadraticRun({ chance: { loss: 0.69, count: 40 }, evaluate: () => Promise.resolve(found[looked++]!) });
  };
  const told: TrainEvent[] = [];
  const run = await train(made(0), (event) => void (event.kind === "warning" && told.push(event)));
  assert.is(run.best?.evaluation.step, 2);
  assert.equal(
    told.map((event) => (event.kind === "warning" ? event.about : "")),
    ["collapse"],
  );
  const free = await train({ ...made(0), chance: undefined });
  assert.is(free.best?.evaluation.step, 6);
  const recorded = { header: run.header, steps: run.steps, evaluations: run.evaluations, changes: [], end: null };
  const { past } = await resume(
    "no snapshot here",
    { ...recorded, stepEnds: [], goodBytes: 0, recovered: null } as never,
    made(0),
  );
  assert.equal([past?.best?.evaluation.step, [...past!.best!.point]], [2, [...run.best!.point]]);
});

test.run();
