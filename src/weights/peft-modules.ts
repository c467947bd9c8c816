import { fail } from "../check/check";
import type { Model } from "../model/model";

/** A model as far as its modules' names go. */
export type NamedModules = Pick<Model, "moduleNames" | "sites">;

/** A site and the module that Hugging Face transformers has there. */
export interface SiteModule {
  readonly site: string;
  /** Its whole name, as `ModuleNames` says. */
  readonly module: string;
  /** The module's name within its layer. */
  readonly word: string;
}

/**
 * Gives every site of a model with its module's name in transformers.
 * For example `peftModules(smollm2.model)[0].module`: "model.layers.0.self_attn.q_proj".
 * @throws when a site has no counterpart there
 */
export function peftModules({ moduleNames: { layers, inLayer }, sites }: NamedModules): readonly SiteModule[] {
  return sites.map(({ name: site }) => {
    const [, layer, inner] = /^layers\.(\d+)\.(.*)$/.exec(site) ?? [];
    const word =
      inLayer[inner ?? ""] ?? fail(`site ${site}`, `one of ${Object.keys(inLayer).join(", ")} in a layer`, site);
    return { site, module: `${layers}.${layer}.${word}`, word };
  });
}
