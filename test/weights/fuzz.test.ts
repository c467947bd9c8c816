import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Weights } from "../../src/model/model";
import { openGguf } from "../../src/weights/gguf";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { openRange } from "../../src/weights/range-file";
import { openSafetensors } from "../../src/weights/safetensors";
import { scratch } from "../support/scratch";

const test = suite("weights/fuzz");
const place = scratch();
test.after(() => place.remove());

/** xorshift32: numbers in [0, 1) for choosing mutations. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One to four changes in the first `header` bytes: a byte, a run of zeros or ones, a number, a cut, a copied piece. */
function mutated(original: Buffer, header: number, random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let change = 0; change <= below(4); change++) {
    const at = below(Math.min(header, bytes.length - 16));
    switch (below(6)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at] ^= 1 << below(8);
        break;
      case 2:
        bytes.fill(random() < 0.5 ? 0 : 255, at, at + 1 + below(8));
        break;
      case 3:
        bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(below(2 ** 31)) << BigInt(below(40))), at);
        break;
      case 4:
        bytes = bytes.subarray(0, Math.max(17, at));
        break;
      default:
        bytes.copyWithin(at, below(header), below(header) + below(12));
    }
  }
  return bytes;
}

type Shapes = Readonly<Record<string, readonly number[]>>;

/** Opens a file and reads the tensors of the shapes it should have; returns whether something was refused. */
function refused(open: () => Weights, shapes: Shapes): boolean {
  try {
    const weights = open();
    for (const [name, [rows, width]] of Object.entries(shapes)) {
      const stored = width === undefined ? weights.vector(name, rows!) : weights.matrix(name, [rows!, width]);
      assert.is(stored.read().length, rows! * (width ?? 1));
    }
    return false;
  } catch (error) {
    assert.instance(error, Error);
    const { message, name } = error as Error;
    assert.ok(message.length > 10, `a message that says something: ${message}`);
    assert.is(name, "Error", `an error made for people, got ${name}: ${message}`);
    return true;
  }
}

const SINGLES: Shapes = { single: [3, 4], half: [3, 4], brain: [3, 4] };
const LLAMA: Shapes = {
  "model.embed_tokens.weight": [40, 64],
  "model.norm.weight": [64],
  "model.layers.0.self_attn.q_proj.weight": [64, 64],
  "model.layers.0.self_attn.k_proj.weight": [32, 64],
  "model.layers.0.mlp.down_proj.weight": [64, 96],
};

test("2000 damaged safetensors files are read or refused with a message, never anything else", () => {
  const original = readFileSync("test/fixtures/weights/types.safetensors");
  const random = generator(11);
  let count = 0;
  for (let i = 0; i < 2000; i++) {
    place.file("fuzz.safetensors", mutated(original, 480, random));
    if (refused(() => openSafetensors(place.file("fuzz.safetensors")), SINGLES)) count++;
  }
  assert.ok(count > 500 && count < 2000, `${count} of 2000 refused`);
});

test("2000 damaged GGUF files are read or refused with a message, never anything else", () => {
  const whole = readFileSync("test/fixtures/weights/tiny-llama.gguf");
  const { dataStart } = readGgufHeader(openRange("test/fixtures/weights/tiny-llama.gguf"));
  const random = generator(12);
  let count = 0;
  for (let i = 0; i < 2000; i++) {
    place.file("fuzz.gguf", mutated(whole, dataStart, random));
    if (refused(() => openGguf(place.file("fuzz.gguf")), LLAMA)) count++;
  }
  assert.ok(count > 500 && count < 2000, `${count} of 2000 refused`);
});

test.run();
