import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { lora } from "../../src/adapter/lora";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { isPeftFolder, loadPeft, savePeft } from "../../src/weights/peft-folder";
import { readSafetensors } from "../../src/weights/safetensors";
import type { SavedAdapter } from "../../src/weights/adapter-file";
import { cutOff } from "../support/cut-off";
import { logitsOf } from "../support/logits";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { readJson, tinyModel } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";

const test = suite("weights/peft-folder");
const place = scratch();
test.after(() => place.remove());

/** Folders that the Python package saved, with what it computes from them: test/fixtures/peft/make.py. */
const fixtures = "test/fixtures/peft";
const expected = readJson(`${fixtures}/expected.json`) as Readonly<
  Record<string, { readonly model: TinyModelName; readonly values: readonly (readonly number[])[] }>
>;
const names = Object.keys(expected);

for (const name of names) {
  const { model, batch } = tinyModel(expected[name].model);
  const folder = `${fixtures}/${name}`;

  test(`${name}: a folder that PEFT saved computes what PEFT computes`, () => {
    const { spec, point } = loadPeft(folder, model);
    const { data: features } = referenceFeatures64(model, makeAdapter(spec, model), [point], batch);
    near(logitsOf(model, features) ?? features, expected[name].values.flat(), 1e-7, name);
  });

  test(`${name}: saved again it has PEFT's tensors to the bit, and the same modules`, () => {
    const again = place.file(name);
    const loaded = loadPeft(folder, model);
    savePeft(again, loaded, model, "");
    const tensorsOf = (at: string) =>
      [...readSafetensors(join(at, "adapter_model.safetensors")).tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.equal(tensorsOf(again), tensorsOf(folder));
    const config = (at: string) => readJson(join(at, "adapter_config.json")) as Readonly<Record<string, unknown>>;
    for (const field of ["peft_type", "task_type", "r", "lora_alpha", "bias", "fan_in_fan_out"])
      assert.equal(config(again)[field], config(folder)[field], field);
    assert.equal(loadPeft(again, model), loaded);
    assert.ok(isPeftFolder(again));
  });
}

test("modules are named shortly where a short name says exactly them, wholly where it would say more", () => {
  const targetsOf = (of: TinyModelName, targets: readonly string[]): unknown => {
    const { model } = tinyModel(of);
    const { layout, spec, initial } = lora({ kind: "lora", rank: 1, alpha: 2, targets }, model.sites);
    const folder = place.file("names");
    savePeft(folder, { spec, layout, point: initial(0), modelId: model.id, note: "" }, model, "base");
    return (readJson(join(folder, "adapter_config.json")) as { readonly target_modules: unknown }).target_modules;
  };
  assert.equal(targetsOf("llama-tied", ["query", "mlp.down"]), ["q_proj", "down_proj"]);
  assert.equal(targetsOf("llama-tied", ["layers.1.mlp.up"]), ["model.layers.1.mlp.up_proj"]);
  assert.equal(targetsOf("bert", ["mlp.down"]), ["encoder.layer.0.output.dense", "encoder.layer.1.output.dense"]);
  assert.equal(targetsOf("bert", ["attention.output", "mlp.up"]), ["attention.output.dense", "intermediate.dense"]);
  assert.equal(targetsOf("opt", ["attention.output"]), ["out_proj"]);
});

test("a folder that is saved over and killed before any of its changes loads as the old save or the new one", () => {
  const { model } = tinyModel("llama-tied");
  const parent = place.file("killed");
  const folder = join(parent, "mine");
  const adapter = (alpha: number): SavedAdapter => {
    const spec = { kind: "lora", rank: 2, alpha, targets: ["query"] } as const;
    const { layout } = lora(spec, model.sites);
    const point = new Float32Array(layout.size).fill(alpha);
    return { spec, layout, point, modelId: model.id, note: `alpha ${alpha}` };
  };
  const found = new Set<string>();
  for (let kills = 0; ; kills++) {
    savePeft(folder, adapter(8), model, "");
    if (!cutOff(kills, () => savePeft(folder, adapter(4096), model, ""))) break;
    const { spec, point, note } = loadPeft(folder, model);
    assert.equal([point[0], note], [spec.alpha, `alpha ${spec.alpha}`], `killed before change ${kills}`);
    assert.equal(readdirSync(parent), ["mine"]);
    found.add(note);
  }
  assert.equal([...found].sort(), ["alpha 4096", "alpha 8"]);
});

test("what is no LoRA, or another model's, is not saved", () => {
  const { model } = tinyModel("llama-tied");
  const loaded = loadPeft(`${fixtures}/llama`, model);
  const other = tinyModel("opt").model;
  throwsWith(() => savePeft(place.file("none"), loaded, other, ""), "model: expected");
  const prefix = { ...loaded, spec: { kind: "prefix", tokens: 2 } } as const;
  throwsWith(() => savePeft(place.file("none"), prefix, model, ""), "adapter: expected a LoRA");
});

test("a rank that the tensors do not have is refused before room is made for it", () => {
  const { model } = tinyModel("llama-tied");
  const folder = place.file("huge-rank");
  cpSync(`${fixtures}/llama`, folder, { recursive: true });
  const config = readJson(join(folder, "adapter_config.json")) as object;
  for (const r of [1e6, 1e9, 2 ** 40]) {
    writeFileSync(join(folder, "adapter_config.json"), JSON.stringify({ ...config, r }));
    throwsWith(() => loadPeft(folder, model), "adapter_model.safetensors: shape for");
  }
});

test("a LoRA with a trained head is refused: PEFT's folder would lose the head", () => {
  const { model } = tinyModel("roberta-masked");
  const { spec, layout, initial } = makeAdapter(
    { kind: "lora", rank: 2, alpha: 4, targets: ["query"], head: [5, 7] },
    model,
  );
  const saved = { spec, layout, point: initial(0), modelId: model.id, note: "" };
  throwsWith(() => savePeft(place.file("head"), saved, model, ""), "adapter: expected a LoRA alone");
});

test("a folder that asks for more than LoRA, has other modules or other shapes, is refused by name", () => {
  const { model } = tinyModel("llama-tied");
  const changed = (change: Readonly<Record<string, unknown>>): string => {
    const folder = place.file("changed");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    cpSync(`${fixtures}/llama`, folder, { recursive: true });
    const path = join(folder, "adapter_config.json");
    writeFileSync(path, JSON.stringify({ ...(readJson(path) as object), ...change }));
    return folder;
  };
  throwsWith(() => loadPeft(changed({ use_dora: true }), model), "use_dora: expected false, got true");
  throwsWith(() => loadPeft(changed({ bias: "all" }), model), 'bias: expected none, got "all"');
  throwsWith(() => loadPeft(changed({ peft_type: "IA3" }), model), "peft_type: expected LORA");
  throwsWith(() => loadPeft(changed({ rank_pattern: { q_proj: 4 } }), model), "rank_pattern: expected one rank");
  throwsWith(() => loadPeft(changed({ r: 3 }), model), "shape for layers.0.attention.query.A");
  throwsWith(() => loadPeft(`${fixtures}/llama`, tinyModel("opt").model), "tensor: expected lora_A or lora_B of a module like model.decoder.layers.0"); // prettier-ignore
  throwsWith(() => loadPeft(place.file("none"), model), "adapter_config.json: expected PEFT's configuration");
  const cut = changed({});
  const tensors = join(cut, "adapter_model.safetensors");
  writeFileSync(tensors, readFileSync(tensors).subarray(0, 900));
  throwsWith(() => loadPeft(cut, model), "adapter_model.safetensors: header length: expected at most 892 bytes");
});

test.run();
