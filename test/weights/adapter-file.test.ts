import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { layoutOf } from "../../src/tree/layout";
import { loadAdapter, saveAdapter, type SavedAdapter } from "../../src/weights/adapter-file";
import { readSafetensors } from "../../src/weights/safetensors";
import { writeSafetensors } from "../../src/weights/write-safetensors";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("weights/adapter-file");
const place = scratch();
test.after(() => place.remove());

const spec: AdapterSpec = { kind: "lora", rank: 2, alpha: 16, targets: ["query", "value"] };
const layout = layoutOf([
  { name: "layers.0.attention.query.a", shape: [2, 3], decay: true },
  { name: "layers.0.attention.query.b", shape: [3, 2], decay: false },
  { name: "scalar", shape: [], decay: false },
]);
const saved: SavedAdapter = {
  spec,
  layout,
  point: Float32Array.from({ length: layout.size }, (_, i) => Math.fround(0.1 * i - 0.3)),
  modelId: "bert 1a2b",
  note: "TREC, 240 steps",
};

function stored(): string {
  const path = place.file("adapter.safetensors");
  saveAdapter(path, saved);
  return path;
}

/** The saved file with its metadata changed. */
function altered(change: (metadata: Record<string, string>) => Record<string, string>): string {
  const { metadata, tensors } = readSafetensors(stored());
  const path = place.file("altered.safetensors");
  writeSafetensors(path, tensors, change({ ...metadata }));
  return path;
}

test("an adapter comes back with its point, layout, specification, model and note", () => {
  assert.equal(loadAdapter(stored()), saved);
  assert.equal(loadAdapter(stored(), { modelId: "bert 1a2b", spec }), saved);
});

test("each trainable tensor is a tensor of the file, under its name", () => {
  const { tensors } = readSafetensors(stored());
  const b = tensors.find(({ name }) => name === "layers.0.attention.query.b");
  assert.equal(b?.shape, [3, 2]);
  assert.equal(b?.data, saved.point.slice(6, 12));
});

test("the order of a specification's keys does not matter", () => {
  const turned: AdapterSpec = { targets: ["query", "value"], alpha: 16, rank: 2, kind: "lora" };
  assert.equal(loadAdapter(stored(), { spec: turned }).point, saved.point);
});

test("an adapter of another model or of another kind is refused, saying both", () => {
  throwsWith(
    () => loadAdapter(stored(), { modelId: "llama 9f" }),
    /expected an adapter for model llama 9f, got one trained on bert 1a2b; open the model it was trained on/,
  );
  throwsWith(
    () => loadAdapter(stored(), { spec: { ...spec, rank: 8 } }),
    /expected the adapter .*"rank":8.*, got .*"rank":2/,
  );
});

test("a point that does not fit its layout is not saved", () => {
  throwsWith(
    () => saveAdapter(place.file("no.safetensors"), { ...saved, point: new Float32Array(3) }),
    /point: expected length 13, got 3/,
  );
});

test("a shape that the tensors do not have is refused before room is made for it", () => {
  for (const axis of ["1000000000", "4503599627370496"])
    throwsWith(
      () =>
        loadAdapter(
          altered((metadata) => ({ ...metadata, layout: metadata["layout"]!.replace("[3,2]", `[3,${axis}]`) })),
        ),
      "shape of layers.0.attention.query.b: expected [3,",
    );
});

test("files that are no adapters, or were altered, are refused", () => {
  throwsWith(
    () => loadAdapter("test/fixtures/weights/types.safetensors"),
    /format: expected "adazeta-adapter-1", a file made by saveAdapter, got "pt"/,
  );
  const refused = (change: (metadata: Record<string, string>) => Record<string, string>, expected: RegExp): void =>
    throwsWith(() => loadAdapter(altered(change)), expected);
  refused((metadata) => ({ ...metadata, spec: "{" }), /spec: expected JSON/);
  refused((metadata) => ({ ...metadata, spec: "3" }), /spec: expected an adapter specification, got 3/);
  refused((metadata) => ({ ...metadata, layout: "{}" }), /layout: expected a list of/);
  refused((metadata) => ({ ...metadata, layout: "[null]" }), /layout: expected a list of/);
  refused(
    (metadata) => ({ ...metadata, layout: metadata["layout"]!.replace("[3,2]", "[2,3]") }),
    /shape of .*query\.b: expected \[2,3\], got \[3,2\]/,
  );
  refused(
    (metadata) => ({ ...metadata, layout: metadata["layout"]!.replace("scalar", "other") }),
    /tensor: expected the tensor other/,
  );
  refused((metadata) => ({ ...metadata, layout: "[]" }), /tensors: expected length 0, got 3/);
  refused(
    (metadata) => Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== "model")),
    /model: expected an entry in the metadata/,
  );
});

test.run();
