import { suite } from "uvu";
import * as assert from "uvu/assert";
import { messageOf } from "../../../src/check/error-words";
import type { Adapter, AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { onnxGenerator } from "../../../src/engine/onnx/generator";
import { parsePrecision } from "../../../src/engine/onnx/precision";
import type { Precision } from "../../../src/engine/onnx/precision";
import { openDevice } from "../../../src/engine/onnx/open-provider";
import { providers } from "../../../src/engine/onnx/providers";
import type { Device } from "../../../src/engine/onnx/providers";
import { onnxSession, runtimeOptions } from "../../../src/engine/onnx/session";
import type { OnnxOptions, OnnxSession } from "../../../src/engine/onnx/session";
import { vulkanDrivers } from "../../../src/engine/onnx/vulkan";
import { referenceFeatures64, referenceGradient64, referenceTangents64 } from "../../../src/engine/reference/session";
import { scoredPlaces } from "../../../src/engine/scored";
import { bert, bertConfig } from "../../../src/model/bert";
import type { Model } from "../../../src/model/model";
import { openAdapter } from "../../../src/notebook/open";
import { openKeys, unregister } from "../../../src/notebook/registry";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { near } from "../../support/near";
import { classLoss, someOffset } from "../../support/row-losses";
import { roundedModel } from "../../support/rounded";
import { scratch } from "../../support/scratch";
import { skipUnless } from "../../support/skip";
import { rejectsWith } from "../../support/throws";
import { generatedWeights } from "../../bench/generated";
import { readJson, tinyModel, tinyPlacement } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";

/**
 * WebGPU on whatever Vulkan driver there is: a GPU's, or SwiftShader, which the browser of the browser tests brings. A cell is a model, an adapter and a
 * precision, for features, tangents and the gradient, judged by the float64 reference as the cells of `common/engines` are.
 */
const test = suite("engine/onnx/webgpu");
const folder = scratch();
test.after(() => folder.remove());

const { drivers, missing } = vulkanDrivers(folder.file("vulkan"));
const there = skipUnless(
  process.platform !== "linux" || drivers.length > 0,
  `no Vulkan (${missing.join("; ")}): apt-get install chromium`,
);
const options = (precision: Precision = { kind: "fp32" }): OnnxOptions => ({
  provider: "webgpu",
  threads: 1,
  cacheDirectory: folder.file("cache"),
  precision,
});

const adapters: Readonly<Record<string, (model: TinyModelName) => AdapterSpec>> = {
  lora: () => ({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }),
  "tensor-train": (model) => ({
    kind: "tensor-train",
    placement: tinyPlacement(model),
    rank: 2,
    bottleneck: 8,
    scale: 0.7,
    modes: null,
  }),
  prefix: () => ({ kind: "prefix", tokens: 3, deviation: 0.5 }),
  full: () => ({ kind: "full", layers: "all" }),
};

/** Every architecture, each adapter that has operations of its own, and each form of weights that is computed in fp32. */
const cells: readonly (readonly [TinyModelName, string, string])[] = [
  ["bert", "lora", "fp32"],
  ["roberta", "tensor-train", "fp32"],
  ["llama", "lora", "fp32"],
  ["qwen2-window", "prefix", "fp32"],
  ["opt", "full", "fp32"],
  ["bert", "tensor-train", "int8"],
  ["llama", "lora", "int4"],
];

/** Points and directions of a cell. */
function drawn(adapter: Adapter): { readonly point: Float32Array; readonly directions: readonly Float32Array[] } {
  const noise = (index: number) => normals(randomKey(5, "check", index), adapter.layout.size);
  return { point: adapter.initial(3).map((value, i) => value + 0.05 * noise(0)[i]), directions: [noise(1), noise(2)] };
}

for (const [name, adapterName, precisionName] of cells)
  there(test, `${name}, ${adapterName}, ${precisionName}: features of two points, tangents, the gradient`, async () => {
    const { model, batch } = tinyModel(name);
    const precision = parsePrecision(precisionName);
    const adapter = makeAdapter(adapters[adapterName]!(name), model);
    const { point, directions } = drawn(adapter);
    const stored = roundedModel(model, precision);
    const session = await onnxSession(model, adapter, options(precision));
    try {
      const points = [point, point.map((value, i) => value + 0.01 * directions[0]![i]!)];
      const features = await session.features(points, batch);
      near(features.data, referenceFeatures64(stored, adapter, points, batch).data, 2e-5, "features");
      const { primal, tangents } = await session.tangents(point, directions, batch);
      const exact = referenceTangents64(stored, adapter, point, directions, batch);
      near(primal.data, exact.primal.data, 2e-5, "primal");
      near(tangents.data, exact.tangents.data, 1e-4, "tangents");
      const cotangent = normals(randomKey(6, "check"), scoredPlaces(batch).length * model.width);
      const { gradient } = await session.gradient!(point, batch, () => cotangent);
      near(
        gradient,
        referenceGradient64(stored, adapter, point, batch, () => cotangent),
        1e-4,
        "gradient",
      );
      assert.match(session.told, /^ONNX Runtime computes by WebGPU on /);
      assert.match(session.id, / provider=webgpu$/);
    } finally {
      await session.dispose();
    }
  });

there(
  test,
  "a driver that does not open is passed over and told; with none left one line says what to install",
  async () => {
    const at = folder.file("missing.json");
    const broken = {
      name: "the Vulkan driver missing.json",
      caution: null,
      variables: { VK_DRIVER_FILES: at, VK_ICD_FILENAMES: at },
    };
    const { devices } = providers.webgpu.devices!(folder.file("cache"));
    const how = runtimeOptions(options(), "all");
    const open = (tried: readonly Device[]) =>
      openDevice("webgpu", { devices: tried, missing: [] }, folder.file("cache"), how);
    const { worker, told } = await open([broken, ...devices]);
    await worker.end();
    assert.match(told, "; the Vulkan driver missing.json: Failed to get a WebGPU adapter: No supported adapters)");
    const refused = await open([broken]).catch(messageOf);
    assert.match(
      String(refused),
      /^provider "webgpu": expected a device that computes, got none \(the Vulkan driver missing/,
    );
    assert.match(String(refused), /libvulkan1 .*mesa-vulkan-drivers.*apt-get install chromium$/);
  },
);

test("without the library of CUDA one line says what brings it", async () => {
  const { model } = tinyModel("bert");
  const adapter = makeAdapter(adapters["lora"]!("bert"), model);
  const refused = openDevice(
    "cuda",
    { devices: [], missing: ["its library is not installed"] },
    folder.file("cache"),
    {},
  );
  await rejectsWith(refused, "(its library is not installed): npm run gpu:install brings");
  await rejectsWith(
    onnxSession(model, adapter, { provider: "CUDA" as "cuda" }),
    "provider: expected one of cpu, webgpu, cuda",
  );
});

there(test, "a model of many layers: no kernel is given more tensors than a device takes", async () => {
  const config = { ...bertConfig(readJson("test/fixtures/models/bert/config.json")), layers: 15 };
  const model = bert(config, generatedWeights("fifteen layers", true));
  const { batch } = tinyModel("bert");
  const spec: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query"] };
  const adapter = makeAdapter(spec, model);
  const { point, directions } = drawn(adapter);
  const found: (readonly Float32Array[])[] = [];
  for (const provider of ["cpu", "webgpu"] as const) {
    const session = await onnxSession(model, adapter, { ...options(), provider });
    const { primal, tangents } = await session.tangents(point, directions, batch);
    const features = await session.features([point], batch);
    const { gradient } = await session.gradient!(point, batch, ({ data }) => data.map((_, i) => Math.sin(i)));
    const offset = { rows: someOffset(model, batch), by: "both" } as const;
    const one = await session.gradient!(point, batch, classLoss(model, batch), offset);
    found.push([features.data, primal.data, one.losses!, tangents.data, gradient, one.gradient, one.offsetGradient!]);
    await session.dispose();
  }
  found[0]!.forEach((expected, i) => near(found[1]![i]!, expected, i < 3 ? 2e-5 : 1e-4, `quantity ${i}`));
});

/** A session of a small model with its point and batch. */
async function opened(): Promise<{
  readonly session: OnnxSession;
  readonly model: Model;
  readonly adapter: Adapter;
  readonly point: Float32Array;
  readonly batch: ReturnType<typeof tinyModel>["batch"];
}> {
  const { model, batch } = tinyModel("bert");
  const adapter = makeAdapter(adapters["lora"]!("bert"), model);
  const session = await onnxSession(model, adapter, options());
  return { session, model, adapter, point: drawn(adapter).point, batch };
}

there(test, "two sessions that compute at the same time give the same numbers, and this process lives", async () => {
  const both = await Promise.all([opened(), opened()]);
  const found = await Promise.all(
    both.flatMap(({ session, point, batch }) =>
      [0, 1, 2].map(async () => (await session.features([point], { ids: batch.ids })).data),
    ),
  );
  for (const data of found) assert.equal(data, found[0]);
  await Promise.all(both.map(({ session }) => session.dispose()));
});

there(test, "a run that waits when its session is closed is told so, and a run after that", async () => {
  const { session, point, batch } = await opened();
  const waiting = [0, 1, 2].map(() => session.features([point], { ids: batch.ids }));
  const closed = session.dispose();
  for (const run of waiting) await rejectsWith(run, "the model was closed");
  await closed;
  assert.ok(session.hasEnded?.());
  await rejectsWith(session.features([point], batch), "the model was closed");
  await session.dispose();
});

there(test, "numbers that are none come out as none, and points in shared memory as others", async () => {
  const { session, adapter, point, batch } = await opened();
  const lost = await session.features([point.map(() => NaN)], batch);
  assert.ok(lost.data.every(Number.isNaN));
  const shared = new Float32Array(new SharedArrayBuffer(4 * adapter.layout.size));
  shared.set(point);
  const [{ data: one }, { data: two }] = [
    await session.features([shared], batch),
    await session.features([point], batch),
  ];
  assert.equal(one, two);
  await session.dispose();
});

there(test, "texts are continued with the tokens of the CPU", async () => {
  const { model } = tinyModel("llama");
  const adapter = makeAdapter(adapters["lora"]!("llama"), model);
  const found = [];
  for (const provider of ["cpu", "webgpu"] as const) {
    const generator = await onnxGenerator(model, adapter, { ...options(), provider });
    found.push(await generator.generate(drawn(adapter).point, [1, 5, 9, 3], { most: 8 }));
    await generator.dispose();
  }
  assert.equal(found[1], found[0]);
});

there(test, "a notebook's adapter is opened once for each provider, and again once its process is gone", async () => {
  const { model } = tinyModel("bert");
  const loaded = { name: "tiny", model } as Parameters<typeof openAdapter>[0];
  const spec = adapters["lora"]!("bert");
  const cpu = await openAdapter(loaded, spec);
  const { session, adapter } = await openAdapter(loaded, spec, options());
  assert.is((await openAdapter(loaded, spec, options())).session, session);
  assert.is((await openAdapter(loaded, spec)).session, cpu.session);
  await session.dispose();
  const again = await openAdapter(loaded, spec, options());
  assert.is.not(again.session, session);
  const { batch } = tinyModel("bert");
  assert.is((await again.session.features([adapter.initial(0)], batch)).points, 1);
  for (const slot of Object.keys(openKeys())) await unregister(slot);
});

test.run();
