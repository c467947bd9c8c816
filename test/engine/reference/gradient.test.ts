import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../../src/adapter/adapter";
import { dropping } from "../../../src/adapter/dropping";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { keepFactors } from "../../../src/engine/keep-factors";
import { referenceFeatures64, referenceGradient64, referenceTangents64 } from "../../../src/engine/reference/session";
import { lowBits, lowBitsName } from "../../../src/model/low-bits";
import type { LowBits } from "../../../src/model/low-bits";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { dot } from "../../support/dot";
import { relativeError } from "../../support/near";
import { tinyModel, tinyModelNames, tinyPlacement } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";

const test = suite("engine/reference/gradient");

const specs = (name: TinyModelName): readonly AdapterSpec[] => [
  { kind: "tensor-train", placement: tinyPlacement(name), rank: 2, bottleneck: 8, scale: 0.7, modes: null },
  { kind: "bottleneck", placement: tinyPlacement(name), bottleneck: 4, activation: "gelu", scale: 1, up: "small" },
  { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
  { kind: "lora", rank: 2, alpha: 4, targets: ["key"] },
  { kind: "prefix", tokens: 3, deviation: 0.5 },
  { kind: "side", width: 4, aggregation: "anti-redundancy", form: "gated" },
  { kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" },
  { kind: "full", layers: "all" },
];

/** Models whose linear layers round: derivatives go straight through, which no difference of features shows. */
const rounded: readonly (readonly [TinyModelName, LowBits])[] = [
  ["bert", { weights: 8, activations: 8 }],
  ["roberta-masked", { weights: 4, activations: 8 }],
  ["llama", { weights: 2, activations: 8 }],
  ["qwen2-window", { weights: null, activations: 4 }],
  ["opt-post-norm", { weights: 4, activations: 8, per: "tensor" }],
];
/** Models on which a part of what the adapter adds is dropped, and the rest re-scaled. */
const dropped: readonly TinyModelName[] = ["bert", "roberta-masked", "llama", "opt"];
const subjects = [
  ...tinyModelNames.map((name) => ({ name, bits: null, drops: false })),
  ...rounded.map(([name, bits]) => ({ name, bits, drops: false })),
  ...dropped.map((name) => ({ name, bits: null, drops: true })),
];

for (const { name, bits, drops } of subjects)
  for (const spec of specs(name)) {
    const tiny = tinyModel(name);
    const model = bits === null ? tiny.model : lowBits(tiny.model, bits);
    const whole = makeAdapter(spec, model);
    if (drops && whole.sites === undefined) continue;
    const adapter = drops ? dropping(whole) : whole;
    const batch = drops ? { ...tiny.batch, keep: keepFactors(whole.sites!, 0.4, 1, 0) } : tiny.batch;
    const noise = (query: number) => Float64Array.from(normals(randomKey(4, "check", query), adapter.layout.size));
    const point = Float64Array.from(adapter.initial(1), (value, i) => value + 0.05 * noise(9)[i]);
    const weights = normals(randomKey(5, "check"), batch.ids.length * model.width);
    const called = `${name}${bits === null ? "" : ` ${lowBitsName(bits)}`}${drops ? " with parts dropped" : ""}`;
    const what = `${called}, ${spec.kind}${spec.kind === "lora" ? ` on ${spec.targets.join(" and ")}` : spec.kind === "side" ? ` ${spec.form}` : ""}`;

    test(`${what}: <gradient, z> is the tangent along z, to float64's rounding`, () => {
      const gradient = referenceGradient64(model, adapter, point, batch, () => weights);
      const directions = [0, 1, 2].map(noise);
      const { tangents } = referenceTangents64(model, adapter, point, directions, batch);
      const size = weights.length;
      const expected = directions.map((_, p) => dot(tangents.data.subarray(p * size, (p + 1) * size), weights));
      const error = relativeError(
        directions.map((z) => dot(gradient, z)),
        expected,
      );
      assert.ok(error < 1e-11, String(error));
    });

    if (bits !== null) continue;
    test(`${what}: each element of the gradient is a central difference of the features`, () => {
      const gradient = referenceGradient64(model, adapter, point, batch, () => weights);
      const step = 1e-5;
      const at = Array.from({ length: 12 }, (_, i) => Math.floor((i * adapter.layout.size) / 12));
      const differences = at.map((i) => {
        const [plus, minus] = [point.slice(), point.slice()];
        plus[i] += step;
        minus[i] -= step;
        const values = [plus, minus].map((p) => dot(referenceFeatures64(model, adapter, [p], batch).data, weights));
        return (values[0] - values[1]) / (2 * step);
      });
      const error = relativeError(
        at.map((i) => gradient[i]),
        differences,
      );
      assert.ok(error < 1e-7, String(error));
    });
  }

test("without trainable parameters the gradient is empty", () => {
  const { model, batch } = tinyModel("bert");
  const adapter = makeAdapter({ kind: "none" }, model.sites);
  assert.is(referenceGradient64(model, adapter, [], batch, ({ data }) => data).length, 0);
});

test.run();
