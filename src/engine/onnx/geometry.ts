import { fail } from "../../check/check";
import { scoredPlaces } from "../scored";
import type { TokenBatch } from "../session";

/** Where every packed token of a batch lies: the integer and mask inputs of a graph. B texts, S the longest, T tokens in all. */
export interface Geometry {
  /** Tokens of each text [B] that earlier passes have computed: the position of its first token here. */
  readonly starts: Int32Array;
  /** The most of them. */
  readonly start: number;
  readonly texts: number;
  readonly longest: number;
  readonly tokens: number;
  /** Token ids [T] and their positions, from the text's start on [T]. */
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly lengths: Int32Array;
  /** Packed row of each padded place [B, S]; padding repeats the text's first token. */
  readonly unpack: Int32Array;
  /** Padded place of each packed token [T]. */
  readonly pack: Int32Array;
  /** Packed row of each scored token [K]. */
  readonly scored: Int32Array;
  /** The token wanted there [K]; null where the batch names none. */
  readonly targets: Int32Array | null;
}

/**
 * Packs the texts' tokens one after another, so that no matrix product is spent on padding.
 * @param before tokens that earlier passes have computed, of every text or of each
 * @example packBatch({ ids: [[5, 6], [7]] }).unpack // Int32Array [0, 1, 2, 2]
 * @throws when there is no text, a text is empty, or a scored position is outside its text
 */
export function packBatch(batch: TokenBatch, before: number | readonly number[] = 0): Geometry {
  const texts = batch.ids.length;
  if (texts === 0) fail("batch", "at least one text", 0);
  const lengths = Int32Array.from(batch.ids, (ids, b) => ids.length || fail(`batch[${b}]`, "at least one token", ids));
  const longest = Math.max(...lengths);
  const tokens = lengths.reduce((a, b) => a + b, 0);
  const ids = new Int32Array(tokens);
  const positions = new Int32Array(tokens);
  const unpack = new Int32Array(texts * longest);
  const pack = new Int32Array(tokens);
  const starts = Int32Array.from({ length: texts }, (_, b) => (typeof before === "number" ? before : before[b]!));
  const firsts = new Int32Array(texts);
  let row = 0;
  batch.ids.forEach((text, b) => {
    firsts[b] = row;
    unpack.fill(row, b * longest, (b + 1) * longest);
    text.forEach((id, t) => {
      ids[row + t] = id;
      positions[row + t] = starts[b]! + t;
      unpack[b * longest + t] = row + t;
      pack[row + t] = b * longest + t;
    });
    row += text.length;
  });
  const places = scoredPlaces(batch);
  const scored = Int32Array.from(places, ({ text, at }) => (firsts[text] as number) + at);
  const targets = batch.targets ? Int32Array.from(places, ({ target }) => target as number) : null;
  return {
    starts,
    start: Math.max(...starts),
    texts,
    longest,
    tokens,
    ids,
    positions,
    lengths,
    unpack,
    pack,
    scored,
    targets,
  };
}
