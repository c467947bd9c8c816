import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adapterParameters, publishedAdapters, trainParameters } from "../../src/tt/counts";
import { presetModes } from "../../src/tt/plan";
import { throwsWith } from "../support/throws";

const test = suite("tt/counts");

test("a 4096 x 64 matrix at rank 5 has 1,100 parameters", () => {
  // 1*16*5 + 5*16*5 + 5*16*5 + 5*4*5 + 5*4*5 + 5*4*1 = 80 + 400 + 400 + 100 + 100 + 20
  assert.is(trainParameters(presetModes["llama-2-7b"].down, 5), 1100);
  assert.is(trainParameters(presetModes["llama-2-7b"].up, 5), 1100);
  assert.is(trainParameters(presetModes["roberta-large"].down, 5), 880);
  assert.is(trainParameters(presetModes["roberta-large"].up, 5), 880);
  assert.is(trainParameters(presetModes["roberta-base"].down, 5), 780);
});

test("Llama-2-7B has 610,560 trainable parameters, RoBERTa-large 136,704", () => {
  // 96 x (2,200 + 4,160), 48 x (1,760 + 1,088)
  assert.equal(adapterParameters(publishedAdapters["llama-2-7b"]), { cores: 211_200, biases: 399_360, total: 610_560 });
  assert.equal(adapterParameters(publishedAdapters["roberta-large"]), {
    cores: 84_480,
    biases: 52_224,
    total: 136_704,
  });
});

test("the project's own two models have 179,100 and 20,496", () => {
  const common = { bottleneck: 64, rank: 5 };
  const smollm = { ...common, width: 576, layers: 30, adaptersPerLayer: 3, modes: presetModes["smollm2-135m"] };
  const minilm = { ...common, width: 384, layers: 6, adaptersPerLayer: 2, modes: presetModes["minilm-l6"] };
  assert.equal(adapterParameters(smollm), { cores: 121_500, biases: 57_600, total: 179_100 });
  assert.is(adapterParameters(minilm).total, 20_496);
});

test("modes of another width, or no layers, are refused", () => {
  const published = publishedAdapters["llama-2-7b"];
  throwsWith(
    () => adapterParameters({ ...published, width: 2048 }),
    "modes.down.inputs [16, 16, 16]: expected a product of 2048, got 4096",
  );
  throwsWith(() => adapterParameters({ ...published, layers: 0 }), "layers: expected a positive integer, got 0");
});

test.run();
