import { fail, positiveInteger, positiveNumber } from "../check/check";
import type { Site } from "../ops/site";
import type { Ops } from "../ops/ops";
import { layoutOf } from "../tree/layout";
import type { Adapter, Bound, PrefixSpec } from "./adapter";
import { inLayers } from "./choose-sites";
import { fillTensors, gaussian } from "./initial";
import { groupBy, pickBySite, stackTensors } from "./stacks";
import type { Stack } from "./stacks";

/**
 * Makes an adapter for prefix tuning: in each attention, m trainable keys and values stand before those of every text; all its tokens see them,
 * whatever the mask or the window.
 *     softmax(q [Kp; K]^T / sqrt(headSize) + [0, mask]) [Vp; V]
 * Tensors: `layers.{i}.attention.prefix.key` and `.value`, each [kvHeads * headSize, m]: a column is a token, so that heads are
 * parts of the first axis. The tokens of a text keep their positions, from 0; with rotary positions Kp enters as it is, like a
 * key at position 0. At the start both are N(0, 0.02^2), small beside a real token's: the model is not quite unchanged.
 * @example prefix({ kind: "prefix", tokens: 5 }, llama2Sites).layout.size // 1310720 for Llama-2-7B: 32 layers x 2 x 5 x 4096
 * @throws when a number is out of range, or the model has no attention
 * Source: Li and Liang, arXiv 2101.00190; the values themselves trained, and positions from 0, as in MeZO's code
 *   (princeton-nlp/MeZO, large_models/prefix.py). Departs: MeZO draws from N(0, 1) or takes the keys and values of random
 *   words (`prefixOfTokens`); libraries that hand a prefix over as a cache of past keys count positions from m instead.
 */
export function prefix(spec: PrefixSpec, sites: readonly Site[]): Adapter {
  const tokens = positiveInteger("tokens", spec.tokens);
  const deviation = positiveNumber("deviation", spec.deviation ?? 0.02);
  const keys = inLayers(sites, spec.layers).filter(({ name }) => name.endsWith(KEY));
  if (keys.length === 0)
    fail(
      "prefix",
      `a model with sites that end in "${KEY}"`,
      sites.map(({ name }) => name),
    );
  const stacks = (part: "key" | "value"): readonly Stack[] =>
    [...groupBy(keys, ({ outputs }) => outputs)].map(([width, group]) => ({
      sites: group.map(({ name }) => `${name.slice(0, -KEY.length)}.attention.prefix`),
      part,
      shape: [width, tokens],
      decay: true,
    }));
  const [keyStacks, valueStacks] = [stacks("key"), stacks("value")];
  const layout = layoutOf([...keyStacks, ...valueStacks].flatMap(stackTensors));
  return {
    spec,
    layout,
    initial: (seed) => fillTensors(layout, seed, () => gaussian(deviation)),
    bind<T>(ops: Ops<T>): Bound<T> {
      const key = pickBySite(ops, keyStacks);
      const value = pickBySite(ops, valueStacks);
      return {
        ops,
        hooks: {
          input: (_site, x) => x,
          output: (_site, _x, y) => y,
          prefix(site) {
            const [ofKeys, ofValues] = [key(`${site}.prefix`), value(`${site}.prefix`)];
            return ofKeys === null || ofValues === null ? null : { tokens, keys: ofKeys, values: ofValues };
          },
        },
      };
    },
  };
}

const KEY = ".attention.key";
