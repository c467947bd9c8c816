import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";
import { plain } from "../ops/plain";
import { record } from "../ops/program";
import type { RecordedValue } from "../ops/program";
import type { Adaptable, WeightPart } from "./adapter";

/** One of a model's own weights, and what it is in the model. */
export interface ModelWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly part: WeightPart;
  read(): Float32Array;
}

export const unchanged: Hooks<never> = { input: (_site, x) => x, output: (_site, _x, y) => y };

/**
 * Gives the weights that a model's definition reads, in the order of first use, each once, and its head's. The definition is run with
 * operations that note what they are handed and compute nothing, so every definition has this without saying it a second time.
 * For example `modelWeights(model).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)`: all of a model's parameters.
 */
export function modelWeights(model: Adaptable): readonly ModelWeight[] {
  const found = new Map<string, ModelWeight>();
  const note = (weight: FrozenMatrix | FrozenVector | null, part: WeightPart): void => {
    if (weight !== null && !found.has(weight.name))
      found.set(weight.name, { name: weight.name, shape: weight.shape, part, read: () => weight.read() });
  };
  record((low) => {
    const ops: Ops<RecordedValue> = plain(low);
    const noting: Ops<RecordedValue> = {
      ...ops,
      embed(table, by) {
        note(table, "embeddings");
        return ops.embed(table, by);
      },
      linear(x, weight, bias) {
        note(weight, "matrices");
        note(bias, "biases");
        return ops.linear(x, weight, bias);
      },
      layerNorm(x, scale, shift, epsilon) {
        note(scale, "norms");
        note(shift, "norms");
        return ops.layerNorm(x, scale, shift, epsilon);
      },
      rmsNorm(x, scale, epsilon) {
        note(scale, "norms");
        return ops.rmsNorm(x, scale, epsilon);
      },
    };
    return [model.forward(noting, unchanged as unknown as Hooks<RecordedValue>)];
  });
  if (model.head) {
    note(model.head.weight, "embeddings");
    note(model.head.biases, "biases");
  }
  return [...found.values()];
}
