import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeChanges, runControls } from "../../../src/notebook/widgets/run-controls";
import { adazeta, mezo } from "../../../src/optimizer/recipes";
import { methodAt } from "../../../src/train/steering";
import { train } from "../../../src/train/train";
import { quadraticRun, settingsOf } from "../../support/analytic-runs";

const test = suite("notebook/widgets/run-controls");

const names = (method: Parameters<typeof runControls>[1]): readonly string[] =>
  runControls("a", method).sliders.map((slider) => slider.describe());

test("a method's own numbers are under the hand", () => {
  assert.equal(names(mezo({ learningRate: 0.05 })), ["learning rate: 0.05", "perturbation scale: 0.001", "queries: 1"]);
  assert.equal(names(adazeta({ exponent: 0.5, cap: 8, estimator: "directional", learningRate: 1e-3 })), [
    "learning rate: 0.001",
    "alpha: 0.85",
    "cap: 8",
  ]);
});

test("until something is moved nothing is wanted; then everything stands where the sliders stand", () => {
  const method = mezo({ learningRate: 0.05 });
  const controls = runControls("a", method);
  assert.is(controls.steer(), null);
  controls.sliders[2]!.set(4);
  const changes = [{ kind: "change", step: 0, change: controls.steer()! }] as const;
  assert.equal(methodAt(method, changes, 0), { ...method, queries: { kind: "constant", value: 4 } });
});

test("a run follows its controls from the next step on, and Stop ends it as an interrupt does", async () => {
  const method = mezo({ learningRate: 0.05 });
  const controls = runControls("a", method);
  const settings = settingsOf({ method, budget: { kind: "steps", steps: 50 } });
  const run = await train(quadraticRun({ settings, steer: controls.steer, signal: controls.signal }), (event) => {
    if (event.kind !== "step") return;
    if (event.record.step === 2) controls.sliders[0]!.set(0.1);
    if (event.record.step === 5) controls.stop.press();
  });
  assert.equal(
    run.steps.map(({ learningRate }) => learningRate),
    [0.05, 0.05, 0.1, 0.1, 0.1],
  );
  assert.is(run.end.reason, "stopped");
  assert.is(describeChanges(run.changes, method), "changed by hand: before step 3 learning rate 0.1");
});

test("what was moved in the last step before Stop is recorded, and a continued run begins with it", async () => {
  const method = mezo({ learningRate: 0.05 });
  const controls = runControls("a", method);
  const settings = settingsOf({ method, budget: { kind: "steps", steps: 50 } });
  const stopped = await train(quadraticRun({ settings, steer: controls.steer, signal: controls.signal }), (event) => {
    if (event.kind !== "step" || event.record.step !== 5) return;
    controls.sliders[0]!.set(0.004);
    controls.sliders[2]!.set(3);
    controls.stop.press();
  });
  const change = { learningRate: { kind: "constant", value: 0.004 }, queries: { kind: "constant", value: 3 } } as const;
  assert.equal(stopped.changes, [{ kind: "change", step: 5, change }]);

  const again = runControls("a", method, change);
  assert.equal(
    again.sliders.map(({ value }) => value),
    [0.004, 0.001, 3],
  );
  assert.is(again.steer(), null);
  again.sliders[1]!.set(0.01);
  assert.equal(again.steer(), { ...change, perturbationScale: 0.01 });
  assert.is(
    describeChanges([...stopped.changes, { kind: "change", step: 9, change: again.steer()! }], method),
    "changed by hand: before step 6 learning rate 0.004, queries 3; before step 10 perturbation scale 0.01",
  );
});

test("a method whose numbers lie outside the usual ranges is steered too", () => {
  assert.equal(names(adazeta({ multiplier: 0.01, exponent: 0.5, cap: 100, learningRate: 0.0123456 })), [
    "learning rate: 0.0123456",
    "perturbation scale: 0.001",
    "alpha: 0.01",
    "cap: 100",
  ]);
});

test.run();
