/** xorshift32: numbers in [0, 1) for choosing mutations. */
export function generator(seed: number): () => number {
  // Neighbouring seeds are spread over all bits first.
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const NUMBERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  31n,
  255n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/**
 * One to four changes in the first `header` bytes: a byte, a bit, a run of zeros or ones, a number of 32 or 64 bits (any, or one at a
 * limit), a cut, a copied piece, bytes that are no UTF-8, a piece put in or taken out.
 */
export function mutated(original: Uint8Array, header: number, random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const below = (limit: number): number => Math.floor(random() * limit);
  const changes = 1 + below(4);
  for (let change = 0; change < changes; change++) {
    if (bytes.length < 24) break;
    const at = below(Math.min(header, bytes.length - 16));
    switch (below(10)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at] ^= 1 << below(8);
        break;
      case 2:
        bytes.fill(random() < 0.5 ? 0 : 255, at, at + 1 + below(8));
        break;
      case 3:
        bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(below(2 ** 31)) << BigInt(below(40))), at);
        break;
      case 4:
        bytes.writeBigUInt64LE(NUMBERS[below(NUMBERS.length)]!, at);
        break;
      case 5:
        bytes.writeUInt32LE(
          random() < 0.5 ? below(64) : Number(BigInt.asUintN(32, NUMBERS[below(NUMBERS.length)]!)),
          at,
        );
        break;
      case 6:
        bytes = bytes.subarray(0, Math.max(17, at));
        break;
      case 7:
        bytes.copyWithin(at, below(header), below(header) + below(12));
        break;
      case 8:
        Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80]).copy(bytes, at);
        break;
      default: {
        const cut = bytes.subarray(at + (random() < 0.5 ? below(9) : 0));
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + below(40)), cut]);
      }
    }
  }
  return bytes;
}

/** What may stand in place of a value of a JSON header. */
const VALUES: readonly string[] = [
  "0",
  "-1",
  "1.5",
  "1e308",
  "-0",
  "9007199254740993",
  "1e400",
  "null",
  "true",
  '""',
  '"F32"',
  '"BF16"',
  '"I64"',
  "[]",
  "{}",
  "[0]",
  "[0,0]",
  "[4,4]",
  "[1,2,3,4,5,6,7,8,9]",
  '"__proto__"',
  "[9007199254740991,9007199254740991]",
  "[2,-2]",
  "[4294967296,0]",
  '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}',
  '"\\ud800"',
];

/** A safetensors file whose JSON header has one to three values or names replaced, doubled or nested, under a length that fits it. */
export function mutatedHeader(original: Uint8Array, random: () => number): Buffer {
  const file = Buffer.from(original);
  const length = Number(file.readBigUInt64LE(0));
  let json = file.toString("utf8", 8, 8 + length);
  const below = (limit: number): number => Math.floor(random() * limit);
  const changes = 1 + below(3);
  for (let change = 0; change < changes; change++) {
    const places = [...json.matchAll(/-?\d+(?:\.\d+)?|"[^"]*"|\[[^\]]*\]|\{[^{}]*\}/g)];
    const place = places[below(places.length)];
    if (!place) break;
    const [text] = place;
    const replacement = [
      () => VALUES[below(VALUES.length)]!,
      () => `${below(2 ** 32)}`,
      () => `${text},${text}`,
      () => "[".repeat(1 + below(6)) + text + "]".repeat(1 + below(6)),
      () => (below(20) === 0 ? `${"[".repeat(20_000)}${"]".repeat(20_000)}` : text.slice(0, below(text.length))),
    ][below(5)]!();
    json = json.slice(0, place.index) + replacement + json.slice(place.index! + text.length);
  }
  const text = Buffer.from(json);
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([header, text, file.subarray(8 + length)]);
}

/** What one number of a JSON file may be instead. */
const SIZES: readonly string[] = [
  ...["0", "-1", "1.5", "1000000", "1e9", "2147483647", "4294967296", "9007199254740991", "1e15", "1e308", "1e400"],
  ...["null", '"8"', "[]", "[1e9]", "{}"],
];

/** A JSON text of which one to three numbers are replaced by others, most of them sizes that nothing has. */
export function mutatedNumbers(original: string, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let json = original;
  const changes = 1 + below(3);
  for (let change = 0; change < changes; change++) {
    const places = [...json.matchAll(/([:[,]\s*)(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=\s*[,\]}])/g)];
    const place = places[below(places.length)];
    if (!place) break;
    const at = place.index! + place[1]!.length;
    json = json.slice(0, at) + SIZES[below(SIZES.length)]! + json.slice(at + place[2]!.length);
  }
  return Buffer.from(json);
}
