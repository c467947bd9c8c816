import { fail, positiveInteger, positiveNumber } from "../check/check";
import type { FrozenMatrix, Ops } from "../ops/ops";
import type { Site } from "../ops/site";
import { leadingSvd } from "../tt/leading-svd";
import { layoutOf } from "../tree/layout";
import type { Adaptable, Adapter, Bound, LoraXsSpec } from "./adapter";
import { chooseSites, inLayers } from "./choose-sites";
import { fillTensors, gaussian } from "./initial";
import { siteMatrices } from "./site-weights";
import { pickBySite, stackTensors } from "./stacks";
import type { Stack } from "./stacks";

/** Standard deviation of R's starting values. */
const START = 1e-5;

/**
 * Makes an adapter of one small matrix R [rank, rank] at each site that a target fits, between the frozen singular vectors of the site's own
 * weight W = P S Q^T, of which the `rank` largest are kept:
 *     y = W x + (alpha / rank) (x Q S) R P^T
 * Tensors: `${site}.R`. The frozen factors are no part of the point: they are computed from the base's weights (a quantized base's decoded
 * ones) where they are first needed, to the same bits everywhere, and always multiplied in fp32. At the start R ~ N(0, 1e-5^2).
 * It is linear, so it is a LoRA of that rank (`asLora`).
 * @param model needed to compute; without it the adapter can be laid out and counted alone
 * @example loraXs({ kind: "lora-xs", rank: 8, alpha: 16, targets: ["query", "value"] }, llama2Sites).layout.size // 4096 (Llama-2-7B)
 * @throws when a target names no site, or the rank is larger than a side of a chosen weight
 * Source: Balazy et al., arXiv 2405.17604, and MohammadrezaBanaei/LoRA-XS@24efae6 (S on the side of the inputs, R ~ N(0, 1e-5^2)).
 */
export function loraXs(spec: LoraXsSpec, sites: readonly Site[], model?: Adaptable): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const factor = positiveNumber("alpha", spec.alpha) / rank;
  const chosen = chooseSites(spec.targets, inLayers(sites, spec.layers));
  const small = chosen.find(({ inputs, outputs }) => rank > Math.min(inputs, outputs));
  if (small !== undefined)
    fail("rank", `at most ${Math.min(small.inputs, small.outputs)}, the smaller side of ${small.name}'s weight`, rank);
  const stack: Stack = { sites: chosen.map(({ name }) => name), part: "R", shape: [rank, rank], decay: true };
  const layout = layoutOf(stackTensors(stack));
  return {
    spec,
    layout,
    sites: stack.sites,
    initial: (seed) => fillTensors(layout, seed, () => gaussian(START)),
    bind<T>(ops: Ops<T>): Bound<T> {
      const matrices = siteMatrices(model ?? fail("lora-xs", "a model, not its sites alone", "sites"));
      const core = pickBySite(ops, [stack], (value) => ops.scale(value, factor));
      return {
        ops,
        hooks: {
          input: (_site, x) => x,
          output(site, x, y) {
            const [small, weight] = [core(site), matrices.get(site)];
            if (small === null || weight === undefined) return y;
            const [outputs, inputs] = weight.shape;
            const constant = (side: "narrow" | "wide", shape: readonly [number, number]): T =>
              ops.reshape(ops.embed(asRow(weight, rank, side), "zero"), shape);
            const narrow = ops.matmul(x, constant("narrow", [inputs, rank]));
            const change = ops.matmul(ops.matmul(narrow, small), constant("wide", [rank, outputs]));
            return ops.add(y, ops.added(change, site));
          },
        },
      };
    },
  };
}

/** What stands on either side of R: a site's frozen factors in fp32. */
export interface FrozenFactors {
  /** Q S [inputs, rank]. */
  readonly narrow: Float32Array;
  /** P^T [rank, outputs]. */
  readonly wide: Float32Array;
}

/** What was computed of a matrix, by rank, as long as the matrix is in use: a function of the matrix alone. */
const known = new WeakMap<FrozenMatrix, Map<number, FrozenFactors>>();

/**
 * Gives the frozen factors of a weight W [outputs, inputs], computed once while the weight is in use.
 * For example `frozenFactors(siteMatrices(model).get("layers.0.attention.query")!, 8).narrow.length`: 8 times the inputs.
 */
export function frozenFactors(weight: FrozenMatrix, rank: number): FrozenFactors {
  const ranks = known.get(weight) ?? new Map<number, FrozenFactors>();
  known.set(weight, ranks);
  const found = ranks.get(rank) ?? factorsOf(weight, rank);
  ranks.set(rank, found);
  return found;
}

function factorsOf(weight: FrozenMatrix, rank: number): FrozenFactors {
  const [outputs, inputs] = weight.shape;
  const { left, values, right } = leadingSvd(weight.read(), outputs, inputs, rank);
  const narrow = new Float32Array(inputs * rank);
  right.forEach((q, k) => q.forEach((value, j) => (narrow[j * rank + k] = value * values[k]!)));
  const wide = new Float32Array(rank * outputs);
  left.forEach((p, k) => wide.set(p, k * outputs));
  return { narrow, wide };
}

/** A factor as a table of one row, which no precision rounds. */
function asRow(weight: FrozenMatrix, rank: number, side: keyof FrozenFactors): FrozenMatrix {
  const values = (): Float32Array => frozenFactors(weight, rank)[side];
  const size = rank * weight.shape[side === "narrow" ? 1 : 0];
  return {
    name: `${weight.name} lora-xs ${rank} ${side}`,
    shape: [1, size],
    read: values,
    rows(indices) {
      const out = new Float32Array(indices.length * size);
      for (let i = 0; i < indices.length; i++) out.set(values(), i * size);
      return out;
    },
  };
}
