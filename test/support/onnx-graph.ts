import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, join } from "node:path";

/** What of an ONNX file's graph tests look at. */
export interface OnnxGraph {
  readonly nodes: readonly {
    readonly type: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
  /** Names with a declared shape: values inside the graph. */
  readonly described: ReadonlySet<string>;
  /** The bytes of the weights, in order, wherever they are kept; a large file's are read one after another. */
  weights(): Iterable<Uint8Array>;
}

type Fields = ReadonlyMap<number, readonly Uint8Array[]>;

/** Reads nodes, weights and described values of an ONNX file (ModelProto.graph = 7, GraphProto.node = 1, initializer = 5, value_info = 13). */
export function readOnnxGraph(path: string): OnnxGraph {
  const [graph] = fieldsOf(readFileSync(path)).get(7)!;
  const parts = fieldsOf(graph);
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return {
    nodes: parts.get(1)!.map((bytes) => {
      const node = fieldsOf(bytes);
      return { type: text(node.get(4)![0]), inputs: (node.get(1) ?? []).map(text), outputs: node.get(2)!.map(text) };
    }),
    described: new Set((parts.get(13) ?? []).map((bytes) => text(fieldsOf(bytes).get(1)![0]))),
    *weights() {
      for (const bytes of parts.get(5) ?? []) {
        const tensor = fieldsOf(bytes);
        const place = (tensor.get(13) ?? []).map((entry) =>
          [...fieldsOf(entry).values()].map(([value]) => text(value)),
        );
        yield (
          tensor.get(9)?.[0] ?? rangeOf(dirname(path), Object.fromEntries(place) as Readonly<Record<string, string>>)
        );
      }
    },
  };
}

/** TensorProto.external_data = 13: location, offset, length. */
function rangeOf(folder: string, { location, offset, length }: Readonly<Record<string, string>>): Uint8Array {
  const bytes = new Uint8Array(Number(length));
  const file = openSync(join(folder, location), "r");
  try {
    if (readSync(file, bytes, 0, bytes.length, Number(offset)) !== bytes.length)
      throw new Error(`${location}: cut off`);
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** The length-delimited fields of a message; numbers are skipped. */
function fieldsOf(bytes: Uint8Array): Fields {
  const found = new Map<number, Uint8Array[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >>> 3, key & 7];
    if (wire === 0) varint();
    else if (wire === 5) at += 4;
    else {
      const length = varint();
      found.set(field, [...(found.get(field) ?? []), bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return found;
}
