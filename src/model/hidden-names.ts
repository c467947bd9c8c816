import { fail } from "../check/check";
import type { Model } from "./model";

/**
 * Gives the names of a model's hidden states: "embeddings", then each layer's output, the last one after the final norm where the family
 * has one. They are Hugging Face's `hidden_states`, in that order.
 * @example hiddenNames({ layers: 2 }) // ["embeddings", "layers.0", "layers.1"]
 */
export function hiddenNames({ layers }: Pick<Model, "layers">): readonly string[] {
  return ["embeddings", ...Array.from({ length: layers }, (_, i) => `layers.${i}`)];
}

/**
 * Gives the places of named hidden states, as a tap counts them.
 * @example hiddenPlaces({ layers: 2 }, ["layers.1", "embeddings"]) // [2, 0]
 * @throws when there is no name, one is there twice, or the model has no hidden state of a name
 */
export function hiddenPlaces(model: Pick<Model, "layers">, names: readonly string[]): readonly number[] {
  const known = hiddenNames(model);
  if (names.length === 0) fail("hidden states", `at least one of ${known.join(", ")}`, "none");
  return names.map((name, i) => {
    if (names.indexOf(name) !== i) fail(`hidden states[${i}]`, "each name once", name);
    const place = known.indexOf(name);
    return place < 0 ? fail(`hidden states[${i}]`, `one of ${known.join(", ")}`, name) : place;
  });
}
