import { fail } from "../../check/check";
import type { Reading } from "../../model/model";
import { turns } from "../batch-tables";
import { BOOL, FLOAT, INT64 } from "./graph";
import type { Attribute, GraphBuilder } from "./graph";
import type { Feeds } from "./low-ops";
import type { StoredWeights } from "./stored-weights";

/** What a graph that computes with packed tokens is to be told, and what of the model that needs. */
export interface PaddedInputs {
  /** The inputs that the graph takes. */
  readonly wanted: ReadonlySet<string>;
  readonly feeds: Feeds;
  readonly reading: Reading;
  /** The model's longest text. */
  readonly context: number;
}

/**
 * Emits what makes a graph's own inputs (packed tokens, and where each belongs) of what other programs give: `input_ids` [B, S] and
 * `attention_mask` [B, S], 1 where there is a token and 0 where there is padding, which may stand before or after a text; for a model that is
 * asked at a mask also `mask_position` [B], the place of the mask in its row. No padding is computed.
 * @throws when the graph takes an input that is not a function of these
 */
export function emitPaddedInputs(
  graph: GraphBuilder,
  weights: StoredWeights,
  { wanted, feeds, reading, context }: PaddedInputs,
): void {
  const node = (type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}) =>
    graph.node(type, inputs, attributes);
  const scalar = (value: number): string => graph.integers([value], []);
  const axis = (...axes: readonly number[]): string => graph.integers(axes);
  const unsqueeze = (value: string, ...axes: readonly number[]): string => node("Unsqueeze", [value, axis(...axes)]);
  const squeeze = (value: string): string => node("Squeeze", [value]);
  const range = (count: string): string => node("Range", [scalar(0), squeeze(count), scalar(1)]);
  const numbers = (value: string): string => node("Cast", [value], { to: FLOAT });

  const tokens = graph.input("input_ids", INT64, ["B", "S"]);
  const mask = graph.input("attention_mask", INT64, ["B", "S"]);
  const texts = node("Shape", [tokens], { start: 0, end: 1 });
  const longest = node("Shape", [tokens], { start: 1, end: 2 });
  const there = node("Cast", [node("Cast", [mask], { to: BOOL })], { to: INT64 });
  const lengths = node("ReduceSum", [there, axis(1)], { keepdims: 0 });
  const starts = node("CumSum", [lengths, scalar(0)], { exclusive: 1 });
  const places = node("NonZero", [there]);
  /** The text and the column of each packed token. */
  const [text, column] = [0, 1].map((row) => node("Gather", [places, scalar(row)], { axis: 0 })) as [string, string];
  const positions = node("Sub", [
    range(node("Shape", [text], { start: 0, end: 1 })),
    node("Gather", [starts, text], { axis: 0 }),
  ]);
  const firstPlaces = node("Mul", [text, longest]);
  const columns = unsqueeze(range(longest), 0);
  const beyond = (): string => node("Less", [columns, unsqueeze(lengths, 1)]);
  const hidden = (visible: string): string => node("Where", [visible, graph.scalar(0), graph.scalar(-1e9)]);
  const causalMask = (window: number): string => {
    const back = node("Sub", [unsqueeze(range(longest), 1), columns]);
    const before = node("GreaterOrEqual", [back, scalar(0)]);
    return hidden(window === Infinity ? before : node("And", [before, node("Less", [back, scalar(window)])]));
  };
  const scored = (): string => {
    if (reading !== "masked") return node("Sub", [node("Add", [starts, lengths]), scalar(1)]);
    const at = unsqueeze(graph.input("mask_position", INT64, ["B"]), 1);
    const counted = node("GatherElements", [node("CumSum", [there, scalar(1)]), at], { axis: 1 });
    return node("Sub", [node("Add", [starts, node("Squeeze", [counted, axis(1)])]), scalar(1)]);
  };
  const makers: Readonly<Record<string, () => string>> = {
    ids: () => {
      const flat = node("Reshape", [tokens, axis(-1)]);
      return node("Gather", [flat, node("Add", [firstPlaces, column])], { axis: 0 });
    },
    positions: () => positions,
    unpack: () => {
      // Places behind a text repeat its last token, as some token has to stand there.
      const within = node("Min", [columns, node("Sub", [unsqueeze(lengths, 1), scalar(1)])]);
      return node("Max", [node("Add", [unsqueeze(starts, 1), within]), scalar(0)]);
    },
    pack: () => node("Add", [firstPlaces, positions]),
    flatRows: () => node("Concat", [axis(1), node("Mul", [texts, longest]), axis(-1)], { axis: 0 }),
    paddingMask: () => unsqueeze(hidden(beyond()), 1, 2, 3),
    pool: () => {
      const own = node("Equal", [unsqueeze(text, 0), unsqueeze(range(texts), 1)]);
      return node("Div", [numbers(own), unsqueeze(numbers(lengths), 1)]);
    },
    scored,
  };
  const turned = (part: string, name: string): string => {
    const rotary = feeds.rotations.get(name)!;
    const f = part === "cos" ? Math.cos : Math.sin;
    const width = 2 * rotary.frequencies.length;
    const table = weights.values(`${part}:${name}`, [context, width], () => turns(context, rotary, f, 2));
    return node("Slice", [table, axis(0), longest, axis(0)]);
  };
  for (const name of wanted) {
    const [kind = "", of = ""] = name.split(":");
    const make =
      makers[name] ??
      (kind === "causalMask"
        ? () => causalMask(of === "all" ? Infinity : Number(of))
        : (kind === "cos" || kind === "sin") && feeds.rotations.has(of)
          ? () => turned(kind, of)
          : () => fail("portable graph", "inputs that follow from tokens and their mask", name));
    graph.called(name, make());
  }
}
