import { positiveInteger, positiveNumber } from "../check/check";
import type { Site } from "../ops/site";
import type { Ops } from "../ops/ops";
import { layoutOf } from "../tree/layout";
import type { Adapter, Bound, LoraSpec } from "./adapter";
import { chooseSites, inLayers } from "./choose-sites";
import { fillTensors, uniform, zeros } from "./initial";
import { groupBy, pickBySite, stackTensors } from "./stacks";
import type { Stack } from "./stacks";

/**
 * Low-rank adapter: y = W x + (alpha / rank) B A x at each site that a target fits (see `chooseSites`).
 * Stored for products from the left: `A` [inputs, rank] and `B` [rank, outputs], so the adapter adds (x A) B.
 * At the start A ~ U(-1/sqrt(inputs), 1/sqrt(inputs)) (Kaiming-uniform with a = sqrt(5)) and B = 0: the model is unchanged.
 * @example lora({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, llama2Sites).layout.size // 4194304 (Llama-2-7B)
 * @throws when a target names no site
 * Source: Hu et al., arXiv 2106.09685, section 4.1; initialisation as in Hugging Face PEFT.
 */
export function lora(spec: LoraSpec, sites: readonly Site[]): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const factor = positiveNumber("alpha", spec.alpha) / rank;
  const chosen = chooseSites(spec.targets, inLayers(sites, spec.layers));
  const downs = [...groupBy(chosen, (site) => site.inputs)].map(([inputs, group]) => stack(group, "A", [inputs, rank]));
  const ups = [...groupBy(chosen, (site) => site.outputs)].map(([outputs, group]) =>
    stack(group, "B", [rank, outputs]),
  );
  const layout = layoutOf([...downs, ...ups].flatMap(stackTensors));
  return {
    spec,
    layout,
    initial: (seed) =>
      fillTensors(layout, seed, ({ name, shape }) =>
        name.endsWith(".A") ? uniform(1 / Math.sqrt(shape[0] ?? 1)) : zeros,
      ),
    bind<T>(ops: Ops<T>): Bound<T> {
      const down = pickBySite(ops, downs);
      const up = pickBySite(ops, ups, (value) => ops.scale(value, factor));
      return {
        ops,
        hooks: {
          input: (_site, x) => x,
          output(site, x, y) {
            const a = down(site);
            const b = up(site);
            return a === null || b === null ? y : ops.add(y, ops.matmul(ops.matmul(x, a), b));
          },
        },
      };
    },
  };
}

function stack(sites: readonly Site[], part: string, shape: readonly number[]): Stack {
  return { sites: sites.map((site) => site.name), part, shape, decay: true };
}
