/**
 * The few lines of the protocol-buffer wire format that writing an ONNX file needs.
 * Source: protobuf.dev "Encoding"; field numbers in graph.ts from onnx/onnx.proto (IR version 9).
 */
export class ProtoWriter {
  private readonly parts: Uint8Array[] = [];

  /** A varint field; negative numbers are sign-extended to 64 bits. */
  integer(field: number, value: number | bigint): this {
    this.parts.push(varint(BigInt(field) << 3n), varint(BigInt.asUintN(64, BigInt(value))));
    return this;
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.parts.push(varint((BigInt(field) << 3n) | 5n), bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.begin(field, value.length).parts.push(value);
    return this;
  }

  /** Begins a field of so many bytes, which the caller writes after what is here. */
  begin(field: number, length: number): this {
    this.parts.push(varint((BigInt(field) << 3n) | 2n), varint(BigInt(length)));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, fill: (writer: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    fill(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
