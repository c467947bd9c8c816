import { fail } from "../check/check";
import type { TensorSpec } from "../tree/layout";
import type { Adaptable } from "./adapter";
import { modelWeights } from "./model-weights";

/** Names of the point's copy of the head's rows [C, H] and biases [C] of the tokens that are scored, in their order. */
export const HEAD_COPY = { rows: "head.rows", biases: "head.bias" } as const;

/** A language-model head as tensors of a point. */
export interface TrainedHead {
  readonly tensors: readonly TensorSpec[];
  /** The model's own weights among them, by name (`withOwnWeights`). */
  readonly own: ReadonlySet<string>;
  /** What a tensor starts as: as the model has it. */
  read(name: string): Float32Array;
}

/**
 * Gives the head's dense layer and norm under their own names, and a copy of its rows and biases of these tokens. A tied table stays as it
 * is for the embeddings. Rows of other tokens have no part in the loss of these: in the reference they are trained too, and
 * move at random.
 * For example `trainedHead(robertaLarge, [5, 7]).tensors.map(({ name }) => name)`: ["lm_head.dense.weight", ..., "head.rows", "head.bias"].
 * @throws when the model has no head, or there is no token
 * Source: yifanycc/AdaZeta@3659ba3 and princeton-nlp/MeZO@552cb1b, medium_models (run.py freezes what is named roberta alone; models.py
 *   does not tie the two tables).
 */
export function trainedHead(model: Adaptable, tokens: readonly number[]): TrainedHead {
  const head = model.head ?? fail("lora.head", "a model with a language-model head", "none");
  const { weight, biases, transform = [] } = head;
  if (tokens.length === 0) fail("lora.head", "at least one token", tokens);
  const outside = tokens.find((id) => !(Number.isInteger(id) && id >= 0 && id < weight.shape[0]));
  if (outside !== undefined) fail("lora.head", `tokens in 0..${weight.shape[0] - 1}`, outside);
  const between = modelWeights(model).filter(({ name }) => transform.includes(name));
  const copy: readonly TensorSpec[] = [
    { name: HEAD_COPY.rows, shape: [tokens.length, weight.shape[1]], decay: true },
    ...(biases ? [{ name: HEAD_COPY.biases, shape: [tokens.length], decay: false }] : []),
  ];
  return {
    tensors: [...between.map(({ name, shape }) => ({ name, shape, decay: shape.length > 1 })), ...copy],
    own: new Set(between.map(({ name }) => name)),
    read(name) {
      if (name === HEAD_COPY.rows) return weight.rows(tokens);
      const all = (name === HEAD_COPY.biases ? biases : between.find((one) => one.name === name))?.read();
      if (all === undefined) return fail("tensor", "one of the head's", name);
      return name === HEAD_COPY.biases ? Float32Array.from(tokens, (id) => all[id]) : all;
    },
  };
}
