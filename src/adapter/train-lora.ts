import { positiveInteger, positiveNumber } from "../check/check";
import type { Site } from "../ops/site";
import type { Ops } from "../ops/ops";
import { modesFor } from "../tt/plan";
import { layoutOf } from "../tree/layout";
import type { Adapter, Bound, SplitModes, TrainLoraSpec } from "./adapter";
import { chooseSites, inLayers, requireRankFits } from "./choose-sites";
import { fillTensors, zeros } from "./initial";
import type { SeatMatrix } from "./seat-matrix";
import { groupBy, stackTensors } from "./stacks";
import { trainMatrix } from "./train-matrix";

/** Modes of the two trains at a site: A [inputs, rank] and B [rank, outputs]. */
export function trainLoraModes(
  { inputs, outputs }: Pick<Site, "inputs" | "outputs">,
  rank: number,
): { readonly a: SplitModes; readonly b: SplitModes } {
  return { a: modesFor(inputs, rank), b: modesFor(rank, outputs) };
}

/**
 * Makes a LoRA whose two factors are tensor trains: y = W x + (alpha / rank) (x A) B at each site that a target fits, with A [inputs, rank]
 * and B [rank, outputs] each contracted from its cores in two halves, once per forward pass for all sites of one size. It is linear, so
 * it is a LoRA of that rank (`asLora`).
 * Tensors: `${site}.A.core.${i}` and `${site}.B.core.${i}` [rankLeft, mode, rankRight], without biases. At the start A's cores are normal, as
 * in `coreDeviation`, and so are B's but the last, which is zero: the model is unchanged.
 * @example trainLora({ kind: "tt-lora", rank: 8, alpha: 16, trainRank: 5, targets: ["query", "value"] }, llama2Sites).layout.size // 126720 (Llama-2-7B)
 * @throws when a target names no site, or a number is out of range
 * Source: LoRETTA's second form, arXiv 2402.11417 and yifanycc/loretta@1ea26c3. Departs: there no core is zero and the noise that the start
 *   makes is subtracted, which would double the rank; norms and classifiers are not trained besides.
 */
export function trainLora(spec: TrainLoraSpec, sites: readonly Site[]): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const factor = positiveNumber("alpha", spec.alpha) / rank;
  const trainRank = positiveInteger("trainRank", spec.trainRank);
  const chosen = chooseSites(spec.targets, inLayers(sites, spec.layers));
  requireRankFits(rank, chosen);
  const downs = [...groupBy(chosen, (site) => site.inputs)].map(([inputs, group]) => {
    const names = group.map(({ name }) => name);
    const { a } = trainLoraModes({ inputs, outputs: 1 }, rank);
    return { names, train: trainMatrix(names, "A", a, [inputs, rank], trainRank, false) };
  });
  const ups = [...groupBy(chosen, (site) => site.outputs)].map(([outputs, group]) => {
    const names = group.map(({ name }) => name);
    const { b } = trainLoraModes({ inputs: 1, outputs }, rank);
    return { names, train: endingInZero(trainMatrix(names, "B", b, [rank, outputs], trainRank, false)) };
  });
  const tensors = [...downs, ...ups].flatMap(({ train }) => train.tensors);
  const layout = layoutOf(tensors.flatMap(({ stack }) => stackTensors(stack)));
  const starts = new Map(
    tensors.flatMap(({ stack, start }) => stackTensors(stack).map(({ name }) => [name, start] as const)),
  );
  return {
    spec,
    layout,
    sites: chosen.map(({ name }) => name),
    initial: (seed) => fillTensors(layout, seed, ({ name }) => starts.get(name) ?? zeros),
    bind<T>(ops: Ops<T>): Bound<T> {
      const down = bySite(ops, downs, 1);
      const up = bySite(ops, ups, factor);
      return {
        ops,
        hooks: {
          input: (_site, x) => x,
          output(site, x, y) {
            const [a, b] = [down.get(site), up.get(site)];
            return a === undefined || b === undefined ? y : ops.add(y, ops.added(b(a(x)), site));
          },
        },
      };
    },
  };
}

/** A train of which the last core starts at zero, and with it the matrix; that core alone has a gradient there. */
function endingInZero(train: SeatMatrix): SeatMatrix {
  const last = train.tensors.length - 1;
  return { ...train, tensors: train.tensors.map((tensor, i) => (i === last ? { ...tensor, start: zeros } : tensor)) };
}

interface Placed {
  readonly names: readonly string[];
  readonly train: SeatMatrix;
}

function bySite<T>(ops: Ops<T>, placed: readonly Placed[], scale: number): ReadonlyMap<string, (x: T) => T> {
  return new Map(
    placed.flatMap(({ names, train }) => {
      const product = train.bind(ops, scale);
      return names.map((name, i) => [name, (x: T) => product(x, i)] as const);
    }),
  );
}
