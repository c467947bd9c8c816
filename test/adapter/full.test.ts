import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FullSpec } from "../../src/adapter/adapter";
import { trainableCounts } from "../../src/adapter/count";
import { full } from "../../src/adapter/full";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceSession } from "../../src/engine/reference/session";
import { classifierObjective } from "../../src/task/classifier";
import { headReadout, readoutAt } from "../../src/task/readout";
import { entryOf, view } from "../../src/tree/layout";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import { describedModel, descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("adapter/full");

const all: FullSpec = { kind: "full", layers: "all" };

test("MeZO's full-parameter counts come from descriptions alone", () => {
  // Llama-2-7B: 32 (4 x 4096^2 + 3 x 4096 x 11008 + 2 x 4096) + 4096 + 2 x 32000 x 4096 = 6,738,415,616: the 6738.42M of LoRETTA's table
  assert.is(full(all, describedModel("llama-2-7b")).layout.size, 6_738_415_616);
  // RoBERTa-large with its masked-LM head: 24 x 12,596,224 + (50,265 + 512 + 1) x 1024 + 2 x 1024 + 1024^2 + 3 x 1024 + 50,265
  // = 355,412,057, less the position table's first two rows, which belong to no token
  assert.is(full(all, describedModel("roberta-large")).layout.size, 355_412_057 - 2 * 1024);
  // SmolLM2: 30 x (2 x 576^2 + 2 x 576 x 192 + 3 x 576 x 1536 + 2 x 576) + 576 + 49,152 x 576
  assert.is(full(all, describedModel("smollm2")).layout.size, 134_515_008);
});

test("theta holds the weights under their own names and shapes; matrices decay, vectors do not", () => {
  const { model } = tinyModel("llama");
  const adapter = full(all, model);
  const names = adapter.layout.entries.map(({ name }) => name);
  assert.is(names[0], "model.embed_tokens.weight");
  assert.is(names[names.length - 1], "lm_head.weight");
  assert.ok(adapter.layout.entries.every(({ shape, decay }) => decay === shape.length > 1));
  near(view(adapter.layout, adapter.initial(7), "lm_head.weight"), model.head!.weight.read(), 0);
  assert.not.ok(full(all, tinyModel("llama-tied").model).layout.entries.some(({ name }) => name === "lm_head.weight"));
});

test("layers and parts choose: BitFit's biases, norms alone, the matrices of one layer", () => {
  const { model } = tinyModel("bert");
  const names = (spec: Partial<FullSpec>) => full({ ...all, ...spec }, model).layout.entries.map(({ name }) => name);
  assert.ok(names({ parts: ["biases"] }).every((name) => name.endsWith("bias") && !name.includes("LayerNorm")));
  assert.ok(names({ parts: ["norms"] }).every((name) => name.includes("LayerNorm")));
  assert.ok(names({ layers: [1] }).every((name) => name.includes("layer.1.")));
  assert.is(names({ layers: [1], parts: ["matrices"] }).length, 6);
  assert.equal(names({ layers: [0] }).length + names({ layers: [1] }).length + 5, names({}).length);
  const { weights, biases, total } = trainableCounts(full(all, model));
  assert.is(weights + biases, total);
});

test("a trained head moves the label words' scores: losses and derivatives see it, tied or not", async () => {
  for (const name of ["llama", "llama-tied"] as const) {
    const { model, batch } = tinyModel(name);
    const adapter = full({ ...all, parts: ["embeddings"] }, model);
    const { layout } = adapter;
    const readout = headReadout(model.head!, [3, 5]);
    const objective = classifierObjective(referenceSession(model, adapter), readout);
    const labelled = { input: batch, labels: batch.ids.map((_, b) => b % 2) };
    const point = adapter.initial(0);
    const frozen = classifierObjective(referenceSession(model, makeAdapter({ kind: "none" }, model)), readout);
    const [untrained] = await frozen.losses([new Float32Array(0)], labelled);
    near(await objective.losses([point, point], labelled), [untrained, untrained], 1e-6);
    // A direction in the head's label rows alone moves the loss where the head is a tensor of its own, and where it is the table.
    const z = new Float32Array(layout.size);
    const head = entryOf(layout, model.head!.weight.name);
    const noise = normals(randomKey(1, "check"), 2 * model.width);
    [3, 5].forEach((token, c) =>
      z.set(noise.subarray(c * model.width, (c + 1) * model.width), head.offset + token * model.width),
    );
    const { loss, derivatives } = await objective.derivatives(point, [z], labelled);
    const [plus, minus] = await objective.losses(
      [0.01, -0.01].map((e) => point.map((x, i) => x + e * z[i])),
      labelled,
    );
    assert.ok(Math.abs(derivatives[0]) > 1e-3, `${name}: ${derivatives[0]}`);
    near(derivatives, [(plus - minus) / 0.02], 2e-3, name);
    near([loss], await objective.losses([point], labelled), 1e-6);
    const { gradient } = await objective.gradient!(point, labelled);
    near([gradient.reduce((sum, g, i) => sum + g * z[i], 0)], derivatives, 1e-5, `${name}, gradient`);
    assert.equal(readoutAt(readout, layout, point).rows, model.head!.rows([3, 5]));
  }
});

test("sites alone, kinds that are not there and layers that are not there are refused", () => {
  throwsWith(() => makeAdapter(all, descriptions.minilm), "full: expected a model, not its sites alone");
  throwsWith(
    () => full({ ...all, parts: ["biases"] }, tinyModel("llama").model),
    "parts: expected kinds of weights that are there (embeddings, norms, matrices)",
  );
  throwsWith(() => full({ ...all, layers: [9] }, tinyModel("llama").model), "layers: expected layers 0..1, got 9");
  throwsWith(
    () => full({ ...all, parts: ["heads" as "norms"] }, tinyModel("llama").model),
    'parts: expected matrices, biases, norms, embeddings, got "heads"',
  );
});

test.run();
