import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { mergeAdapter } from "../../src/export/merge-adapter";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import type { Model } from "../../src/model/model";
import { asLora, isLinear, loraRank } from "../../src/weights/as-lora";
import type { LinearSpec } from "../../src/weights/as-lora";
import type { SavedAdapter } from "../../src/weights/adapter-file";
import { saveGgufLora } from "../../src/weights/gguf-lora";
import { loadPeft, savePeft } from "../../src/weights/peft-folder";
import { loadGgufLora } from "../../src/weights/read-gguf-lora";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyFolder } from "../support/tiny-folder";
import { tinyModel } from "../support/tiny-models";

const test = suite("weights/as-lora");
const place = scratch();
test.after(() => place.remove());

const specs: readonly LinearSpec[] = [
  { kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "key", "value", "output", "up", "down"] },
  { kind: "lora-xs", rank: 2, alpha: 3, targets: ["value"], layers: [1] },
  { kind: "tt-lora", rank: 4, alpha: 8, trainRank: 2, targets: ["query", "key", "value", "output", "up", "down"] },
  { kind: "tt-core", rank: 3, inner: 2, alpha: 6, targets: ["query", "key", "value", "output", "up", "down"] },
  { kind: "tt-lora", rank: 3, alpha: 1, trainRank: 5, targets: ["*.mlp.up"], layers: { from: 1 } },
];

/** An adapter whose every number is moved by noise. */
function moved<S extends AdapterSpec>(model: Model, spec: S): SavedAdapter & { readonly spec: S } {
  const { layout, initial } = makeAdapter(spec, model);
  const noise = normals(randomKey(8, "check", 0), layout.size);
  const point = initial(1).map((value, i) => value + 0.2 * noise[i]!);
  return { spec, layout, point, modelId: model.id, note: "drawn" };
}

const features = (model: Model, { spec, point }: SavedAdapter, batch: ReturnType<typeof tinyModel>["batch"]) =>
  referenceFeatures64(model, makeAdapter(spec, model), [point], batch).data;

for (const spec of specs)
  for (const name of ["bert", "llama-tied"] as const)
    test(`${spec.kind} of rank ${spec.rank} on ${name} is a LoRA, here, as a PEFT folder and in a GGUF file`, () => {
      const { model, batch } = tinyModel(name);
      const saved = moved(model, spec);
      const expected = features(model, saved, batch);
      assert.not.equal(expected, features(model, { ...saved, spec: { kind: "none" }, point: new Float32Array(0) }, batch)); // prettier-ignore
      const made = asLora(saved, model);
      assert.equal([made.spec.kind, made.spec.rank, made.spec.alpha], ["lora", loraRank(spec), spec.alpha]);
      near(features(model, made, batch), expected, 2e-7);
      const folder = place.file(`${spec.kind}-${spec.rank}-${name}`);
      savePeft(folder, saved, model, "");
      near(features(model, loadPeft(folder, model), batch), expected, 2e-7, "PEFT");
      if (name === "bert") return;
      const path = saveGgufLora(`${folder}.gguf`, saved, model);
      near(features(model, loadGgufLora(path, model), batch), expected, 2e-7, "GGUF");
    });

test("merged, both have the score that they had, and the metadata say what was added", async () => {
  const loaded = loadModel(tinyFolder("llama-tied", place.file("base")), []);
  for (const [spec, words] of [
    [specs[0]!, "base, a LoRA-XS of rank 3 added, alpha 6; written as F32"],
    [specs[2]!, "base, a LoRA of tensor trains of rank 4 added, alpha 8; written as F32"],
  ] as const) {
    const { made, tuned, written } = await mergeAdapter(loaded, moved(loaded.model, spec), place.file(spec.kind));
    assert.is(made, words);
    near([written], [tuned], 1e-6);
  }
});

test("a LoRA is given back, other kinds are none, and a run that diverged is refused by its tensor", () => {
  const { model } = tinyModel("bert");
  const lora = moved(model, { kind: "lora", rank: 2, alpha: 4, targets: ["query"] });
  assert.is(asLora(lora, model).point, lora.point);
  assert.not(isLinear({ kind: "prefix", tokens: 3 }));
  const saved = moved(model, specs[0]!);
  saved.point[4] = NaN;
  throwsWith(() => asLora(saved, model), ".R[4]: expected a finite number (did the run diverge?)");
  throwsWith(() => asLora({ ...saved, point: new Float32Array(3) }, model), "point: expected");
});

test.run();
