import { suite } from "uvu";
import type { FullSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { parsePrecision } from "../../src/engine/onnx/precision";
import { referenceSession } from "../../src/engine/reference/session";
import type { ModelSession } from "../../src/engine/session";
import type { Model } from "../../src/model/model";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { classifierObjective } from "../../src/task/classifier";
import { headReadout } from "../../src/task/readout";
import type { Readout } from "../../src/task/readout";
import { addChangeInPlace, asFactorLayout, factorPlaces } from "../../src/tree/factor-layout";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { tinyModel, tinyModelNames } from "../support/tiny-models";

const test = suite("engine/factors");
const folder = scratch();
test.after(() => folder.remove());

const whole: FullSpec = { kind: "full", layers: "all" };
const factored: FullSpec = { ...whole, factors: 2 };

/** A change that is not small: half of a weight's own size and more. */
function changes(size: number, count: number): readonly Float32Array[] {
  return Array.from({ length: count }, (_, i) => normals(randomKey(5, "check", i), size).map((value) => 0.2 * value));
}

function readoutOf(model: Model): Readout {
  if (model.head !== null) return headReadout(model.head, [3, 5, 2]);
  const rows = normals(randomKey(9, "check"), 3 * model.width);
  return { rows, classes: 3, width: model.width, scale: 1 };
}

/** The weights with a change formed: what the change is a short form of. */
function formedPoint(spec: FullSpec, model: Model, change: Float32Array): Float32Array {
  const point = makeAdapter({ ...whole, layers: spec.layers }, model)
    .initial(0)
    .slice();
  const layout = asFactorLayout(makeAdapter(spec, model).layout);
  factorPlaces(layout).forEach((place, i) => {
    const { offset, size } = layout.factors.whole.entries[i];
    addChangeInPlace(point.subarray(offset, offset + size), layout, place, change);
  });
  return point;
}

async function engines(model: Model, spec: FullSpec, precision = "fp32"): Promise<readonly ModelSession[]> {
  const adapter = makeAdapter(spec, model);
  return [
    referenceSession(model, adapter),
    await onnxSession(model, adapter, {
      threads: 1,
      cacheDirectory: folder.file("cache"),
      precision: parsePrecision(precision),
    }),
  ];
}

for (const name of tinyModelNames)
  test(`${name}: a change in factors gives the losses of the weights with the change formed, before and after it is folded in`, async () => {
    const { model, batch: input } = tinyModel(name);
    const readout = readoutOf(model);
    const batch = { input, labels: input.ids.map((_, b) => b % 3) };
    const adapter = makeAdapter(factored, model);
    const [one, two] = changes(adapter.layout.size, 2);
    const formed = classifierObjective(referenceSession(model, makeAdapter(whole, model)), readout);
    const expected = await formed.losses([formedPoint(factored, model, one), formedPoint(factored, model, two)], batch);
    for (const session of await engines(model, factored)) {
      const objective = classifierObjective(session, readout);
      near(await objective.losses([one, two], batch), expected, 3e-5, session.id);
      // Folded, the first change is in the matrices; what is left of it are the vectors.
      const rest = one.slice();
      for (const place of factorPlaces(asFactorLayout(adapter.layout)))
        if (place.kind === "outer") rest.fill(0, place.left.offset, place.left.offset + place.left.size);
      await session.base!.fold(one);
      near(await objective.losses([rest], batch), expected.slice(0, 1), 3e-5, `${session.id}, folded`);
      near(await session.base!.formed(rest), formedPoint(factored, model, one), 0, "formed");
      await session.base!.reset();
      near(await objective.losses([two], batch), expected.slice(1), 3e-5, `${session.id}, reset`);
      await session.dispose();
    }
  });

test("derivatives along factors are those along the formed products, with a head that moves and one that is scored in the graph", async () => {
  for (const name of ["llama-tied", "bert-masked"] as const) {
    const { model, batch: input } = tinyModel(name);
    const readout = readoutOf(model);
    const batch = { input, labels: input.ids.map((_, b) => b % 3) };
    const { layout } = makeAdapter(factored, model);
    const [point, z] = changes(layout.size, 2);
    const h = 1e-3;
    const sides = [h, -h].map((a) => point.map((value, i) => value + a * z[i]));
    for (const session of await engines(model, factored)) {
      const objective = classifierObjective(session, readout);
      const { derivatives } = await objective.derivatives(point, [z], batch);
      const [ahead, behind] = await objective.losses(sides, batch);
      near(derivatives, [(ahead - behind) / (2 * h)], 5e-3, session.id);
      await session.dispose();
    }
  }
});

test("where some layers are trained the others keep their precision, and a batch that is used again sees what was folded", async () => {
  const { model, batch: input } = tinyModel("llama");
  const spec: FullSpec = { ...factored, layers: [1] };
  const readout = readoutOf(model);
  const batch = { input, labels: input.ids.map((_, b) => b % 3) };
  const [change] = changes(makeAdapter(spec, model).layout.size, 1);
  for (const precision of ["fp32", "int8"]) {
    const formed = await onnxSession(model, makeAdapter({ ...whole, layers: [1] }, model), {
      threads: 1,
      cacheDirectory: folder.file("cache"),
      precision: parsePrecision(precision),
    });
    const expected = await classifierObjective(formed, readout).losses([formedPoint(spec, model, change)], batch);
    await formed.dispose();
    const [reference, session] = await engines(model, spec, precision);
    await reference.dispose();
    const objective = classifierObjective(session, readout);
    near(await objective.losses([change], batch), expected, 3e-5, precision);
    await session.base!.fold(change);
    const rest = change.slice();
    for (const place of factorPlaces(asFactorLayout(session.layout)))
      if (place.kind === "outer") rest.fill(0, place.left.offset, place.left.offset + place.left.size);
    near(await objective.losses([rest], batch), expected, 3e-5, `${precision}, folded`);
    await session.dispose();
  }
});

test.run();
