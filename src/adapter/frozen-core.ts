import { fail } from "../check/check";
import type { FrozenMatrix, Ops } from "../ops/ops";
import type { Site } from "../ops/site";
import { layoutOf } from "../tree/layout";
import type { Adaptable, Adapter, AdapterSpec, Bound } from "./adapter";
import { fillTensors } from "./initial";
import type { Fill } from "./initial";
import { siteMatrices } from "./site-weights";
import { pickBySite, stackTensors } from "./stacks";
import type { Stack } from "./stacks";

/** What stands on either side of a core [side, side]: a site's frozen factors in fp32. */
export interface FrozenFactors {
  /** [inputs, side]. */
  readonly narrow: Float32Array;
  /** [side, outputs]. */
  readonly wide: Float32Array;
}

/** What a core sits between. */
export interface FrozenSides {
  /** Tells it from others of the same weight. */
  readonly name: string;
  readonly side: number;
  /** A function of the weight [outputs, inputs] alone, to the same bits everywhere. */
  readonly make: (weight: FrozenMatrix) => FrozenFactors;
}

/** What an adapter of cores is made of. */
export interface FrozenCore {
  readonly spec: AdapterSpec;
  readonly sites: readonly Site[];
  /** The core's name at each site. */
  readonly part: string;
  readonly start: Fill;
  readonly factor: number;
  readonly sides: FrozenSides;
}

/**
 * Makes an adapter of one trained core C [side, side] at each site, between two frozen factors that are made of the site's own weight W:
 *     y = W x + factor (x narrow) C wide
 * The factors are no part of the point: they are computed from the base's weights (a quantized base's decoded ones) where they are first needed,
 * and always multiplied in fp32. For example `frozenCore({ spec, sites, part: "R", start: zeros, factor: 2, sides }, model).layout.size`.
 * @param model needed to compute; without it the adapter can be laid out and counted alone
 */
export function frozenCore({ spec, sites, part, start, factor, sides }: FrozenCore, model?: Adaptable): Adapter {
  const { side } = sides;
  const stack: Stack = { sites: sites.map(({ name }) => name), part, shape: [side, side], decay: true };
  const layout = layoutOf(stackTensors(stack));
  return {
    spec,
    layout,
    sites: stack.sites,
    initial: (seed) => fillTensors(layout, seed, () => start),
    bind<T>(ops: Ops<T>): Bound<T> {
      const matrices = siteMatrices(model ?? fail(spec.kind, "a model, not its sites alone", "sites"));
      const core = pickBySite(ops, [stack], (value) => ops.scale(value, factor));
      return {
        ops,
        hooks: {
          input: (_site, x) => x,
          output(site, x, y) {
            const [small, weight] = [core(site), matrices.get(site)];
            if (small === null || weight === undefined) return y;
            const [outputs, inputs] = weight.shape;
            const constant = (which: keyof FrozenFactors, shape: readonly [number, number]): T =>
              ops.reshape(ops.embed(asRow(weight, sides, which), "zero"), shape);
            const narrow = ops.matmul(x, constant("narrow", [inputs, side]));
            const change = ops.matmul(ops.matmul(narrow, small), constant("wide", [side, outputs]));
            return ops.add(y, ops.added(change, site));
          },
        },
      };
    },
  };
}

/** What was computed of a matrix, by the sides' names, as long as the matrix is in use. */
const known = new WeakMap<FrozenMatrix, Map<string, FrozenFactors>>();

/** Gives a weight's frozen factors, computed once while the weight is in use. For example `factorsAt(weight, vectorSides(8)).narrow.length`: 8 times the inputs. */
export function factorsAt(weight: FrozenMatrix, { name, make }: FrozenSides): FrozenFactors {
  const all = known.get(weight) ?? new Map<string, FrozenFactors>();
  known.set(weight, all);
  const found = all.get(name) ?? make(weight);
  all.set(name, found);
  return found;
}

/** A factor as a table of one row, which no precision rounds. */
function asRow(weight: FrozenMatrix, sides: FrozenSides, which: keyof FrozenFactors): FrozenMatrix {
  const values = (): Float32Array => factorsAt(weight, sides)[which];
  const size = sides.side * weight.shape[which === "narrow" ? 1 : 0];
  return {
    name: `${weight.name} ${sides.name} ${which}`,
    shape: [1, size],
    read: values,
    rows(indices) {
      const out = new Float32Array(indices.length * size);
      for (let i = 0; i < indices.length; i++) out.set(values(), i * size);
      return out;
    },
  };
}
