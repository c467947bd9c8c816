import { fail } from "../check/check";
import type { Model } from "../model/model";

type Words = Readonly<Record<string, string>>;

const LLAMA: Words = {
  "attention.query": "self_attn.q_proj",
  "attention.key": "self_attn.k_proj",
  "attention.value": "self_attn.v_proj",
  "attention.output": "self_attn.o_proj",
  "mlp.gate": "mlp.gate_proj",
  "mlp.up": "mlp.up_proj",
  "mlp.down": "mlp.down_proj",
};
const OPT: Words = {
  "attention.query": "self_attn.q_proj",
  "attention.key": "self_attn.k_proj",
  "attention.value": "self_attn.v_proj",
  "attention.output": "self_attn.out_proj",
  "mlp.up": "fc1",
  "mlp.down": "fc2",
};
const BERT: Words = {
  "attention.query": "attention.self.query",
  "attention.key": "attention.self.key",
  "attention.value": "attention.self.value",
  "attention.output": "attention.output.dense",
  "mlp.up": "intermediate.dense",
  "mlp.down": "output.dense",
};

/** A model as far as its modules' names go. */
export type Named = Pick<Model, "family" | "head" | "sites">;

/** A site and the module that Hugging Face transformers has there. */
export interface SiteModule {
  readonly site: string;
  /** In the class that `AutoModelForCausalLM`, `AutoModelForMaskedLM` or, without a head, `AutoModel` makes. */
  readonly module: string;
  /** The module's name within its layer. */
  readonly word: string;
}

/**
 * Every site of a model with its module's name in transformers.
 * @throws when a site has no counterpart there
 * @example peftModules(smollm2.model)[0].module // "model.layers.0.self_attn.q_proj"
 */
export function peftModules({ family, head, sites }: Named): readonly SiteModule[] {
  const words = family === "llama" ? LLAMA : family === "opt" ? OPT : BERT;
  const root = family === "llama" ? "model.layers" : family === "opt" ? "model.decoder.layers" : "encoder.layer";
  const headed = (family === "bert" || family === "roberta") && head !== null ? `${family}.` : "";
  return sites.map(({ name: site }) => {
    const [, layer, inner] = /^layers\.(\d+)\.(.*)$/.exec(site) ?? [];
    const word = words[inner ?? ""] ?? fail(`site ${site}`, `one of ${Object.keys(words).join(", ")} in a layer`, site);
    return { site, module: `${headed}${root}.${layer}.${word}`, word };
  });
}
