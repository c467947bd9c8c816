/** Small numbers without a pattern that matters, of mean about 0: a linear congruential sequence. */
export function sequence(size: number, seed = 0): Float32Array {
  const out = new Float32Array(size);
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = (state / 2 ** 32 - 0.5) / 8;
  }
  return out;
}
