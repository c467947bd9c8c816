import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { encodingOf } from "../../src/engine/onnx/encoding";
import { precisionName } from "../../src/engine/onnx/precision";
import type { Precision } from "../../src/engine/onnx/precision";
import { lowBitsPrecision, openLowBits } from "../../src/engine/open-low-bits";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { lowBits } from "../../src/model/low-bits";
import { asMultiplied } from "../../src/ops/as-multiplied";
import type { FrozenMatrix } from "../../src/ops/ops";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { relativeError } from "../support/near";
import { decoded } from "../support/rounded";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("engine/open-low-bits");
const folder = scratch();
test.after(() => folder.remove());

/** 5 rows of 40 numbers, one of them zero: a row is no whole number of blocks. */
const values = normals(randomKey(9, "check"), 200).map((value, i) => (i >= 40 && i < 80 ? 0 : value));
const matrix = (bits: number): FrozenMatrix =>
  asMultiplied({
    name: "w",
    shape: [5, 40],
    read: () => values,
    rows: (indices) => Float32Array.from(Array.from(indices).flatMap((r) => [...values.subarray(40 * r, 40 * r + 40)])),
    rounding: { bits, range: "symmetric" },
  });

const stores: readonly (readonly [precision: Precision, most: number])[] = [
  [{ kind: "int8" }, 8],
  [{ kind: "int8-activations", weightBits: 8 }, 8],
  [{ kind: "int8-activations", weightBits: 7 }, 7],
  ...([true, false] as const).flatMap((zeroPoints) =>
    ([32, 64, 128] as const).map((block) => [{ kind: "int4", block, zeroPoints } as const, 4] as const),
  ),
];

for (const [precision, most] of stores)
  test(`${precisionName(precision)} stores weights that were rounded to 2 to ${most} bits as they are, and rounds others`, () => {
    for (const bits of [2, 3, 4, 5, 7, 8]) {
      const own = matrix(bits);
      const error = relativeError(decoded(own, precision), own.read());
      assert.is(encodingOf(own, precision).levels === true, bits <= most, `${bits}`);
      assert.ok(bits <= most ? error < 1e-6 : error > 1e-4, `${bits} bits: ${error}`);
    }
  });

for (const name of ["bert", "llama", "opt-post-norm"] as const)
  test(`${name}: opened with few bits of weights it is the definition; with 8 of activations besides it is close to it`, async () => {
    const { model, batch } = tinyModel(name);
    const features = (bits: Parameters<typeof lowBits>[1]) => {
      const low = lowBits(model, bits);
      return referenceFeatures64(low, makeAdapter({ kind: "none" }, low), [[]], batch).data;
    };
    for (const weights of [2, 3, 4, 6, 8])
      for (const activations of [null, 8]) {
        const { session, precision } = await openLowBits(
          model,
          { weights, activations },
          { threads: 1, cacheDirectory: folder.file("cache") },
        );
        const { data } = await session.features([new Float32Array(0)], batch);
        await session.dispose();
        assert.is(precision.startsWith(weights <= 4 ? "int4" : "int8"), true);
        const error = relativeError(data, features({ weights, activations }));
        const apart = relativeError(features({ weights: null, activations: null }), features({ weights, activations }));
        if (activations === null) assert.ok(error < 2e-5, `W${weights}: ${error}`);
        else assert.ok(error < (weights === 8 ? 0.05 : 0.5 * apart), `W${weights}A8: ${error} of ${apart}`);
      }
  });

test("the precision of each number of bits", () => {
  const named = (weights: number, activations: number | null, pairs?: boolean) =>
    precisionName(lowBitsPrecision({ weights, activations }, pairs));
  assert.is(named(8, 8), "int8-activations:8");
  assert.is(named(8, 8, false), "int8-activations:7");
  assert.equal([4, 3, 2].map((bits) => named(bits, 8)), Array<string>(3).fill("int4-activations:32")); // prettier-ignore
  assert.equal([named(8, null), named(4, null)], ["int8", "int4:32"]);
});

test("bits that the engine has not are refused before anything is opened, saying what opens them", async () => {
  const expected =
    "expected weights of 2 to 8 bits, and activations of 8 bits for each token or null, which the engine has (lowBits(model, bits) opens any other as the definition in fp32), got ";
  for (const [weights, activations] of [
    [9, 8],
    [16, null],
    [4, 4],
    [4, 16],
    [null, 8],
  ] as const)
    // prettier-ignore
    throwsWith(
      () => lowBitsPrecision({ weights, activations }),
      `bits: ${expected}"W${weights ?? 32}A${activations ?? 32}"`,
    );
  throwsWith(
    () => lowBitsPrecision({ weights: 4, activations: 8, per: "tensor" }),
    `bits: ${expected}"W4A8 per tensor"`,
  );
  throwsWith(() => lowBitsPrecision({ weights: 1, activations: 8 }), "bits.weights: expected 2 to 16 bits, got 1");
  await rejectsWith(openLowBits(tinyModel("bert").model, { weights: 12, activations: 8 }), 'got "W12A8"');
});

test.run();
