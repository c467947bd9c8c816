import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";
import { plain } from "../ops/plain";
import { record } from "../ops/program";
import type { RecordedValue } from "../ops/program";
import type { Adaptable } from "./adapter";

/**
 * Gives the frozen matrix [outputs, inputs] that a model multiplies by at each of its sites. The definition is run once, with hooks that note
 * where it is.
 * For example `siteMatrices(smollm2.model).get("layers.0.attention.query")?.name`: "model.layers.0.self_attn.q_proj.weight".
 */
export function siteMatrices(model: Pick<Adaptable, "forward">): ReadonlyMap<string, FrozenMatrix> {
  return new Map([...siteLayers(model)].map(([site, { weight }]) => [site, weight]));
}

/** A frozen linear layer: y = x W^T + b. */
export interface SiteLayer {
  /** [outputs, inputs]. */
  readonly weight: FrozenMatrix;
  readonly bias: FrozenVector | null;
}

/** Gives the frozen layer at each of a model's sites, found in the same way. For example `siteLayers(minilm.model).get("layers.0.mlp.down")?.bias?.name`. */
export function siteLayers(model: Pick<Adaptable, "forward">): ReadonlyMap<string, SiteLayer> {
  const found = new Map<string, SiteLayer>();
  record((low) => {
    const ops: Ops<RecordedValue> = plain(low);
    let at: string | null = null;
    const noting: Ops<RecordedValue> = {
      ...ops,
      linear(x, weight, bias) {
        if (at !== null) found.set(at, { weight, bias });
        return ops.linear(x, weight, bias);
      },
    };
    const hooks: Hooks<RecordedValue> = {
      input(site, x) {
        at = site.toString();
        return x;
      },
      output(_site, _x, y) {
        at = null;
        return y;
      },
    };
    return [model.forward(noting, hooks)];
  });
  return found;
}
