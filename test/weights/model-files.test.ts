import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseModelFiles } from "../../src/weights/model-files";
import { throwsWith } from "../support/throws";

const test = suite("weights/model-files");

test("safetensors come before everything else, in one file or in several", () => {
  const beside = ["config.json", "tokenizer.json"];
  assert.equal(
    chooseModelFiles([
      "README.md",
      "model.safetensors",
      "pytorch_model.bin",
      "model.gguf",
      ...beside,
      "onnx/model.onnx",
    ]),
    [...beside, "model.safetensors"],
  );
  const parts = ["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"];
  assert.equal(chooseModelFiles([...parts, "model.safetensors.index.json", "config.json"]), [
    "config.json",
    "model.safetensors.index.json",
    ...[...parts].reverse(),
  ]);
  assert.equal(chooseModelFiles(["weights.safetensors", "adapter_model.safetensors"]), ["weights.safetensors"]);
});

test("a GGUF file is taken where it is the only one, or named; its parts belong together", () => {
  assert.equal(chooseModelFiles(["m.Q4_K_M.gguf", "config.json"]), ["config.json", "m.Q4_K_M.gguf"]);
  const several = ["m.Q4_K_M.gguf", "m.Q8_0-00001-of-00002.gguf", "m.Q8_0-00002-of-00002.gguf"];
  assert.equal(chooseModelFiles(several, "Q4_K"), ["m.Q4_K_M.gguf"]);
  assert.equal(chooseModelFiles(several, "Q8_0"), several.slice(1));
  assert.equal(chooseModelFiles([...several, "model.safetensors"], "Q8_0"), several.slice(1));
  throwsWith(
    () => chooseModelFiles(several),
    /GGUF file: expected a part of one file's name \(m\.Q4_K_M\.gguf, .*\), got "several"/,
  );
  throwsWith(() => chooseModelFiles(several, "Q5"), /GGUF file: expected a part of one file's name .*, got "Q5"/);
});

test("pickles alone are refused, whatever they are called; nothing at all is an error", () => {
  for (const name of ["pytorch_model.bin", "model.pt", "consolidated.00.pth", "model.ckpt"])
    throwsWith(() => chooseModelFiles(["config.json", name]), /got only .*: a PyTorch pickle, which can run code/);
  throwsWith(() => chooseModelFiles(["config.json"]), /weights: expected model\.safetensors, its index/);
});

test.run();
