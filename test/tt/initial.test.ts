import { suite } from "uvu";
import * as assert from "uvu/assert";
import { randomKey } from "../../src/random/key";
import { reconstruct } from "../../src/tt/contract";
import { coreDeviation, initialBias, initialTrain, matrixDeviation } from "../../src/tt/initial";
import { presetModes } from "../../src/tt/plan";

const test = suite("tt/initial");

const deviation = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0) / values.length);

test("a core's deviation is sigma^(1/d) / sqrt(right rank), and sigma 0.0155 for 4096 x 64 and 0.0303 for 1024 x 64", () => {
  assert.is(matrixDeviation(presetModes["llama-2-7b"].down).toFixed(4), "0.0155");
  assert.is(matrixDeviation(presetModes["roberta-large"].down).toFixed(4), "0.0303");
  // 0.015504^(1/6) = 0.49936, / sqrt 5 = 0.22332; the last core has right rank 1
  assert.is(coreDeviation(presetModes["llama-2-7b"].down, [5, 16, 5]).toFixed(4), "0.2233");
  assert.is(coreDeviation(presetModes["llama-2-7b"].down, [5, 4, 1]).toFixed(4), "0.4994");
});

test("W's entries have the stated deviation over many draws, within 4 standard errors", () => {
  for (const modes of [presetModes["minilm-l6"].down, presetModes["minilm-l6"].up]) {
    const draws = 200;
    const squares = Array.from(
      { length: draws },
      (_, i) => deviation(reconstruct(initialTrain(modes, 5, 1, i)).data) ** 2,
    );
    const mean = squares.reduce((a, b) => a + b, 0) / draws;
    const error = Math.sqrt(squares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (draws * (draws - 1)));
    assert.ok(Math.abs(mean - matrixDeviation(modes) ** 2) < 4 * error, `${mean} +- ${error}`);
  }
});

test("the same seed and index give the same bits; another index or core gives others", () => {
  const modes = presetModes["minilm-l6"].down;
  const train = initialTrain(modes, 5, 7, 3);
  assert.equal(train.cores, initialTrain(modes, 5, 7, 3).cores);
  assert.not.equal(train.cores[0], initialTrain(modes, 5, 7, 4).cores[0]);
  assert.not.equal(train.cores[3].slice(0, 40), train.cores[0]);
});

test("a bias is uniform within 1 / sqrt(outputs)", () => {
  const bias = initialBias(10_000, randomKey(0, "bias", 0));
  assert.ok(bias.every((value) => Math.abs(value) <= 0.01));
  // variance of U(-a, a) is a^2 / 3; the standard error of the variance is a^2 sqrt(4 / 45 / n)
  assert.ok(Math.abs(deviation(bias) ** 2 - 1e-4 / 3) < 4 * 1e-4 * Math.sqrt(4 / 45 / 10_000));
});

test.run();
