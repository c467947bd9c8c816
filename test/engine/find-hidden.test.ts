import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { findHidden } from "../../src/engine/find-hidden";
import type { OnnxOptions } from "../../src/engine/onnx/session";
import { hiddenNames } from "../../src/model/hidden-names";
import type { Model } from "../../src/model/model";
import { tokenScorer } from "../../src/model/token-scorer";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { smallEngines } from "../support/small-engines";
import { rejectsWith } from "../support/throws";
import { tinyModel, tinyModelNames } from "../support/tiny-models";
import type { TinyModel } from "../support/tiny-models";

/** Hidden states by name, judged by transformers' `output_hidden_states` (`make.py`). */
const test = suite("engine/find-hidden");
const folder = scratch();
test.after(() => folder.remove());

const lora: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };

const engines = smallEngines(folder.file("cache"));
/** float32's rounding on ONNX Runtime and TensorFlow.js; 9 written digits, and the session's float32, on the reference. */
const tolerances = { reference: 1e-7, onnx: 2e-5, tfjs: 2e-5 } as const satisfies Record<keyof typeof engines, number>;
const engineNames = Object.keys(engines) as readonly (keyof typeof engines)[];

const onOnnx = (model: Model, spec: AdapterSpec, options: OnnxOptions = {}) =>
  engines.onnx(model, makeAdapter(spec, model), options);

/** What transformers computes, as these rows. */
const expected = {
  token: ({ hidden }: TinyModel) => hidden.map((layer) => layer.flat()),
  mean: ({ hidden, batch }: TinyModel) =>
    hidden.map((layer) =>
      batch.ids.flatMap(({ length }, b) => {
        const from = batch.ids.slice(0, b).flat().length;
        const rows = layer.slice(from, from + length);
        return rows[0]!.map((_, h) => rows.reduce((sum, row) => sum + row[h]!, 0) / length);
      }),
    ),
  scored: ({ hidden, batch }: TinyModel) =>
    hidden.map((layer) =>
      batch.ids.flatMap((_, b) => layer[batch.ids.slice(0, b).flat().length + (batch.scored![b] as number)]!),
    ),
} as const;

for (const name of tinyModelNames)
  for (const engine of engineNames)
    test(`${name}, ${engine}: every layer's hidden states, of tokens, texts and scored positions, are transformers'`, async () => {
      const tiny = tinyModel(name);
      const names = hiddenNames(tiny.model);
      const session = await engines[engine](tiny.model, makeAdapter(lora, tiny.model));
      for (const rows of ["token", "mean", "scored"] as const) {
        const found = await session.hidden!(names, tiny.batch, rows);
        assert.equal([...found.keys()], names);
        expected[rows](tiny).forEach((wanted, layer) => {
          const { data, rows: count, width } = found.get(names[layer]!)!;
          assert.is(count * width, wanted.length);
          near(data, wanted, tolerances[engine], `${rows}, ${names[layer]}`);
        });
      }
      await session.dispose();
    });

test("names in any order, one or several, give the same numbers, and no adapter, target or folded change reaches them", async () => {
  const tiny = tinyModel("llama-tied");
  const session = await onOnnx(tokenScorer(tiny.model), { kind: "full", layers: "all", factors: 1 });
  const { ids } = tiny.batch;
  const before = await session.hidden!(["layers.1", "embeddings"], { ids });
  const point = new Float32Array(session.layout.size).fill(0.5);
  await session.base!.fold(point);
  await session.features([point], { ids, targets: ids.map(() => 3) });
  const after = await session.hidden!(["layers.1"], { ids });
  assert.equal(after.get("layers.1"), before.get("layers.1"));
  near(before.get("embeddings")!.data, tiny.hidden[0]!.flat(), 1e-6);
  await session.dispose();
});

test("a text's hidden states are computed once, alone: they do not depend on its batch, and are forgotten when there is no room", async () => {
  const { model, batch } = tinyModel("bert");
  const session = await onOnnx(model, lora);
  const all = (await session.hidden!(["layers.0", "layers.1"], { ids: batch.ids })).get("layers.1")!;
  const spent = session.engineMilliseconds();
  const turned = (await session.hidden!(["layers.1"], { ids: [...batch.ids].reverse() })).get("layers.1")!;
  assert.is(session.engineMilliseconds(), spent);
  const last = batch.ids.at(-1)!.length * model.width;
  assert.equal(turned.data.slice(0, last), all.data.slice(-last));
  await session.dispose();

  let computed = 0;
  const find = findHidden(model, 4 * 24 * 8, async (places, _rows, { ids }) => {
    computed++;
    return places.map(() => ({ data: new Float32Array(24 * ids.flat().length), rows: ids.flat().length, width: 24 }));
  });
  const text = (length: number): number[] => Array.from({ length }, (_, i) => i + length);
  for (const length of [4, 4, 4]) await find(["layers.0"], { ids: [text(length)] });
  assert.is(computed, 1);
  await find(["layers.0"], { ids: [text(5)] });
  await find(["layers.0"], { ids: [text(4), text(4)] });
  assert.is(computed, 3);
});

test("without room a batch is one pass, and with one graph open losses and hidden states take turns", async () => {
  const { model, batch, hidden } = tinyModel("qwen2");
  const session = await onOnnx(model, lora, { keep: "one", tuning: { prefixCache: 0 } });
  const point = session.layout.entries.length > 0 ? new Float32Array(session.layout.size) : new Float32Array(0);
  for (let round = 0; round < 2; round++) {
    near((await session.hidden!(["layers.0"], batch)).get("layers.0")!.data, hidden[1]!.flat(), 2e-5);
    assert.ok((await session.features([point], batch)).data.every(Number.isFinite));
  }
  const [one, other] = await Promise.all([session.hidden!(["layers.0"], batch), session.hidden!(["layers.1"], batch)]);
  near(one.get("layers.0")!.data, hidden[1]!.flat(), 2e-5);
  near(other.get("layers.1")!.data, hidden[2]!.flat(), 2e-5);
  await session.dispose();
});

test("at int8 they are those of the weights as stored: near, not equal", async () => {
  const { model, batch, hidden } = tinyModel("llama");
  const session = await onOnnx(model, lora, { precision: { kind: "int8" } });
  const { data } = (await session.hidden!(["layers.1"], batch)).get("layers.1")!;
  near(data, hidden[2]!.flat(), 0.03);
  assert.ok(data.some((value, i) => Math.abs(value - hidden[2]!.flat()[i]!) > 1e-4));
  await session.dispose();
});

test("a name that is not there is answered with those that are; texts that the model cannot take are refused", async () => {
  const { model, batch } = tinyModel("bert");
  for (const engine of engineNames) {
    const session = await engines[engine](model, makeAdapter(lora, model));
    const find = session.hidden!;
    await rejectsWith(
      find(["layers.2"], batch),
      'hidden states[0]: expected one of embeddings, layers.0, layers.1, got "layers.2"',
    );
    await rejectsWith(
      find([], batch),
      'hidden states: expected at least one of embeddings, layers.0, layers.1, got "none"',
    );
    await rejectsWith(
      find(["layers.0", "layers.0"], batch),
      'hidden states[1]: expected each name once, got "layers.0"',
    );
    await rejectsWith(find(["layers.0"], { ids: [[50]] }), "batch[0]: expected token ids 0..49, got 50");
    await rejectsWith(find(["layers.0"], { ids: [[]] }), "batch[0]: expected at least one token");
    await rejectsWith(find(["layers.0"], { ids: [] }), "at least one text");
    assert.is((await find(["layers.0"], { ids: [[5]] })).get("layers.0")!.rows, 1, engine);
    await session.dispose();
  }
});

test.run();
