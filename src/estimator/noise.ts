import { randomKey, type StreamName } from "../random/key";
import { normalsInto } from "../random/normals";
import { uniforms } from "../random/uniforms";

/** Writes the standard normals of a stream over `out`, and gives it: what a kind makes its directions of. */
export type Noise = (out: Float32Array, seed: number, stream: StreamName, ...index: readonly number[]) => Float32Array;

/** The noise of every run, a function of seed, stream and index. Kinds are made with another one for draws that were recorded elsewhere. */
export const seededNoise: Noise = (out, seed, stream, ...index) => {
  normalsInto(randomKey(seed, stream, ...index), out);
  return out;
};

/** Writes uniform numbers from 0 to below 1 in place of normals. */
export const uniformNoise: Noise = (out, seed, stream, ...index) => {
  out.set(uniforms(randomKey(seed, stream, ...index), out.length));
  return out;
};
