import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceFeatures64, referenceSession } from "../../src/engine/reference/session";
import { lowBits } from "../../src/model/low-bits";
import {
  distillationObjective,
  divergence,
  divergenceByOffset,
  divergenceGradients,
  readAt,
} from "../../src/task/distillation";
import { probabilities } from "../../src/task/loss";
import { scores, shareLoss } from "../../src/task/readout";
import type { Readout } from "../../src/task/readout";
import { dot } from "../support/dot";
import { near } from "../support/near";
import { someOffset } from "../support/row-losses";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("task/distillation");

const { model, batch: input } = tinyModel("bert");
const spec = { kind: "full", layers: "all", parts: ["matrices", "biases", "norms"] } as const;
const adapter = makeAdapter(spec, model);
const readout: Readout = {
  rows: Float32Array.from({ length: 3 * model.width }, (_, i) => Math.sin(5 * i)),
  classes: 3,
  width: model.width,
  scale: 2,
  bias: Float32Array.of(0.1, 0, -0.3),
};
const start = adapter.initial(0);
const moved = start.map((value, i) => value + 0.05 * Math.sin(7 * i));
const session = referenceSession(model, adapter);

test("worked: of shares 3/4 and 1/4 an even answer is log 2 - H away, and nothing is its own", () => {
  const teacher = Float64Array.of(Math.log(3), 0);
  const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
  near([divergence(teacher, Float64Array.of(5, 5), 2).mean], [Math.log(2) - entropy], 1e-12);
  near([divergence(teacher, teacher, 2).mean], [0], 1e-12);
  // Scores far apart: no logarithm of a share that is 0.
  const far = divergence(Float64Array.of(2000, 0), Float64Array.of(0, 2000), 2).mean;
  near([far], [2000], 1e-12);
  assert.ok(
    [...divergenceGradients(Float64Array.of(2000, 0), Float64Array.of(0, 2000), 2).teacher].every(Number.isFinite),
  );
});

test("the derivatives by both models' scores are central differences", () => {
  const teacher = Float64Array.of(0.3, -1, 2, 0, 0.5, 0.1);
  const student = Float64Array.of(1, 0.2, -0.5, 0.4, 0, -2);
  const found = divergenceGradients(teacher, student, 3);
  const h = 1e-5;
  for (const which of ["teacher", "student"] as const)
    for (let i = 0; i < 6; i++) {
      const [ahead, behind] = [h, -h].map((by) => {
        const at = { teacher, student };
        const changed = { ...at, [which]: at[which].map((value, k) => (k === i ? value + by : value)) };
        return divergence(changed.teacher, changed.student, 3).mean;
      });
      assert.ok(Math.abs(found[which][i]! - (ahead! - behind!) / (2 * h)) < 1e-9, `${which} ${i}`);
    }
});

test("as an objective: 0 at the teacher, losses, derivatives and gradient agree, and the engine's own loss is it and the entropy", async () => {
  const shares = probabilities(await readAt({ session, point: start }, readout, input), 3);
  const objective = distillationObjective(session, readout);
  const batch = { input, shares };
  const [here, there] = await objective.losses([start, moved], batch);
  assert.ok(Math.abs(here!) < 1e-6 && there! > 1e-3, `${here} ${there}`);
  const { loss, gradient } = await objective.gradient!(moved, batch);
  near([loss], [there!], 1e-6);
  const z = start.map((_, i) => Math.cos(3 * i));
  const { derivatives } = await objective.derivatives(moved, [z], batch);
  near([dot(gradient, z)], derivatives, 1e-4);
  near([(await objective.each!([moved], batch))[0]!.reduce((a, b) => a + b, 0) / input.ids.length], [there!], 1e-6);
  const engine = await session.gradient!(moved, input, shareLoss(readout, shares));
  const entropy = -shares.reduce((sum, p) => sum + p * Math.log(p), 0) / input.ids.length;
  near([engine.losses!.reduce((a, b) => a + b, 0) / input.ids.length - entropy], [there!], 1e-5);
});

test("by an offset the derivative goes through both models: central differences, of a student that is not rounded", async () => {
  const offset = Float32Array.from(someOffset(model, input));
  const of = (at: Float32Array, by: ArrayLike<number>): Float64Array => {
    const { data } = referenceFeatures64(model, adapter, [at], input, Float64Array.from(by));
    return scores(readout, { data: Float32Array.from(data), points: 1, texts: input.ids.length, width: model.width });
  };
  const teacher = { session, point: start };
  const student = { session, point: moved };
  const found = await divergenceByOffset(teacher, student, readout, input, offset);
  near([found.divergence], [divergence(of(start, offset), of(moved, offset), 3).mean], 1e-5);
  const z = offset.map((_, i) => Math.sin(2 * i));
  const h = 2 ** -7;
  const [ahead, behind] = [h, -h].map((a) => {
    const by = Float64Array.from(offset, (value, i) => value + a * z[i]!);
    return divergence(of(start, by), of(moved, by), 3).mean;
  });
  const difference = (ahead! - behind!) / (2 * h);
  assert.ok(Math.abs(dot(found.gradient, z) - difference) < 2e-3 * Math.abs(difference) + 1e-5, `${difference}`);
});

test("on a student of few bits a step along the gradient comes closer to the teacher, on texts with an offset too", async () => {
  const low = referenceSession(lowBits(model, { weights: 4, activations: 8 }), adapter);
  const objective = distillationObjective(low, readout);
  const offset = Float32Array.from(someOffset(model, input));
  const shares = probabilities(await readAt({ session, point: start }, readout, input, offset), 3);
  let point: Float32Array = start;
  const losses: number[] = [];
  for (let k = 0; k < 6; k++) {
    const { loss, gradient } = await objective.gradient!(point, { input, shares, offset });
    losses.push(loss);
    const length = Math.sqrt(dot(gradient, gradient));
    point = point.map((value, i) => value - (0.02 * gradient[i]!) / length);
  }
  assert.ok(losses.at(-1)! < 0.8 * losses[0]!, losses.join());
});

test("what does not fit, and engines without gradients, are refused", async () => {
  throwsWith(() => shareLoss(readout, new Float64Array(4)), 'shares: expected rows of 3 classes, got "4 numbers"');
  throwsWith(() => divergence(new Float64Array(3), new Float64Array(6), 3), "student: expected length 3, got 6");
  const offset = new Float32Array(1);
  await rejectsWith(
    distillationObjective(session, readout).losses([start], { input, shares: new Float64Array(12), offset }),
    'batch.offset: expected none: engines read offsets for gradients alone, got "an offset"',
  );
  throwsWith(
    () => distillationObjective(session, { ...readout, width: 3 }),
    `readout.width: expected ${model.width}, the session's, got 3`,
  );
  const without = { ...session, gradient: undefined };
  await rejectsWith(
    readAt({ session: without, point: start }, readout, input, offset),
    "session: expected an engine that gives gradients, to read texts that were not written, got",
  );
});

test.run();
