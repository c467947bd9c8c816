import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoraSpec } from "../../src/adapter/adapter";
import { HEAD_COPY } from "../../src/adapter/head";
import { lora } from "../../src/adapter/lora";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import { classifierObjective } from "../../src/task/classifier";
import { headReadout, readoutAt } from "../../src/task/readout";
import { view } from "../../src/tree/layout";
import { describedModel } from "../support/descriptions";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("adapter/head");
const spec: LoraSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const TOKENS = [7, 5, 9];
const withHead: LoraSpec = { ...spec, head: TOKENS };

test("RoBERTa-large: beside the LoRA's 786,432 the dense layer, the norm, and two label words' rows and biases", () => {
  const large = describedModel("roberta-large");
  const count = (head?: readonly number[]) =>
    lora({ ...spec, rank: 8, alpha: 16, ...(head && { head }) }, large.sites, large).layout.size;
  assert.is(count(), 786_432);
  assert.is(count([5, 7]), 786_432 + (1024 * 1024 + 1024) + 2 * 1024 + 2 * (1024 + 1));
});

test("the start is the model as it is, tied or not, and the LoRA's tensors are those without a head", () => {
  for (const name of ["roberta-masked", "roberta-untied", "bert-masked", "llama-tied", "opt"] as const) {
    const { model } = tinyModel(name);
    const adapter = makeAdapter(withHead, model);
    const alone = makeAdapter(spec, model);
    const point = adapter.initial(3);
    assert.equal(point.subarray(0, alone.layout.size), alone.initial(3), name);
    const readout = headReadout(model.head!, TOKENS);
    const at = readoutAt(readout, adapter.layout, point);
    assert.equal([at.rows, at.bias], [readout.rows, readout.bias], name);
    const own = adapter.layout.entries.slice(alone.layout.entries.length).map((entry) => entry.name);
    assert.equal(
      own,
      [...(model.head!.transform ?? []), HEAD_COPY.rows, ...(model.head!.biases ? [HEAD_COPY.biases] : [])],
      name,
    );
    assert.is(model.head!.transform?.length ?? 0, name.includes("bert") ? 4 : 0, name);
  }
});

test("losses, derivatives and gradients see the head on every engine; biases and norms do not decay", async () => {
  const { model, batch } = tinyModel("roberta-masked");
  const adapter = makeAdapter(withHead, model);
  const { layout } = adapter;
  const readout = headReadout(model.head!, TOKENS);
  const labelled = { input: batch, labels: batch.ids.map((_, b) => b % 3) };
  const point = adapter.initial(0);
  const noise = normals(randomKey(1, "check"), layout.size);
  // A direction in the head alone: the LoRA's part stays at 0.
  const first = makeAdapter(spec, model).layout.size;
  const z = noise.map((value, i) => (i < first ? 0 : value));
  const moved = (e: number) => point.map((x, i) => x + e * z[i]);
  const judge = classifierObjective(referenceSession(model, adapter), readout);
  const { derivatives } = await judge.derivatives(point, [z], labelled);
  const [plus, minus] = await judge.losses([moved(1e-3), moved(-1e-3)], labelled);
  assert.ok(Math.abs(derivatives[0]) > 1e-2);
  near(derivatives, [(plus - minus) / 2e-3], 2e-3);
  const { gradient } = await judge.gradient!(point, labelled);
  near([gradient.reduce((sum, g, i) => sum + g * z[i], 0)], derivatives, 1e-5);
  // each part of it by itself reaches the loss
  for (const { name } of layout.entries.slice(makeAdapter(spec, model).layout.entries.length))
    assert.ok(
      view(layout, gradient, name).some((g) => Math.abs(g) > 1e-6),
      name,
    );
  for (const session of [await onnxSession(model, adapter, { threads: 1 }), await tfjsSession(model, adapter)]) {
    const objective = classifierObjective(session, readout);
    near(
      await objective.losses([moved(0.1), point], labelled),
      await judge.losses([moved(0.1), point], labelled),
      1e-5,
    );
    near((await objective.derivatives(point, [z], labelled)).derivatives, derivatives, 1e-4);
    near((await objective.gradient!(point, labelled)).gradient, gradient, 1e-4);
    await session.dispose();
  }
  const decays = layout.entries.filter(({ decay }) => decay).map(({ name }) => name);
  assert.ok(decays.includes("lm_head.dense.weight") && decays.includes(HEAD_COPY.rows));
  assert.not.ok(decays.some((name) => name.endsWith("bias") || name.includes("layer_norm")));
});

test("a head without tokens, a model, or a place in the model is refused", () => {
  const { model } = tinyModel("roberta-masked");
  throwsWith(() => makeAdapter({ ...spec, head: "label words" }, model), "lora.head: expected tokens (a run names");
  throwsWith(() => makeAdapter(withHead, model.sites), "lora.head: expected a model, not its sites alone");
  throwsWith(
    () => makeAdapter(withHead, tinyModel("bert").model),
    "lora.head: expected a model with a language-model head",
  );
  throwsWith(() => makeAdapter({ ...spec, head: [] }, model), "lora.head: expected at least one token");
  throwsWith(() => makeAdapter({ ...spec, head: [-1] }, model), "lora.head: expected tokens in 0..");
  const { layout } = makeAdapter(withHead, model);
  const two = headReadout(model.head!, [5, 7]);
  throwsWith(() => readoutAt(two, layout, new Float32Array(layout.size)), "head.rows: expected length");
});

test.run();
