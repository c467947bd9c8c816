import type { Dimension } from "../../ops/shape";
import { CPU_KERNELS } from "./kernels";
import type { Kernels } from "./kernels";
import { ProtoWriter } from "./protobuf";

/** ONNX element types that the engine uses (onnx.proto, TensorProto.DataType). */
export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;

export type ElementType = typeof FLOAT | typeof UINT8 | typeof INT8 | typeof INT32 | typeof INT64 | typeof BOOL;
export type Attribute = number | { readonly float: number } | readonly number[];

/** A weight kept outside of the graph file, at a byte range of the weight file. */
export interface External {
  readonly offset: number;
  readonly bytes: number;
}

/** An operation, written, with the names of what it takes and gives. */
export interface Node {
  /** The operator's name. */
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly bytes: Uint8Array;
  /** Where the operator is defined: "" for the ONNX standard. */
  readonly domain: "" | "com.microsoft";
}

/** Collects nodes, inputs and constants of one ONNX graph; `finish` gives the file's bytes. */
export class GraphBuilder {
  private readonly all: Node[] = [];
  private readonly constants = new Map<string, Uint8Array>();
  private readonly externals = new Map<string, ExternalTensor>();
  private readonly inputs = new Map<string, Uint8Array>();
  private readonly values = new Map<string, Uint8Array>();
  private readonly shapes = new Map<string, readonly Dimension[]>();
  private readonly cache = new Map<string, string>();
  private next = 0;

  /** @param kernels those of the provider that the graph is for */
  constructor(readonly kernels: Kernels = CPU_KERNELS) {}

  get nodes(): readonly Node[] {
    return this.all;
  }

  /** The graph's inputs that these nodes take. */
  inputsOf(nodes: readonly Node[]): ReadonlySet<string> {
    return new Set(nodes.flatMap(({ inputs }) => inputs.filter((name) => this.inputs.has(name))));
  }

  /** Adds an operation and returns the name of its first output. Operators outside the standard set live in com.microsoft. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs = 1,
  ): string {
    const names = Array.from({ length: outputs }, () => `v${this.next++}`);
    const writer = new ProtoWriter();
    for (const input of inputs) writer.text(1, input);
    for (const output of names) writer.text(2, output);
    writer.text(3, `n${this.all.length}`).text(4, type);
    for (const [name, value] of Object.entries(attributes)) writer.message(5, (a) => writeAttribute(a, name, value));
    const domain = MICROSOFT.has(type) ? "com.microsoft" : "";
    if (domain !== "") writer.text(7, domain);
    this.all.push({ type, inputs, outputs: names, bytes: writer.finish(), domain });
    return names[0] as string;
  }

  /** Gives a value a name of its own: as a result, or where nodes take an input of that name, which it then is no longer. */
  called(name: string, value: string): string {
    const writer = new ProtoWriter().text(1, value).text(2, name).text(3, `n${this.all.length}`).text(4, "Identity");
    this.all.push({ type: "Identity", inputs: [value], outputs: [name], bytes: writer.finish(), domain: "" });
    return name;
  }

  /** Further outputs of a node made with `outputs > 1` follow its first. */
  sibling(first: string, index: number): string {
    return `v${Number(first.slice(1)) + index}`;
  }

  /**
   * Says a node's output's shape. ONNX Runtime cannot follow run-time sizes by itself; without names for them its memory planner
   * compares each new value with all earlier ones in vain, which takes time quadratic in the number of nodes, and no operation
   * works in place.
   */
  describe(name: string, shape: readonly Dimension[], type: ElementType = FLOAT): string {
    this.values.set(name, valueInfo(name, type, shape));
    if (type === FLOAT) this.shapes.set(name, shape);
    return name;
  }

  /** The shape that was said of a value of fp32 numbers. */
  shapeOf(name: string): readonly Dimension[] | undefined {
    return this.shapes.get(name);
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    if (!this.inputs.has(name)) this.inputs.set(name, valueInfo(name, type, shape));
    return name;
  }

  /** A small constant of integers of 8 bits. */
  bytes(type: typeof UINT8 | typeof INT8, values: Uint8Array | Int8Array, shape: readonly number[]): string {
    return this.constant(type, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), shape);
  }

  floats(values: Float32Array, shape: readonly number[]): string {
    return this.constant(FLOAT, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), shape);
  }

  scalar(value: number): string {
    return this.memo(`f${value}`, () => this.floats(Float32Array.of(value), []));
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.memo(`i${shape.join("x")}:${values.join()}`, () => {
      const data = BigInt64Array.from(values, BigInt);
      return this.constant(INT64, new Uint8Array(data.buffer), shape);
    });
  }

  /**
   * A weight whose bytes are in the weight file; the same name gives the same weight, once for either of `fixed`.
   * @param fixed false declares it as an input with this default value: ONNX Runtime then computes nothing from it beforehand
   */
  external(name: string, type: ElementType, shape: readonly number[], at: External, fixed = true): string {
    return this.memo(`w${name} ${fixed}`, () => {
      const id = `w${this.next++}`;
      this.externals.set(id, { name: id, type, shape, at, fixed });
      return id;
    });
  }

  /** Whether the value is a weight kept outside of the graph file. */
  isExternal(name: string): boolean {
    return this.externals.has(name);
  }

  memo(key: string, make: () => string): string {
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.cache.set(key, made);
    return made;
  }

  /**
   * The ModelProto of these nodes: what they take and none of them makes are its inputs.
   * @param outputs names of the results: values as they are, or under another name
   * @param location the file of the external weights
   * @param besides further results, under their own names
   */
  finish(
    outputs: Readonly<Record<string, string>> | readonly string[],
    location: string,
    nodes: readonly Node[] = this.all,
    besides: readonly string[] = [],
  ): Uint8Array {
    const { head, graph } = this.written(outputs, location, nodes, besides);
    return head.bytes(7, graph.finish()).finish();
  }

  /**
   * The ModelProto of these nodes with its external weights inside, piece by piece: no more than one weight has to be in memory.
   * @param weight gives the bytes of an external weight by its name, in order
   */
  *whole(
    outputs: readonly string[],
    nodes: readonly Node[],
    weight: (name: string) => Generator<Uint8Array, void, undefined>,
  ): Generator<Uint8Array, void, undefined> {
    const { head, graph, externals } = this.written(outputs, null, nodes, []);
    const small = graph.finish();
    const large = externals.map(({ name, type, shape, at }) => {
      // The length of the numbers stands before them: their field is begun here and ends with the pieces.
      const before = tensorHeader(name, type, shape).begin(9, at.bytes).finish();
      return { name, before, size: before.length + at.bytes };
    });
    const fields = large.map(({ size }) => new ProtoWriter().begin(5, size).finish());
    const size = large.reduce((sum, tensor, i) => sum + fields[i]!.length + tensor.size, small.length);
    yield head.begin(7, size).finish();
    yield small;
    for (const [i, { name, before }] of large.entries()) {
      yield fields[i]!;
      yield before;
      yield* weight(name);
    }
  }

  /** The fields before the graph, the graph, and the external weights that it takes, which are in it where they have a location. */
  private written(
    outputs: Readonly<Record<string, string>> | readonly string[],
    location: string | null,
    nodes: readonly Node[],
    besides: readonly string[],
  ): { readonly head: ProtoWriter; readonly graph: ProtoWriter; readonly externals: readonly ExternalTensor[] } {
    const renamed = Array.isArray(outputs) ? [] : Object.entries(outputs as Readonly<Record<string, string>>);
    const plain = [...(Array.isArray(outputs) ? (outputs as readonly string[]) : []), ...besides];
    const made = new Set(nodes.flatMap((node) => node.outputs));
    const taken = new Set([...nodes.flatMap((node) => node.inputs), ...renamed.map(([, value]) => value)]);
    const externals = [...this.externals.values()].filter(({ name }) => taken.has(name));
    const head = new ProtoWriter().integer(1, 9).message(8, (opset) => opset.text(1, "").integer(2, 20));
    if (nodes.some(({ domain }) => domain !== ""))
      head.message(8, (opset) => opset.text(1, "com.microsoft").integer(2, 1));
    head.text(2, "adazeta");
    const graph = new ProtoWriter();
    for (const { bytes } of nodes) graph.bytes(1, bytes);
    for (const [name, value] of renamed)
      graph.message(1, (node) => node.text(1, value).text(2, name).text(3, `out_${name}`).text(4, "Identity"));
    graph.text(2, "model");
    for (const [name, constant] of this.constants) if (taken.has(name)) graph.bytes(5, constant);
    if (location !== null) for (const tensor of externals) graph.bytes(5, externalTensor(tensor, location));
    for (const [name, input] of this.inputs) if (taken.has(name) && !made.has(name)) graph.bytes(11, input);
    for (const { name, type, shape, fixed } of externals) if (!fixed) graph.bytes(11, valueInfo(name, type, shape));
    for (const [name] of renamed) graph.bytes(12, valueInfo(name, FLOAT, null));
    for (const name of plain) graph.bytes(12, this.values.get(name) as Uint8Array);
    for (const [name, value] of this.values)
      if (made.has(name)) graph.bytes(13, value);
      else if (taken.has(name)) graph.bytes(11, value);
    return { head, graph, externals };
  }

  private constant(type: ElementType, bytes: Uint8Array, shape: readonly number[]): string {
    const name = `c${this.next++}`;
    this.constants.set(name, tensorHeader(name, type, shape).bytes(9, bytes).finish());
    return name;
  }
}

const MICROSOFT = new Set([
  "FusedMatMul",
  "Gelu",
  "GroupQueryAttention",
  "MatMulIntegerToFloat",
  "MatMulNBits",
  "MultiHeadAttention",
  "QuickGelu",
]);

interface ExternalTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly at: External;
  readonly fixed: boolean;
}

function tensorHeader(name: string, type: ElementType, shape: readonly number[]): ProtoWriter {
  const writer = new ProtoWriter();
  for (const size of shape) writer.integer(1, size);
  return writer.integer(2, type).text(8, name);
}

function externalTensor({ name, type, shape, at }: ExternalTensor, location: string): Uint8Array {
  const writer = tensorHeader(name, type, shape);
  const where = { location, offset: String(at.offset), length: String(at.bytes) };
  for (const [key, value] of Object.entries(where)) writer.message(13, (entry) => entry.text(1, key).text(2, value));
  return writer.integer(14, 1).finish();
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[] | null): Uint8Array {
  return new ProtoWriter()
    .text(1, name)
    .message(2, (t) =>
      t.message(1, (tensor) => {
        tensor.integer(1, type);
        if (shape === null) return;
        tensor.message(2, (s) => {
          for (const d of shape) s.message(1, (dim) => (typeof d === "number" ? dim.integer(1, d) : dim.text(2, d)));
        });
      }),
    )
    .finish();
}

function writeAttribute(writer: ProtoWriter, name: string, value: Attribute): void {
  writer.text(1, name);
  if (typeof value === "number") writer.integer(3, value).integer(20, 2);
  else if ("float" in value) writer.float(2, value.float).integer(20, 1);
  else {
    for (const item of value as readonly number[]) writer.integer(8, item);
    writer.integer(20, 7);
  }
}
