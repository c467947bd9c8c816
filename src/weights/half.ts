/** Gives the half-precision number (sign 1, exponent 5, fraction 10) in two bytes, little-endian. @example half(Uint8Array.of(0, 0x3c), 0) // 1 */
export function half(source: Uint8Array, at: number): number {
  return HALVES[source[at]! | (source[at + 1]! << 8)]!;
}

/** Every half-precision number by its 16 bits. */
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});
