import { fail } from "../check/check";

/** One field of a protocol-buffer message; fixed values keep their four or eight bytes. */
export type ProtoField = { readonly number: number } & (
  | { readonly kind: "varint"; readonly value: bigint }
  | { readonly kind: "fixed"; readonly value: Uint8Array }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
);

/**
 * Gives the fields of a message in the order of the file. Every length is checked against the bytes that are there.
 * @throws when a varint does not end, a field reaches beyond the message, or a wire type is not one of today's four
 * @example [...protoFields(Uint8Array.of(0x08, 0x2a), "file")] // [{ number: 1, kind: "varint", value: 42n }]
 * Source: protobuf.dev "Encoding".
 */
export function* protoFields(bytes: Uint8Array, what: string): Generator<ProtoField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return fail(what, "a whole number that ends", "the end of the file (truncated?)");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return fail(what, "a whole number of at most ten bytes", "a longer one (damaged?)");
  };
  const take = (length: bigint): Uint8Array => {
    if (length > BigInt(bytes.length - at))
      return fail(what, `a field of at most ${bytes.length - at} bytes, what is left (truncated?)`, length);
    at += Number(length);
    return bytes.subarray(at - Number(length), at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    if (number < 1 || number >= 2 ** 29) fail(what, "a field number from 1 to 2^29 - 1", number);
    switch (Number(tag & 7n)) {
      case 0:
        yield { number, kind: "varint", value: varint() };
        break;
      case 1:
        yield { number, kind: "fixed", value: take(8n) };
        break;
      case 2:
        yield { number, kind: "bytes", value: take(varint()) };
        break;
      case 5:
        yield { number, kind: "fixed", value: take(4n) };
        break;
      default:
        fail(what, "a wire type of protocol buffers: 0, 1, 2 or 5", tag & 7n);
    }
  }
}
