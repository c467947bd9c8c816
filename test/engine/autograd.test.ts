import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceGradient64 } from "../../src/engine/reference/session";
import type { TokenBatch } from "../../src/engine/session";
import { lowBits } from "../../src/model/low-bits";
import type { LowBits } from "../../src/model/low-bits";
import { tokenScorer } from "../../src/model/token-scorer";
import type { Layout } from "../../src/tree/layout";
import { dot } from "../support/dot";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { readJson, tinyModel, tinyModelNames } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";

/**
 * Gradients by all weights, as PyTorch's autograd gives them: a judge that shares no rule with the engines (`make_gradients.py`), also where
 * linear layers round their weights and inputs, straight through (`make_rounded.py`).
 */
const test = suite("engine/autograd");
const folder = scratch();
test.after(() => folder.remove());

interface Autograd {
  readonly loss: number;
  /** Of each parameter: the length of its gradient, and its product with sin(0.7 i + 0.3). */
  readonly gradients: Readonly<Record<string, readonly [length: number, product: number]>>;
}
const expected = ["gradients", "rounded"].flatMap((file) =>
  Object.entries(readJson(`test/fixtures/models/${file}.json`) as Readonly<Record<string, Autograd>>),
);

/** "W4A8 per tensor" as it is asked for. */
function asked(case_: string): LowBits {
  const [, weights = "", activations = "", together] = /^W(\d+)A(\d+)( per tensor)?$/.exec(case_)!;
  return {
    weights: weights === "32" ? null : Number(weights),
    activations: Number(activations),
    per: together === undefined ? "token" : "tensor",
  };
}

/** Those two numbers of each tensor of a gradient. Some tables lack first rows that no token takes: `NAME[2:]`. */
function told({ entries }: Layout, gradient: ArrayLike<number>): ReadonlyMap<string, readonly [number, number]> {
  return new Map(
    entries.map(({ name, offset, size, shape }) => {
      const [, parameter = name, rows = "0"] = /^(.*)\[(\d+):\]$/.exec(name) ?? [];
      const from = Number(rows) * (shape[1] ?? 1);
      let [squares, product] = [0, 0];
      for (let i = 0; i < size; i++) {
        const g = gradient[offset + i]!;
        squares += g * g;
        product += g * Math.sin(0.7 * (from + i) + 0.3);
      }
      return [parameter, [Math.sqrt(squares), product]];
    }),
  );
}

test("every tiny checkpoint is judged", () =>
  assert.equal(
    expected.map(([what]) => what).filter((what) => !what.includes(" ")),
    tinyModelNames,
  ));

for (const [what, { loss, gradients }] of expected)
  test(`${what}: the gradient by every weight is autograd's, in float64 and on ONNX Runtime`, async () => {
    const [name, ...bits] = what.split(" ") as [TinyModelName, ...string[]];
    const { model: whole, batch: texts } = tinyModel(name);
    const bare = bits.length === 0 ? whole : lowBits(whole, asked(bits.join(" ")));
    const scores = bare.head !== null;
    const model = scores ? tokenScorer(bare) : bare;
    const targets = texts.ids.map((_, k) => (7 * k + 3) % bare.vocabulary);
    const batch: TokenBatch = scores ? { ...texts, targets } : { ids: texts.ids };
    const adapter = makeAdapter({ kind: "full", layers: "all" }, model);
    const point = adapter.initial(0);
    const slope = Float32Array.from({ length: texts.ids.length * model.width }, (_, k) => Math.sin(k + 1));
    const exactSlope = Float64Array.from(slope, (_, k) => Math.sin(k + 1));
    let found = NaN;
    const exact = told(
      adapter.layout,
      referenceGradient64(model, adapter, point, batch, ({ data }) => {
        found = dot(data, exactSlope);
        return exactSlope;
      }),
    );
    near([found], [loss], 1e-10, "loss");
    // transformers 5 has a second, unused bias in one untied head.
    const used = Object.entries(gradients).filter(([parameter, [length]]) => exact.has(parameter) || length !== 0);
    assert.equal([...exact.keys()].sort(), used.map(([parameter]) => parameter).sort());
    const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") });
    const onnx = told(adapter.layout, (await session.gradient!(point, batch, () => slope)).gradient);
    await session.dispose();
    const largest = Math.max(...Object.values(gradients).map(([length]) => length));
    for (const [parameter, wanted] of used)
      for (const which of [0, 1] as const) {
        const error = (got: ReadonlyMap<string, readonly [number, number]>): number =>
          Math.abs(got.get(parameter)![which] - wanted[which]) / largest;
        assert.ok(error(exact) < 1e-9, `${parameter} in float64: ${error(exact)}`);
        assert.ok(error(onnx) < 1e-4, `${parameter} on ONNX Runtime: ${error(onnx)}`);
      }
  });

test.run();
