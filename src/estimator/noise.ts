import { randomKey, type StreamName } from "../random/key";
import { bitsInto } from "../random/bits";
import { normalsInto } from "../random/normals";

/** Writes the standard normals of a stream over `out`, and gives it: what a kind makes its directions of. */
export type Noise = (out: Float32Array, seed: number, stream: StreamName, ...index: readonly number[]) => Float32Array;

/** The noise of every run, a function of seed, stream and index. Kinds are made with another one for draws that were recorded elsewhere. */
export const seededNoise: Noise = (out, seed, stream, ...index) => {
  normalsInto(randomKey(seed, stream, ...index), out);
  return out;
};

/** Writes uniform numbers from 0 to below 1 in place of normals. */
export const uniformNoise: Noise = (out, seed, stream, ...index) => {
  const words = new Uint32Array(out.length);
  bitsInto(randomKey(seed, stream, ...index), words);
  // The 24 bits that float32 holds: never 1.
  for (let i = 0; i < out.length; i++) out[i] = (words[i] >>> 8) / 2 ** 24;
  return out;
};
