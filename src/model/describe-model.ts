import { fail } from "../check/check";
import type { Model, Weights } from "./model";
import { modelOf } from "./model-of";

/** What an architecture amounts to, without its weights. */
export interface ModelDescription {
  readonly family: Model["family"];
  readonly placement: Model["placement"];
  /** Every number of the weights that the definition reads; a tied head is counted once. */
  readonly parameters: number;
  readonly layers: number;
  /** Of the features. */
  readonly width: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly sites: Model["sites"];
}

/**
 * Reads a configuration (Hugging Face's `config.json`) without any weights, by letting the definition ask for them.
 * A masked-LM head is there where `architectures` names one.
 * @throws when the architecture is not known or has what its definition does not compute
 * @example describeModel(knownModel("llama-2-7b").config).parameters // 6738415616
 */
export function describeModel(config: unknown): ModelDescription {
  const asked = new Map<string, number>();
  const { family, placement, layers, width, vocabulary, context, sites } = modelOf(config, shapesOnly(config, asked));
  const parameters = [...asked.values()].reduce((a, b) => a + b, 0);
  return { family, placement, parameters, layers, width, vocabulary, context, sites };
}

/** Weights that have every name asked for and no numbers. */
function shapesOnly(config: unknown, asked: Map<string, number>): Weights {
  const unread = (name: string) => (): never => fail(name, "weights", "a description alone");
  const masked = /ForMaskedLM/.test(
    JSON.stringify((config as { architectures?: unknown } | null)?.architectures ?? ""),
  );
  return {
    id: "no weights",
    names: () => [...asked.keys()],
    has: (name) => !name.endsWith(".gamma") && (masked || !/^(lm_head|cls)\./.test(name)),
    matrix(name, shape) {
      asked.set(name, shape[0] * shape[1]);
      return { name, shape, read: unread(name), rows: unread(name) };
    },
    vector(name, size) {
      asked.set(name, size);
      return { name, shape: [size], read: unread(name) };
    },
  };
}
