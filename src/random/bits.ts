import { generatorWords, type RandomKey } from "./key";
import { threefry } from "./threefry";

/**
 * Fills `out` with the key's uniformly random 32-bit words. A shorter fill is a prefix of a longer one.
 * @example const out = new Uint32Array(1); bitsInto(randomKey(0, "check"), out); out // Uint32Array [1167232089]
 */
export function bitsInto(key: RandomKey, out: Uint32Array, firstBlock = 0): void {
  const words = generatorWords(key);
  const { 1: b, 2: c, 3: d } = words.counter;
  const whole = out.length - (out.length % 4);
  threefry(words.key, [firstBlock, b, c, d], whole === out.length ? out : out.subarray(0, whole));
  if (whole === out.length) return;
  const tail = new Uint32Array(4);
  threefry(words.key, [firstBlock + whole / 4, b, c, d], tail);
  out.set(tail.subarray(0, out.length - whole), whole);
}
