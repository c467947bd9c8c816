import { llama } from "../../src/model/llama";
import type { LlamaConfig } from "../../src/model/llama";
import type { Model, Weights } from "../../src/model/model";
import { sequence } from "./products";

/** SmolLM2-135M's shape. */
export const smollm2Shape: LlamaConfig = {
  hidden: 576,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  intermediate: 1536,
  vocabulary: 49152,
  context: 8192,
  epsilon: 1e-5,
  rotaryBase: 1e5,
  tied: true,
};

/** A Llama of this shape with generated weights: for what depends on the shape alone. */
export function generatedLlama(config: LlamaConfig): Model {
  return llama(config, generatedWeights(`seed 0`));
}

/** Weights of any name and shape: distinct small numbers (ONNX Runtime shares equal ones); vectors are all 1. */
export function generatedWeights(id: string): Weights {
  const seeds = new Map<string, number>();
  const seedOf = (name: string): number => {
    if (!seeds.has(name)) seeds.set(name, seeds.size + 1);
    return seeds.get(name)!;
  };
  return {
    id,
    names: () => [],
    has: () => false,
    matrix: (name, shape) => {
      const seed = seedOf(name);
      return {
        name,
        shape,
        read: () => sequence(shape[0] * shape[1], seed),
        rows: (indices) => sequence(indices.length * shape[1], seed),
      };
    },
    vector: (name, size) => ({ name, shape: [size], read: () => new Float32Array(size).fill(1) }),
  };
}
