import { fail, positiveInteger } from "../check/check";
import type { Ops } from "../ops/ops";
import { factorLayout } from "../tree/factor-layout";
import { layoutOf } from "../tree/layout";
import { sharedVector } from "../tree/vector";
import type { Adaptable, Adapter, Bound, FullSpec, WeightPart } from "./adapter";
import { inLayers } from "./choose-sites";
import { modelWeights } from "./model-weights";
import { noAdapter } from "./none";
import { withChangedWeights, withOwnWeights } from "./own-weights";

/**
 * Makes full-parameter training: theta holds the model's own weights under their own names and in their own shapes, and starts as they
 * are (`withOwnWeights`).
 * A tied head is one tensor with its embedding table; the readout takes the label words' rows from the point (`readoutAt`).
 * Weight decay applies to matrices and tables, not to biases and norms.
 * With `factors` theta holds a change of them instead, which starts at zero: U V^T of so many columns for each matrix, never formed, and
 * an engine keeps the weights where it can fold the change into them (`factorLayout`).
 * For example `full({ kind: "full", layers: "all" }, model).initial(0)`: the model's weights, whatever the seed.
 * @throws when no weight is chosen, or a layer is not there
 * Source: MeZO, arXiv 2305.17333, section 2 (all parameters); the choice of kinds as in BitFit, arXiv 2106.10199.
 */
export function full(spec: FullSpec, model: Adaptable): Adapter {
  const { layers, parts = PARTS } = spec;
  for (const part of parts) if (!PARTS.includes(part)) fail("parts", PARTS.join(", "), part);
  const weights = modelWeights(model);
  const chosen = (layers === "all" ? weights : inLayers(weights, layers)).filter(({ part }) => parts.includes(part));
  if (chosen.length === 0)
    fail(
      "parts",
      `kinds of weights that are there (${[...new Set(weights.map(({ part }) => part))].join(", ")})`,
      parts,
    );
  const layout = layoutOf(chosen.map(({ name, shape }) => ({ name, shape, decay: shape.length > 1 })));
  if (spec.factors !== undefined) {
    const factors = factorLayout(layout, positiveInteger("factors", spec.factors));
    return {
      spec,
      layout: factors,
      base: chosen,
      initial: () => new Float32Array(factors.size),
      bind: <T>(ops: Ops<T>): Bound<T> => ({
        ops: withChangedWeights(ops, factors),
        hooks: noAdapter().bind(ops).hooks,
      }),
    };
  }
  const trained = new Set(chosen.map(({ name }) => name));

  return {
    spec,
    layout,
    large: true,
    initial() {
      const point = sharedVector(layout.size);
      layout.entries.forEach(({ offset }, i) => point.set(chosen[i].read(), offset));
      return point;
    },
    bind: <T>(ops: Ops<T>): Bound<T> => ({ ops: withOwnWeights(ops, trained), hooks: noAdapter().bind(ops).hooks }),
  };
}

const PARTS: readonly WeightPart[] = ["matrices", "biases", "norms", "embeddings"];
