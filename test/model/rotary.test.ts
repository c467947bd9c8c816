import { suite } from "uvu";
import * as assert from "uvu/assert";
import { configReader } from "../../src/model/config";
import { rotary, rotaryConfig } from "../../src/model/rotary";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("model/rotary");
const read = (fields: object) => rotaryConfig(configReader(fields), 4096);

test("frequencies fall by equal factors from 1", () => {
  const { frequencies, factor } = rotary({ rotaryBase: 100 }, 4);
  near(frequencies, [1, 0.1], 1e-15);
  assert.is(factor, 1);
});

test("linear scaling divides every frequency", () => {
  near(rotary({ rotaryBase: 100, scaling: { kind: "linear", factor: 4 } }, 4).frequencies, [0.25, 0.025], 1e-15);
});

test("llama3 scaling keeps what turns often, divides what turns rarely, and goes between by turns", () => {
  // Over 20 pi positions frequencies 1, 0.1, 0.01 turn 10, 1 and 0.1 times. Between 0.5 and 2.5 turns: kept (1 - 0.5) / 2 = 1/4.
  const scaling = { kind: "llama3", factor: 10, low: 0.5, high: 2.5, originalContext: 20 * Math.PI } as const;
  near(rotary({ rotaryBase: 1000, scaling }, 6).frequencies, [1, 0.25 * 0.1 + 0.75 * 0.01, 0.001], 1e-14);
});

test("yarn scaling goes by pairs, and scales cosine and sine", () => {
  // Base 10^4 and 8 features: pair(turns) = log10(context / (2 pi turns)). With context 2 pi 100: 1 turn at pair 2, 100 at pair 0.
  const scaling = { kind: "yarn", factor: 10, attentionFactor: 1.2, fast: 100, slow: 1, truncate: false } as const;
  const { frequencies, factor } = rotary(
    { rotaryBase: 1e4, scaling: { ...scaling, originalContext: 200 * Math.PI } },
    8,
  );
  near(frequencies, [1, 0.5 * 0.1 + 0.5 * 0.01, 0.001, 0.0001], 1e-12);
  assert.is(factor, 1.2);
});

test("longrope divides each frequency by its own divisor, where one list serves the whole context", () => {
  const scaling = { kind: "longrope", divisors: [1, 2], attentionFactor: 1.5 } as const;
  const { frequencies, factor } = rotary({ rotaryBase: 100, scaling }, 4);
  near(frequencies, [1, 0.05], 1e-15);
  assert.is(factor, 1.5);
  const fields = { rope_type: "longrope", short_factor: [1, 2], long_factor: [1, 4], attention_factor: 1.5 };
  const read4096 = (original: number) =>
    read({ rope_scaling: { ...fields, original_max_position_embeddings: original } });
  assert.equal(read4096(4096), { rotaryBase: 10000, scaling });
  throwsWith(() => read4096(1024), /short_factor: expected positive numbers for texts of every length/);
});

test("old and new configurations say the same", () => {
  assert.equal(read({}), { rotaryBase: 10000 });
  assert.equal(read({ rope_theta: 500 }), { rotaryBase: 500 });
  assert.equal(read({ rope_parameters: { rope_type: "default", rope_theta: 500 } }), { rotaryBase: 500 });
  const linear = { rotaryBase: 500, scaling: { kind: "linear", factor: 2 } };
  assert.equal(read({ rope_theta: 500, rope_scaling: { type: "linear", factor: 2 } }), linear);
  assert.equal(read({ rope_theta: 500, rope_scaling: { rope_type: "linear", factor: 2 } }), linear);
  assert.equal(read({ rope_parameters: { rope_type: "linear", factor: 2, rope_theta: 500 } }), linear);
});

test("dynamic scaling changes nothing within the context, and the model takes no longer text", () => {
  assert.equal(read({ rope_scaling: { rope_type: "dynamic", factor: 2 } }), { rotaryBase: 10000 });
});

test("yarn's factor on cosine and sine is 0.1 ln(factor) + 1 unless the configuration says another", () => {
  const factor = (fields: object) => {
    const { scaling } = read({ rope_scaling: { rope_type: "yarn", factor: 4, ...fields } });
    return scaling?.kind === "yarn" ? scaling.attentionFactor : NaN;
  };
  near([factor({})], [0.1 * Math.log(4) + 1], 1e-15);
  near([factor({ attention_factor: 1.5 })], [1.5], 0);
  near([factor({ mscale: 2, mscale_all_dim: 1 })], [(0.2 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1)], 1e-15);
});

test("what is not computed is refused by field", () => {
  throwsWith(
    () => read({ rope_scaling: { rope_type: "proportional", factor: 2 } }),
    /config\.rope_scaling\.rope_type: expected "default" or .* or "longrope", got "proportional"/,
  );
  throwsWith(() => read({ partial_rotary_factor: 0.5 }), /config\.partial_rotary_factor: expected 1 .*, got 0\.5/);
  throwsWith(() => read({ rope_theta: 1 }), /config\.rope_theta: expected a number above 1, got 1/);
  throwsWith(() => read({ rope_scaling: { type: "linear" } }), /config\.rope_scaling\.factor: expected a number/);
  throwsWith(
    () => read({ rope_scaling: { type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 1 } }),
    /high_freq_factor: expected above low_freq_factor 4, got 1/,
  );
  throwsWith(() => rotary({ rotaryBase: 100 }, 5), /config\.head_dim: expected an even number .*, got 5/);
});

test.run();
