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

const BITS = new Uint32Array(1);
const VALUE = new Float32Array(BITS.buffer);

/**
 * Gives the 16 bits of the half-precision number nearest to an fp32 value, ties to the even one; beyond 65504 (and half a step) infinity.
 * @example halfBits(1) // 0x3c00
 */
export function halfBits(value: number): number {
  VALUE[0] = value;
  const bits = BITS[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  // 65520 is half a step above the largest half.
  if (size >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24.
  if (size < 0x38800000) return sign | evenRound(Math.abs(VALUE[0]) * 2 ** 24);
  const odd = (size >>> 13) & 1;
  return sign | ((size - 0x38000000 + 0xfff + odd) >>> 13);
}

function evenRound(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}
