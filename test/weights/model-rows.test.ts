import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MODELS } from "../../src/model/known-models";
import { knownModels } from "../../src/weights/model-rows";

const test = suite("weights/model-rows");

test("every known model has a line; the paper's have the paper's adapters", () => {
  const rows = knownModels();
  assert.equal(
    rows.map(({ model }) => model),
    MODELS.map(({ name }) => name),
  );
  const trainable = (name: string): unknown => rows.find(({ model }) => model === name)?.trainable;
  assert.equal([trainable("llama-2-7b"), trainable("roberta-large")], [610_560, 136_704]);
  assert.is(rows.find(({ model }) => model === "llama-2-7b")?.source, "meta-llama/Llama-2-7b-hf (gated)");
});

test("memory falls with the precision and grows with the batch", () => {
  const small = knownModels({ texts: 1, tokens: 8, points: 1 });
  knownModels().forEach(({ model, fp32, int8, int4 }, i) => {
    assert.ok(fp32 > int8 && int8 > int4, model);
    assert.ok(fp32 > small[i]!.fp32, model);
  });
  // 6.5e9 matrix values at 4 bytes
  const { fp32 } = knownModels().find(({ model }) => model === "llama-2-7b")!;
  assert.ok(fp32 > 25.9 && fp32 < 30, String(fp32));
});

test.run();
