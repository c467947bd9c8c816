import { readFileSync } from "node:fs";

/** What of an ONNX file's graph tests look at. */
export interface OnnxGraph {
  readonly nodes: readonly {
    readonly type: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
  /** Names with a declared shape: values inside the graph. */
  readonly described: ReadonlySet<string>;
}

type Fields = ReadonlyMap<number, readonly Uint8Array[]>;

/** Reads nodes and described values of an ONNX file (ModelProto.graph = 7, GraphProto.node = 1, value_info = 13). */
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
  };
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
