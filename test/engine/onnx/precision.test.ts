import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { computesInFp32, parsePrecision, precisionName, PRECISIONS } from "../../../src/engine/onnx/precision";
import { onnxSession } from "../../../src/engine/onnx/session";
import { referenceSession } from "../../../src/engine/reference/session";
import { llama, llamaConfig } from "../../../src/model/llama";
import type { Model } from "../../../src/model/model";
import type { FrozenMatrix } from "../../../src/ops/ops";
import { normals } from "../../../src/random/normals";
import { randomKey } from "../../../src/random/key";
import { openGguf } from "../../../src/weights/gguf";
import { instructionSet } from "../../bench/report";
import { near } from "../../support/near";
import { skipUnless } from "../../support/skip";
import { decoded, roundedModel } from "../../support/rounded";
import { scratch } from "../../support/scratch";
import { tinyModel } from "../../support/tiny-models";
import { throwsWith } from "../../support/throws";

const test = suite("engine/onnx/precision");
const folder = scratch();
test.after(() => folder.remove());

const specs: Readonly<Record<"bert" | "llama", AdapterSpec>> = {
  bert: { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
  llama: { kind: "tensor-train", placement: "llama", rank: 2, bottleneck: 8, scale: 0.7, modes: null },
};

test("a precision's name says all of it, and is read back", () => {
  for (const precision of PRECISIONS) assert.equal(parsePrecision(precisionName(precision)), precision);
  assert.equal(parsePrecision("int4"), { kind: "int4", block: 32, zeroPoints: true });
  assert.equal(parsePrecision("int8-activations"), { kind: "int8-activations", weightBits: 7 });
  throwsWith(() => parsePrecision("int3"), /precision: expected one of fp32, int8, .*, got "int3"/);
});

/** Whether the CPU sums products of 8-bit numbers in 32 bits. */
const sums8 = instructionSet()?.includes("avx512_vnni") === true;

/** What rounding rows of activations may change: bounds that a wrong scale or a shared one would break by far. */
const ROUNDED = { features: 0.05, tangents: 0.3 };

for (const precision of PRECISIONS) {
  const [features, tangents] = computesInFp32(precision) ? [2e-5, 1e-4] : [ROUNDED.features, ROUNDED.tangents];
  for (const name of ["bert", "llama"] as const) {
    const saturates = precision.kind === "int8-activations" && precision.weightBits === 8 && !sums8;
    skipUnless(!saturates, "pairs of 8-bit products saturate without VNNI")(
      test,
      `${precisionName(precision)}, ${name}: features and tangents are the float64 reference's on the weights as stored`,
      async () => {
        const { model, batch } = tinyModel(name);
        const adapter = makeAdapter(specs[name], model.sites);
        const noise = normals(randomKey(5, "check"), adapter.layout.size);
        const start = adapter.initial(3);
        const point = start.map((x, i) => x + 0.05 * noise[i]);
        const judge = referenceSession(roundedModel(model, precision), adapter);
        const session = await onnxSession(model, adapter, {
          threads: 1,
          cacheDirectory: folder.file("cache"),
          precision,
        });
        try {
          assert.match(session.id, `onnx ${precisionName(precision)} `);
          const got = await session.tangents(point, [noise, point], batch);
          const expected = await judge.tangents(point, [noise, point], batch);
          near(got.primal.data, expected.primal.data, features, "primal");
          near(got.tangents.data, expected.tangents.data, tangents, "tangents");
          const plain = await session.features([point, start], batch);
          near(plain.data, (await judge.features([point, start], batch)).data, features, "features");
        } finally {
          await session.dispose();
        }
      },
    );
  }
}

test("file: a GGUF file's own blocks of Q4_1, Q4_0 and Q8_0 are kept, to a rounding of the zero points", async () => {
  const weights = openGguf("test/fixtures/weights/tiny-llama.gguf");
  const model = llama(llamaConfig(weights.config), weights);
  const kinds = new Set<string>();
  const collect = new Map<string, FrozenMatrix>();
  const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model.sites);
  const seen: Model = {
    ...model,
    forward: (ops, hooks, tap) =>
      model.forward(
        { ...ops, linear: (x, weight, bias) => (collect.set(weight.name, weight), ops.linear(x, weight, bias)) },
        hooks,
        tap,
      ),
  };
  const start = adapter.initial(3);
  const direction = normals(randomKey(5, "check"), start.length);
  const batch = {
    ids: [
      [1, 2, 3, 4],
      [5, 6],
    ],
  };
  const judge = await referenceSession(seen, adapter).tangents(start, [direction], batch);
  for (const matrix of collect.values()) {
    kinds.add(matrix.blocks ? `${matrix.blocks.bits} ${matrix.blocks.zero}` : "none");
    near(decoded(matrix, { kind: "file" }), matrix.read(), 1e-6, matrix.name);
  }
  assert.ok(
    ["4 null", "4 8", "8 128"].every((kind) => kinds.has(kind)),
    [...kinds].join(),
  );
  const session = await onnxSession(model, adapter, {
    threads: 1,
    cacheDirectory: folder.file("cache"),
    precision: { kind: "file" },
  });
  try {
    const got = await session.tangents(start, [direction], batch);
    near(got.primal.data, judge.primal.data, 2e-5);
    near(got.tangents.data, judge.tangents.data, 1e-4);
  } finally {
    await session.dispose();
  }
});

test("one graph at a time, and weights as they lie: the same numbers to rounding, after any change from one to the other", async () => {
  const { model, batch } = tinyModel("llama");
  const adapter = makeAdapter(specs.llama, model.sites);
  const point = adapter.initial(3);
  const common = { threads: 1, cacheDirectory: folder.file("cache"), precision: parsePrecision("int4") };
  const both = await onnxSession(model, adapter, common);
  const one = await onnxSession(model, adapter, { ...common, keep: "one", tuning: { prepack: false } });
  try {
    for (let round = 0; round < 2; round++) {
      near((await one.features([point], batch)).data, (await both.features([point], batch)).data, 1e-6);
      const [got, expected] = [await one.tangents(point, [point], batch), await both.tangents(point, [point], batch)];
      near(got.tangents.data, expected.tangents.data, 1e-5);
    }
  } finally {
    await both.dispose();
    await one.dispose();
  }
});

test.run();
