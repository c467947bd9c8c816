import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FullSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import type { ModelSession } from "../../src/engine/session";
import { checkMethodFits, type Method } from "../../src/optimizer/method";
import { lozo, lozoM, lozoReference, mezo, recipes, subzero } from "../../src/optimizer/recipes";
import { eggroll } from "../../src/optimizer/recipes/eggroll";
import { fzoo } from "../../src/optimizer/recipes/fzoo";
import { tezo, tezoAdam, tezoM } from "../../src/optimizer/recipes/tezo";
import { zoMuon } from "../../src/optimizer/recipes/zo-muon";
import { applyRecorded } from "../../src/optimizer/step";
import type { LabelledBatch } from "../../src/task/classifier";
import { classifierObjective } from "../../src/task/classifier";
import { headReadout } from "../../src/task/readout";
import { formedWeights, standAt } from "../../src/train/replay";
import type { RunSettings } from "../../src/train/settings";
import { train } from "../../src/train/train";
import type { TrainOptions } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { asFactorLayout } from "../../src/tree/factor-layout";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("train/factored-run");
const files = scratch();

const whole: FullSpec = { kind: "full", layers: "all" };
const { model } = tinyModel("llama-tied");
const readout = headReadout(model.head!, [3, 5]);
const batches: readonly LabelledBatch[] = [
  {
    input: {
      ids: [
        [3, 8],
        [5, 1, 6],
      ],
    },
    labels: [0, 1],
  },
  { input: { ids: [[4, 9, 2], [7]] }, labels: [1, 0] },
];

/** Small enough that rounding does not lead two runs apart. */
const RATE = { learningRate: 3e-4, perturbationScale: 1e-2 };
/** What redraws within a run of nine steps does so twice. */
const QUICK = { ...RATE, rank: 2, redraw: 4 };

/** Sessions by their adapter: a run brings the weights back to where they began. */
const sessions = new Map<string, ModelSession>();
test.after(async () => {
  await Promise.all([...sessions.values()].map((session) => session.dispose()));
  await files.remove();
});

async function sessionOf(spec: FullSpec): Promise<ModelSession> {
  const known = sessions.get(JSON.stringify(spec));
  if (known) return known;
  const made = await onnxSession(model, makeAdapter(spec, model), { threads: 1, cacheDirectory: files.file("cache") });
  sessions.set(JSON.stringify(spec), made);
  return made;
}

/** Every method whose directions are outer products, with the columns that its steps need. */
const methods: readonly (readonly [method: Method, factors: number])[] = [
  [lozo({ ...QUICK, queries: 2 }), 2],
  [
    {
      ...lozo({ ...QUICK, queries: 2 }),
      name: "one-sided lozo",
      probe: { kind: "one-sided", perturbationScale: 1e-2, chunk: 1 },
    },
    2,
  ],
  [lozo({ ...QUICK, estimator: "directional" }), 3],
  [lozoReference(QUICK), 2],
  [lozoM(QUICK), 2],
  [subzero(QUICK), 2],
  [tezo({ ...RATE, rank: 3 }), 3],
  [tezoM({ ...RATE, rank: 3 }), 4],
  [zoMuon({ ...QUICK, queries: 3 }), 2],
  [eggroll({ ...QUICK, queries: 3 }), 6],
];

function settings(method: Method, steps: number): RunSettings {
  return {
    method,
    budget: { kind: "steps", steps },
    stepsPerEpoch: 4,
    evaluateEvery: 3,
    seed: 11,
    stop: [],
  };
}

function optionsOf(session: ModelSession, spec: FullSpec, method: Method, steps = 9): TrainOptions<LabelledBatch> {
  const adapter = makeAdapter(spec, model);
  const objective = classifierObjective(session, readout);
  return {
    settings: settings(method, steps),
    identity: { model: session.id, adapter: spec, data: "two batches", plan: { batchSize: 2, packed: true } },
    start: adapter.initial(0),
    layout: adapter.layout,
    objective,
    batchAt: (step) => batches[step % 2],
    evaluate: async (point) => ({ loss: (await objective.losses([point], batches[0]))[0], accuracy: 0.5 }),
    clock: () => 0,
  };
}

const bits = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");

for (const [method, factors] of methods)
  test(`${method.name}, ${method.probe?.kind ?? method.rounds?.kind}: a record leads to the run's own weights, bit for bit, and near to those of the formed path`, async () => {
    const spec = { ...whole, factors };
    const session = await sessionOf(spec);
    const options = optionsOf(session, spec, method);
    const run = await train(options);
    assert.is(run.end.reason, "finished");
    const own = await session.base!.formed(run.point);
    // Another engine, which has seen nothing of the run.
    const other = referenceSession(model, makeAdapter(spec, model));
    const again = await other.base!.formed(await standAt(other.base!, run, options.start, options.layout));
    assert.is(bits(again), bits(own), "the same bits");
    const begin = makeAdapter(whole, model).initial(0);
    assert.is(bits(formedWeights(run, begin.slice(), options.start, options.layout)), bits(own), "by the record alone");
    // The formed path takes the same scalars to the same weights, but for rounding: V lies where the factors keep it.
    const { layout } = makeAdapter(whole, model);
    let [point, state] = [begin, undefined as ReturnType<typeof applyRecorded>["state"] | undefined];
    for (const { step, epoch, projectedGradients, further } of run.steps) {
      const recorded = {
        seed: 11,
        step: step - 1,
        epoch,
        layout,
        projectedGradients,
        ...(further && { further }),
        ...(state && { state }),
      };
      ({ point, state } = applyRecorded(method, point, recorded));
    }
    near(own, point, 2e-6, "formed");
    const moved = own.reduce((most, value, i) => Math.max(most, Math.abs(value - begin[i])), 0);
    assert.ok(moved > 3e-5, `moved by ${moved}`);
    // Its losses are those of the formed path's steps.
    const formed = await train(optionsOf(await sessionOf(whole), whole, method));
    near(
      run.steps.map(({ loss }) => loss),
      formed.steps.map(({ loss }) => loss),
      3e-5,
      "losses",
    );
  });

test("cut off after any step, with a snapshot or without, a run goes on to the same bits, on ONNX Runtime", async () => {
  const spec = { ...whole, factors: 2 };
  const method = lozo({ ...QUICK, redraw: 3 });
  const opened = (): Promise<ModelSession> => onnxSession(model, makeAdapter(spec, model), { threads: 1, cacheDirectory: files.file("cache") }); // prettier-ignore
  const session = await opened();
  const path = files.file("run.jsonl");
  const expected = await trainInFile({ ...optionsOf(session, spec, method), path, snapshotEvery: 2 });
  const weights = await session.base!.formed(expected.point);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const snapshot = readFileSync(`${path}.snapshot`);
  await session.dispose();
  const other = await opened();
  for (const keep of [1, 3, 6, 8, lines.length - 2, lines.length]) {
    writeFileSync(path, `${lines.slice(0, keep).join("\n")}\n`);
    writeFileSync(`${path}.snapshot`, snapshot);
    if (keep === 6) rmSync(`${path}.snapshot`);
    // The engine's weights are wherever another run left them.
    await other.base!.fold(Float32Array.from(expected.point, () => 0.1));
    const found = await trainInFile({ ...optionsOf(other, spec, method), path, snapshotEvery: 2 });
    assert.is(bits(await other.base!.formed(found.point)), bits(weights), `${keep} lines kept`);
    assert.is(bits(found.point), bits(expected.point));
  }
  assert.ok(existsSync(path));
  const recorded = readTrajectory(path)!;
  const best = expected.best!.evaluation.step;
  const there = await standAt(other.base!, recorded, new Float32Array(expected.point.length), makeAdapter(spec, model).layout, method, best); // prettier-ignore
  near(
    await optionsOf(other, spec, method).objective.losses([there], batches[0]),
    [expected.best!.evaluation.loss],
    0,
    "the best evaluation's loss, where the run no longer is",
  );
  await other.dispose();
});

test("what would have to be formed is refused before any work, in words that say what to do", async () => {
  const layoutWith = (factors: number) => makeAdapter({ ...whole, factors }, model).layout;
  const refused = (method: Method, message: string, factors = 2): void =>
    throwsWith(() => checkMethodFits(method, layoutWith(factors)), message);
  refused(mezo(), "method.directions: expected");
  refused(mezo(), 'without "factors" every method trains them');
  refused(fzoo(), "outer products of each matrix's own rows and columns");
  refused(subzero({ rank: 2, reshape: true }), "method.directions: expected");
  refused(lozo({ rank: 4 }), "adapter.factors: expected at least 4");
  refused(eggroll({ rank: 2, queries: 3 }), "adapter.factors: expected at least 6");
  refused(lozo({ rank: 500 }), "the smaller side of", 500);
  refused(lozo({ rank: 2, weightDecay: 0.1 }), "method.transforms[0]: expected");
  refused(tezoAdam({ rank: 2 }), 'got "temporal-adam"');
  throwsWith(() => lozo({ redraw: 0 }), "redraw: expected a positive integer, got 0");
  throwsWith(() => layoutWith(0), "factors: expected a positive integer, got 0");
  throwsWith(() => layoutWith(1.5), "factors: expected a positive integer, got 1.5");
  const spec = { ...whole, factors: 2 };
  const session = referenceSession(model, makeAdapter(spec, model));
  const options = optionsOf(session, spec, lozo(QUICK));
  const { losses, derivatives } = options.objective;
  await rejectsWith(
    train({ ...options, objective: { losses, derivatives } }),
    "objective: expected an engine that folds",
  );
});

test("a change of the method that has no room in the factors is refused in words, and the run goes on as it was", async () => {
  const spec = { ...whole, factors: 4 };
  const method = eggroll({ ...QUICK, queries: 2 });
  const told: string[] = [];
  const steer = () => ({ queries: { kind: "constant", value: 3 } }) as const;
  const run = await train({ ...optionsOf(await sessionOf(spec), spec, method, 3), steer }, (event) => {
    if (event.kind === "warning") told.push(event.message);
  });
  assert.is(told.length, 1);
  assert.match(told[0], "a change of the method is not made: adapter.factors: expected at least 6");
  assert.equal(
    run.steps.map(({ queries }) => queries),
    [2, 2, 2],
  );
});

test("every method of the table trains all weights as factors, or says why it cannot", () => {
  const { layout } = makeAdapter({ ...whole, factors: 8 }, model);
  const can = Object.entries(recipes).flatMap(
    ([name, { make, required = {} }]: [string, { make: unknown; required?: object }]) => {
      const method = (make as (options: object) => Method)({ ...required, rank: 2 });
      try {
        checkMethodFits(method, layout);
        return [name];
      } catch (error) {
        assert.match((error as Error).message, /^(method|adapter)\./);
        return [];
      }
    },
  );
  assert.equal(can.sort(), ["eggroll", "lozo", "lozo-m", "lozo-reference", "subzero", "tezo", "tezo-m", "zo-muon"]);
});

test("a run's point is small: the factors and the vectors' changes", async () => {
  const { layout, initial } = makeAdapter({ ...whole, factors: 2 }, model);
  const { whole: all } = asFactorLayout(layout).factors;
  const expected = all.entries.reduce(
    (sum, { shape, size }) => sum + (shape.length === 2 ? 2 * (shape[0] + shape[1]) : size),
    0,
  );
  assert.is(layout.size, expected);
  assert.ok(initial(0).every((value) => value === 0));
});

test.run();
