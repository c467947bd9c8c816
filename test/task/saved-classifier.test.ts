import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadClassifier, saveClassifier } from "../../src/task/saved-classifier";
import type { SavedClassifier } from "../../src/task/saved-classifier";
import { layoutOf } from "../../src/tree/layout";
import { writeSafetensors } from "../../src/weights/write-safetensors";
import { cutOff } from "../support/cut-off";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("task/saved-classifier");
const files = scratch();
test.after(() => files.remove());

const layout = layoutOf([{ name: "a", shape: [1, 2], decay: true }]);
const saved: SavedClassifier = {
  adapter: {
    spec: { kind: "lora", rank: 1, alpha: 1, targets: ["query"] },
    layout,
    point: Float32Array.of(0.1, -0),
    modelId: "model-1",
    note: "a note",
  },
  readout: { rows: Float32Array.of(1, 2, 3, 4, 5, 6), classes: 3, width: 2, scale: 20 },
  labels: ["no", "yes", 'größer, "later"'],
};

test("two rows by three classes come back with adapter, scale and labels, to the bit", () => {
  const path = files.file("classifier");
  saveClassifier(path, saved);
  assert.equal(loadClassifier(path, "model-1"), saved);
  assert.ok(Object.is(loadClassifier(path, "model-1").adapter.point[1], -0));
});

test("a readout with a bias keeps it", () => {
  const path = files.file("bias");
  const readout = { ...saved.readout, bias: Float32Array.of(-1, 0, 1) };
  saveClassifier(path, { ...saved, readout });
  assert.equal(loadClassifier(path, "model-1").readout, readout);
});

test("the prompt comes back with its words, whatever letters are in them; an older file has none", () => {
  const path = files.file("prompt");
  const prompt = {
    reading: "causal",
    template: '{a "b"}\n\u{1f44d}\u200b It',
    words: [" no", "yes\n", " größer"],
  } as const;
  saveClassifier(path, { ...saved, prompt });
  assert.equal(loadClassifier(path, "model-1"), { ...saved, prompt });
  saveClassifier(path, saved);
  assert.not("prompt" in loadClassifier(path, "model-1"));
});

test("another model's file is refused, whichever of the two it is", () => {
  const path = files.file("other");
  saveClassifier(path, saved);
  throwsWith(
    () => loadClassifier(path, "model-2"),
    "expected an adapter for model model-2, got one trained on model-1",
  );
  saveClassifier(files.file("theirs"), { ...saved, adapter: { ...saved.adapter, modelId: "model-2" } });
  writeFileSync(`${path}.readout.safetensors`, readFileSync(files.file("theirs.readout.safetensors")));
  throwsWith(
    () => loadClassifier(path, "model-1"),
    'other.readout.safetensors: model: expected model-1, got "model-2"',
  );
});

test("saved over and killed before any of its changes it is the old one or the new one, never the rows of one beside the other", () => {
  const path = files.file("killed");
  const other = {
    ...saved,
    adapter: { ...saved.adapter, point: Float32Array.of(7, 7) },
    readout: { ...saved.readout, scale: 7 },
  };
  let kills = 0;
  for (;;) {
    saveClassifier(path, saved);
    if (!cutOff(kills, () => saveClassifier(path, other))) break;
    const { adapter, readout } = loadClassifier(path, "model-1");
    assert.is(adapter.point[0] === 7, readout.scale === 7, `killed before change ${kills}`);
    kills++;
  }
  assert.ok(kills > 12, `${kills} kills`);
  assert.equal(
    readdirSync(dirname(path)).filter((name) => name.startsWith("killed")),
    ["killed.adapter.safetensors", "killed.readout.safetensors"],
  );
});

test("missing, truncated and foreign files are refused by name", () => {
  throwsWith(() => loadClassifier(files.file("none"), "model-1"), "none.adapter.safetensors");
  const path = files.file("broken");
  saveClassifier(path, saved);
  const readout = `${path}.readout.safetensors`;
  const bytes = readFileSync(readout);
  writeFileSync(readout, bytes.subarray(0, bytes.length - 4));
  throwsWith(() => loadClassifier(path, "model-1"), "broken.readout.safetensors");
  writeFileSync(readout, readFileSync(`${path}.adapter.safetensors`));
  throwsWith(
    () => loadClassifier(path, "model-1"),
    'format: expected "adazeta-readout-1", a file made by saveClassifier',
  );
});

test("a readout whose rows, labels or scale do not belong together is refused", () => {
  const path = files.file("inside");
  saveClassifier(path, saved);
  const rows = { name: "rows", shape: [3, 2], data: saved.readout.rows };
  const write = (tensors: Parameters<typeof writeSafetensors>[1], changes: Readonly<Record<string, string>>) =>
    writeSafetensors(`${path}.readout.safetensors`, tensors, {
      format: "adazeta-readout-1",
      model: "model-1",
      labels: '["a","b","c"]',
      scale: "1",
      ...changes,
    });
  write([rows], { labels: '["a","b"]' });
  throwsWith(() => loadClassifier(path, "model-1"), 'labels: expected 3 names, got ["a","b"]');
  write([rows], { labels: "[" });
  throwsWith(() => loadClassifier(path, "model-1"), "labels: expected 3 names");
  write([rows], { scale: "wide" });
  throwsWith(() => loadClassifier(path, "model-1"), 'scale: expected a number, got "wide"');
  write([{ ...rows, name: "row" }], {});
  throwsWith(() => loadClassifier(path, "model-1"), "rows: expected a tensor, got");
  write([{ ...rows, shape: [6] }], { labels: '["a","b","c","d","e","f"]' });
  throwsWith(() => loadClassifier(path, "model-1"), "rows: expected a tensor of [classes, width], got");
  write([rows, { name: "bias", shape: [2], data: Float32Array.of(1, 2) }], {});
  throwsWith(() => loadClassifier(path, "model-1"), "bias: expected length 3, got 2");
  write([rows], { prompt: '{"reading":"causal","template":"{a}","words":["x"]}' });
  throwsWith(() => loadClassifier(path, "model-1"), 'prompt: expected a word for each of 3 classes, got ["x"]');
  write([rows], { prompt: '{"reading":"loud","template":"{a}","words":[]}' });
  throwsWith(() => loadClassifier(path, "model-1"), "prompt: expected reading, template and words, got");
  write([rows], { prompt: "{" });
  throwsWith(() => loadClassifier(path, "model-1"), "prompt: expected reading, template and words, got null");
  write([rows], {});
  assert.equal(loadClassifier(path, "model-1").labels, ["a", "b", "c"]);
});

test.run();
