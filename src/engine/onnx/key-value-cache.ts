import type { PastTokens } from "../../ops/plain";
import { FLOAT } from "./graph";
import type { Dimension } from "../../ops/shape";
import type { GraphBuilder } from "./graph";
import type { Value } from "./emit";
import type { CarriedOutput } from "./worker-client";

/**
 * The keys and values that attention leaves for the next pass over the same texts, as inputs and outputs of a graph. Two kinds: where a
 * fused kernel attends, new ones are written into memory that is large enough for the whole text; elsewhere they are joined to the old
 * ones, which makes a copy.
 */
export interface KeyValueCache {
  /** Of the next attention, for a kernel: its inputs, and what becomes of its outputs. */
  inPlace(
    kvHeads: number,
    headSize: number,
    shared: boolean,
  ): { readonly inputs: readonly string[]; kept(outputs: readonly string[]): void };
  /** Of the next attention, for small operations. */
  readonly past: PastTokens<Value>;
  /** Every output with the input that it is in the next pass. */
  readonly carried: readonly CarriedOutput[];
  /** The shapes of the inputs in the first pass over texts of points that will have at most this many tokens each. */
  empty(tokens: number, texts: number, points: number): ReadonlyMap<string, readonly number[]>;
}

/** Opens a cache of keys and values, as inputs and outputs of a graph. For example `const cache = keyValueCache(graph); const ops = { ...small, ...fusedOps(graph, feeds, plain(low, cache.past), cache) }`. */
export function keyValueCache(graph: GraphBuilder): KeyValueCache {
  const carried: CarriedOutput[] = [];
  /** The shape of an input before the first pass over texts of so many tokens. */
  const starts = new Map<string, (tokens: number, texts: number, points: number) => readonly number[]>();
  const next = (part: "key" | "value"): string => `past:${part}:${carried.filter(isOf(part)).length}`;
  const isOf =
    (part: string) =>
    ({ input }: CarriedOutput): boolean =>
      input.startsWith(`past:${part}:`);

  const joined = (part: "key" | "value", heads: Value): Value => {
    const [rows, texts, kvHeads, groups, , headSize] = heads.shape as readonly [
      Dimension,
      Dimension,
      number,
      number,
      Dimension,
      number,
    ];
    const shape = (tokens: Dimension): readonly Dimension[] => [rows, texts, kvHeads, groups, tokens, headSize];
    const input = graph.input(next(part), FLOAT, shape("past"));
    const output = graph.describe(graph.node("Concat", [input, heads.name], { axis: 4 }), shape("past+S"));
    starts.set(input, (_, of, points) => [heads.shared ? 1 : points, of, kvHeads, groups, 0, headSize]);
    carried.push({ input, output, inPlace: false });
    return { ...heads, name: output, shape: shape("past+S") };
  };

  return {
    carried,
    inPlace(kvHeads, headSize, shared) {
      const shape = [shared ? "B" : "R*B", kvHeads, "room", headSize];
      const inputs = (["key", "value"] as const).map((part) => graph.input(next(part), FLOAT, shape));
      for (const input of inputs)
        starts.set(input, (tokens, texts, points) => [shared ? texts : points * texts, kvHeads, tokens, headSize]);
      return {
        inputs,
        kept: (outputs) =>
          inputs.forEach((input, i) =>
            carried.push({ input, output: graph.describe(outputs[i] as string, shape), inPlace: true }),
          ),
      };
    },
    past: { after: (keys, values) => [joined("key", keys), joined("value", values)] },
    empty: (tokens, texts, points) =>
      new Map([...starts].map(([input, shape]) => [input, shape(tokens, texts, points)])),
  };
}
