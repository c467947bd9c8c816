import { fail, positiveInteger, positiveNumber } from "../check/check";
import type { Site } from "../ops/site";
import type { Ops } from "../ops/ops";
import { layoutOf, view } from "../tree/layout";
import type { Adaptable, Adapter, Bound, LoraSpec } from "./adapter";
import { chooseSites, inLayers } from "./choose-sites";
import { trainedHead } from "./head";
import type { TrainedHead } from "./head";
import { fillTensors, uniform, zeros } from "./initial";
import { withOwnWeights } from "./own-weights";
import { groupBy, pickBySite, stackTensors } from "./stacks";
import type { Stack } from "./stacks";

/**
 * Makes a low-rank adapter: y = W x + (alpha / rank) B A x at each site that a target fits (see `chooseSites`).
 * Stored for products from the left: `A` [inputs, rank] and `B` [rank, outputs], so the adapter adds (x A) B.
 * At the start A ~ U(-1/sqrt(inputs), 1/sqrt(inputs)) (Kaiming-uniform with a = sqrt(5)) and B = 0: the model is unchanged.
 * With `head` the language-model head is trained besides (`trainedHead`), after them in the layout.
 * @param model needed for a head alone
 * @example lora({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, llama2Sites).layout.size // 4194304 (Llama-2-7B)
 * @throws when a target names no site, or a head is asked for without its tokens, its model, or of a model without one
 * Source: Hu et al., arXiv 2106.09685, section 4.1; initialisation as in Hugging Face PEFT.
 */
export function lora(spec: LoraSpec, sites: readonly Site[], model?: Adaptable): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const factor = positiveNumber("alpha", spec.alpha) / rank;
  const chosen = chooseSites(spec.targets, inLayers(sites, spec.layers));
  const downs = [...groupBy(chosen, (site) => site.inputs)].map(([inputs, group]) => stack(group, "A", [inputs, rank]));
  const ups = [...groupBy(chosen, (site) => site.outputs)].map(([outputs, group]) =>
    stack(group, "B", [rank, outputs]),
  );
  const head = headOf(spec, model);
  const layout = layoutOf([...[...downs, ...ups].flatMap(stackTensors), ...(head?.tensors ?? [])]);
  return {
    spec,
    layout,
    sites: chosen.map(({ name }) => name),
    initial(seed) {
      const point = fillTensors(layout, seed, ({ name, shape }) =>
        name.endsWith(".A") ? uniform(1 / Math.sqrt(shape[0] ?? 1)) : zeros,
      );
      for (const { name } of head?.tensors ?? []) view(layout, point, name).set(head!.read(name));
      return point;
    },
    bind<T>(ops: Ops<T>): Bound<T> {
      const down = pickBySite(ops, downs);
      const up = pickBySite(ops, ups, (value) => ops.scale(value, factor));
      return {
        ops: head === null ? ops : withOwnWeights(ops, head.own),
        hooks: {
          input: (_site, x) => x,
          output(site, x, y) {
            const a = down(site);
            const b = up(site);
            return a === null || b === null ? y : ops.add(y, ops.added(ops.matmul(ops.matmul(x, a), b), site));
          },
        },
      };
    },
  };
}

function headOf({ head }: LoraSpec, model: Adaptable | undefined): TrainedHead | null {
  if (head === undefined) return null;
  if (head === "label words") return fail("lora.head", "tokens (a run names those of its problem's label words)", head);
  return trainedHead(model ?? fail("lora.head", "a model, not its sites alone", "sites"), head);
}

function stack(sites: readonly Site[], part: string, shape: readonly number[]): Stack {
  return { sites: sites.map((site) => site.name), part, shape, decay: true };
}
