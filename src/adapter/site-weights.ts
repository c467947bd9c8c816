import type { Hooks, Ops } from "../ops/ops";
import { plain } from "../ops/plain";
import { record } from "../ops/program";
import type { RecordedValue } from "../ops/program";
import type { Adaptable } from "./adapter";

/**
 * Gives the name of the weight that a model multiplies by at each of its sites. The definition is run once, with hooks that note where it is.
 * For example `siteWeights(smollm2.model).get("layers.0.attention.query")`: "model.layers.0.self_attn.q_proj.weight".
 */
export function siteWeights(model: Pick<Adaptable, "forward">): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  record((low) => {
    const ops: Ops<RecordedValue> = plain(low);
    let at: string | null = null;
    const noting: Ops<RecordedValue> = {
      ...ops,
      linear(x, weight, bias) {
        if (at !== null) found.set(at, weight.name);
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
