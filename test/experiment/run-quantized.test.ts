import { existsSync, readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceSession } from "../../src/engine/reference/session";
import { filterDirection } from "../../src/experiment/filter-directions";
import { quantizedRows } from "../../src/experiment/quantized-rows";
import type { QuantizedSettings } from "../../src/experiment/quantized-settings";
import { runQuantized, trainTeacher } from "../../src/experiment/run-quantized";
import type { OpenTrained } from "../../src/experiment/run-quantized";
import { firstOrder } from "../../src/optimizer/recipes";
import { norm } from "../../src/tree/vector";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";
import { tinyProblem } from "../support/tiny-problem";

const test = suite("experiment/run-quantized");
const folder = scratch();
test.after(() => folder.remove());

const problem = await tinyProblem("bert");
const open: OpenTrained = async (model, adapter) => referenceSession(model, adapter);
const run = { seed: 0, open, directory: folder.file("cache"), threads: 1, clock: () => 0 };
const mixtures = { tokens: 12, latent: 3, sharpness: 2, texts: 3, shortest: 2, longest: 4 };
const tiny = (id: (typeof quantizedRows)[number]["id"], changes: Partial<QuantizedSettings> = {}) => {
  const { still } = quantizedRows.find((each) => each.id === id)!;
  const row = still as QuantizedSettings;
  const teacherSettings = {
    ...row.teacher,
    method: firstOrder({ rule: "sgd", learningRate: 0.1 }),
    steps: 4,
    batchSize: 4,
  };
  const lora = { kind: "lora", rank: 2, alpha: 4, targets: ["query"] } as const;
  const adapter = row.adapter.kind === "lora" ? lora : row.adapter;
  return { ...row, mixtures, steps: 3, adapter, teacher: teacherSettings, ...changes };
};
const teacher = await trainTeacher(tiny("quantized-rounded").teacher, problem, run);

for (const { id } of quantizedRows)
  test(`${id}: from the teacher's weights to a record, with the engine's own few bits, and nothing left behind`, async () => {
    const settings = tiny(id);
    const { still, test: onTest, quantized } = await runQuantized(settings, problem, teacher, run);
    const { steps, texts } = settings;
    const whole = settings.adapter.kind === "full";
    assert.is(quantized.stopped, null);
    assert.is(quantized.taught.length, texts === "none" ? 0 : steps);
    assert.is(quantized.climbed.length, texts === "generated" ? steps : 0);
    assert.ok(quantized.divergence > 0 && Number.isFinite(quantized.divergence));
    assert.is(onTest.perExample.length, 12);
    assert.ok(still.message.startsWith("W4A8, texts "), still.message);
    assert.is(quantized.engine === null, !whole);
    if (quantized.engine !== null) {
      assert.is(quantized.engine.precision, "int4-activations:32");
      // Weights are the same, activations are rounded otherwise.
      assert.ok(Math.abs(quantized.engine.divergence - quantized.divergence) < 0.5 * quantized.divergence + 1e-4);
    }
    if (texts !== "none" && whole) {
      assert.is(quantized.along!.values.length, 2);
      const middle = quantized.along!.distances.indexOf(0);
      assert.is(new Set(quantized.along!.values.map((row) => row[middle])).size, 1);
    }
    const student = id === "quantized-zsaq" ? 2 : 1;
    if (texts === "generated") assert.equal(quantized.passes, { forward: (3 + 1 + student) * steps, backward: (3 + 1 + student) * steps }); // prettier-ignore
    assert.is(existsSync(run.directory) && readdirSync(run.directory).length > 0, false, "nothing is left");
  });

test("it is a function of the seed", async () => {
  const found = async (seed: number) =>
    (await runQuantized(tiny("quantized-zsaq"), problem, teacher, { ...run, seed })).quantized;
  assert.equal(await found(1), await found(1));
  assert.not.equal((await found(2)).taught, (await found(1)).taught);
});

test("taught on the task's own texts the student comes closer to its teacher on them", async () => {
  const settings = tiny("quantized-real", { weights: 2, steps: 12, method: firstOrder({ learningRate: 3e-3 }) });
  const { taught } = (await runQuantized(settings, problem, teacher, run)).quantized;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(mean(taught.slice(-4)) < mean(taught.slice(0, 4)), taught.join());
});

test("a number that is not finite ends the steps by its tensor, and what was reached is recorded", async () => {
  let calls = 0;
  const broken: OpenTrained = async (model, adapter) => {
    const session = referenceSession(model, adapter);
    return {
      ...session,
      async gradient(...asked) {
        const found = await session.gradient!(...asked);
        if (++calls === 2) found.gradient[0] = NaN;
        return found;
      },
    };
  };
  const settings = tiny("quantized-real", { steps: 5 });
  const { still, quantized } = await runQuantized(settings, problem, teacher, { ...run, open: broken });
  const { name } = makeAdapter(settings.adapter, tinyModel("bert").model).layout.entries[0]!;
  assert.equal(quantized.stopped, { step: 2, tensor: name });
  assert.is(still.message, `W4A8: ${name} was not finite at step 2`);
  assert.is(quantized.taught.length, 1);
  assert.ok(Number.isFinite(quantized.divergence));
  await rejectsWith(
    trainTeacher({ ...settings.teacher, method: firstOrder({ rule: "sgd", learningRate: 1e30 }) }, problem, run),
    "teacher: expected finite numbers (take a smaller rate), got",
  );
});

test("bits that no engine has are refused before any step", async () => {
  const never: OpenTrained = () => Promise.reject(new Error("opened"));
  await rejectsWith(
    runQuantized(tiny("quantized-real", { weights: 9 }), problem, teacher, { ...run, open: never }),
    "bits: expected weights of 2 to 8 bits",
  );
});

test("a direction's rows are as long as the point's, and vectors stay", () => {
  const { layout, initial } = makeAdapter(
    { kind: "full", layers: "all", parts: ["matrices", "biases"] },
    tinyModel("bert").model,
  );
  const point = initial(0);
  const direction = filterDirection(layout, point, 0, 0);
  for (const { offset, size, shape } of layout.entries) {
    const columns = shape.length > 1 ? shape[1]! : size;
    for (let from = offset; from < offset + size; from += columns) {
      const [own, other] = [point, direction].map((all) => norm(all.subarray(from, from + columns)));
      near([other!], [shape.length > 1 ? own! : 0], 1e-5);
    }
  }
  assert.not.equal(filterDirection(layout, point, 0, 1), direction);
  assert.equal(filterDirection(layout, point, 0, 0), direction);
});

test.run();
