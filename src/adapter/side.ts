import { fail, positiveInteger } from "../check/check";
import type { Ops } from "../ops/ops";
import type { Site } from "../ops/site";
import { layoutOf } from "../tree/layout";
import type { Layout } from "../tree/layout";
import type { Adapter, Bound, SideSpec } from "./adapter";
import { layerOf } from "./choose-sites";
import { denseMatrix } from "./dense-matrix";
import { fillTensors, filledWith, uniform, zeros } from "./initial";
import type { Fill } from "./initial";
import { antiRedundant, meanOf } from "./side-aggregate";
import { sideFeatures, trainedNorm } from "./side-features";
import type { SidePart } from "./side-features";
import { readStack, stackTensors } from "./stacks";
import type { Stack } from "./stacks";

/**
 * Makes a side network: it reads the hidden states of frozen layers and gives what the last layer takes in place of those before it, so that a
 * gradient goes back through that layer alone, and no value of the others is kept.
 *     D the feature of the deepest hidden states h, S_j those of the others (`sideFeatures`), agg of them by `antiRedundant` or `meanOf`
 *     h <- W relu(agg) + b + tanh(g / 0.1) h,  "norm": LayerNorm(W relu(agg) + b) + tanh(g / 0.1) h
 * Tensors: `side.{place}.down.*` and more for each hidden state that is read, `side.score.*` (v and c), `side.out.*`, and `side.skip` (g), which starts
 * at 0: h itself has no part at first. With skip "whole" h is added as it is and the network's last tensors are 0: the model is unchanged at first.
 * v starts at 0 and c at 1: no weight is 0 at the start, where it would have no gradient.
 * @example side({ kind: "side", width: 64, aggregation: "anti-redundancy", form: "norm", features: { apart: 8 } }, llama2Sites).layout.size // 1586178
 * @throws when a number is out of range, the network is wider than the model, a hidden state is not there or not before the last layer, or the model
 *   has one layer alone
 * Source: SHERL, arXiv 2407.07523; Paranioar/SHERL@36b4496: "gated" is its T5's and cross-modal encoder's module, "norm" its BERT text encoder's, both
 *   with the late route through the last layer. Departs: dropout is left out; the start of v and c, biases at 0, and the start of "whole" are ours.
 */
export function side(spec: SideSpec, sites: readonly Site[]): Adapter {
  const places = sidePlaces(spec, sites);
  const module = sideModule(spec, places, sites[0]!.inputs);
  const guide = places[places.length - 1]!;
  return {
    spec,
    layout: module.layout,
    reads: places,
    initial: module.initial,
    bind<T>(ops: Ops<T>): Bound<T> {
      const run = module.bind(ops);
      const seen = new Map<number, T>();
      return {
        ops,
        hooks: {
          input: (_site, x) => x,
          output: (_site, _x, y) => y,
          hidden(place, h) {
            seen.set(place, h);
            if (place !== guide) return h;
            return run(
              places.map((at) => seen.get(at)!),
              h,
            );
          },
        },
      };
    },
  };
}

/** A side network without a model: from the hidden states that it reads, the deepest last, and what it replaces, to what it gives. */
export interface SideModule {
  readonly layout: Layout;
  initial(seed: number): Float32Array;
  bind<T>(ops: Ops<T>): (features: readonly T[], last: T) => T;
}

/**
 * Makes the network of a side adapter for hidden states of a width, read at these places.
 * For example `sideModule(spec, [0, 3, 5], 384).bind(ops)([h0, h3, h5], h5)`.
 */
export function sideModule(spec: SideSpec, places: readonly number[], inputs: number): SideModule {
  const { form, aggregation, skip = "gate" } = checked(spec);
  const width = checkedWidth(spec, inputs);
  const whole = skip === "whole";
  const epsilon = EPSILON[form];
  const features = sideFeatures(
    form,
    places.map((place) => `side.${place}`),
    inputs,
    width,
  );
  const score = denseMatrix(["side"], "score", [width, 1], zeros, filledWith(1));
  const out = denseMatrix(["side"], "out", [width, inputs], whole && form === "gated" ? zeros : uniform(1 / Math.sqrt(width))); // prettier-ignore
  const norm = form === "norm" ? trainedNorm(["side"], "out.norm", inputs, OUT_EPSILON, whole ? 0 : 1) : null;
  const share: Stack = { sites: ["side"], part: "skip", shape: [1], decay: false };
  const parts: readonly SidePart["tensors"][number][] = [
    ...features.tensors,
    ...(aggregation === "mean" ? [] : score.tensors),
    ...out.tensors,
    ...(norm?.tensors ?? []),
    ...(whole ? [] : [{ stack: share, start: zeros }]),
  ];
  const layout = layoutOf(parts.flatMap(({ stack }) => stackTensors(stack)));
  const starts = new Map<string, Fill>(
    parts.flatMap(({ stack, start }) => stackTensors(stack).map(({ name }) => [name, start] as const)),
  );
  return {
    layout,
    initial: (seed) => fillTensors(layout, seed, ({ name }) => starts.get(name)!),
    bind<T>(ops: Ops<T>) {
      const project = features.bind(ops, 1);
      const scored = aggregation === "mean" ? null : score.bind(ops, 1);
      const wide = out.bind(ops, 1);
      const normalized = norm?.bind(ops, 1) ?? ((x: T): T => x);
      return (hidden: readonly T[], last: T): T => {
        const all = hidden.map((h, i) => project(h, i));
        const [shallow, guide] = [all.slice(0, -1), all[all.length - 1]!];
        const said =
          scored === null
            ? meanOf(ops, shallow, guide)
            : antiRedundant(ops, shallow, guide, (x) => scored(x, 0), epsilon);
        const made = normalized(wide(ops.relu(said), 0), 0);
        if (whole) return ops.add(made, last);
        const open = ops.tanh(ops.scale(ops.reshape(readStack(ops, share), [1, 1]), 1 / TEMPERATURE));
        return ops.add(made, ops.multiply(last, open));
      };
    },
  };
}

/**
 * Gives the places of the hidden states that a side network reads, in order, the last of them what the last layer takes.
 * For example `sidePlaces({ features: { apart: 10 }, ...spec }, smollm2Sites)`: [0, 10, 20, 29] of 30 layers.
 * @throws when a place is not there, is there twice, or nothing is left beside the last
 */
export function sidePlaces({ features }: SideSpec, sites: readonly Site[]): readonly number[] {
  const last = Math.max(-1, ...sites.map((site) => layerOf(site) ?? -1));
  if (last < 1) fail("side", "a model of at least two layers: the last one takes what it gives", `${last + 1}`);
  const upTo = Array.from({ length: last }, (_, place) => place);
  if (features === undefined) return [...upTo, last];
  if (typeof features !== "object" || features === null || !("apart" in features || Array.isArray(features)))
    return fail("side.features", "a list of places, or { apart: layers }", features);
  if ("apart" in features) {
    const apart = positiveInteger("side.features.apart", features.apart);
    return [...upTo.filter((place) => place % apart === 0), last];
  }
  if (features.length === 0) fail("side.features", `at least one place of 0..${last - 1}`, features);
  features.forEach((place, i) => {
    if (!upTo.includes(place) || features.indexOf(place) !== i)
      fail(`side.features[${i}]`, `places 0..${last - 1}, each once (the last layer takes place ${last}, which is always read)`, place); // prettier-ignore
  });
  return [...upTo.filter((place) => features.includes(place)), last];
}

/** Features are projections of the hidden states: as wide as those at most. The norm of one number alone is 0, whatever it says. */
function checkedWidth({ width, form }: SideSpec, inputs: number): number {
  positiveInteger("side.width", width);
  if (width > inputs) fail("side.width", `at most ${inputs}, the width of the model's hidden states`, width);
  if (form === "norm" && width < 2)
    fail("side.width", 'at least 2 with form "norm": the norm of one number is 0', width);
  return width;
}

function checked(spec: SideSpec): SideSpec {
  const { form, aggregation, skip } = spec;
  if (!Object.hasOwn(EPSILON, form)) fail("side.form", '"gated" or "norm"', form);
  if (!["anti-redundancy", "mean"].includes(aggregation))
    fail("side.aggregation", '"anti-redundancy" or "mean"', aggregation);
  if (skip !== undefined && !["gate", "whole"].includes(skip)) fail("side.skip", '"gate" or "whole"', skip);
  return spec;
}

const EPSILON = { gated: 1e-6, norm: 1e-8 } as const;
const OUT_EPSILON = 1e-12;
const TEMPERATURE = 0.1;
