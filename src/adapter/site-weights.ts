import type { FrozenMatrix, Hooks, Ops } from "../ops/ops";
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
  const found = new Map<string, FrozenMatrix>();
  record((low) => {
    const ops: Ops<RecordedValue> = plain(low);
    let at: string | null = null;
    const noting: Ops<RecordedValue> = {
      ...ops,
      linear(x, weight, bias) {
        if (at !== null) found.set(at, weight);
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
