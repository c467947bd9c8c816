import type { FrozenMatrix } from "../../ops/ops";
import { rowBlocks } from "../row-blocks";
import { FLOAT } from "./graph";
import type { GraphBuilder } from "./graph";

const PAGE = 4096;

/** Bytes of a weight, in order; no more than one matrix is read at a time. */
type Pieces = () => Generator<Uint8Array, void, undefined>;

/** The fp32 weights of a graph that is written with them: read only while they are written, each once. */
export class StoredWeights {
  private readonly weights = new Map<string, { readonly bytes: number; readonly pieces: Pieces }>();
  private size = 0;

  constructor(private readonly graph: GraphBuilder) {}

  /** Bytes of all weights, each on pages of its own. */
  get bytes(): number {
    return this.size;
  }

  /** A table as it is, [rows, width]. */
  table(matrix: FrozenMatrix): string {
    return this.add(`table ${matrix.name}`, matrix.shape, function* () {
      for (const { rows } of rowBlocks(matrix)) yield bytesOf(rows);
    });
  }

  /** A matrix [out, in] the other way round, as a product of the ONNX standard takes it: [in, out]. */
  turned(matrix: FrozenMatrix): string {
    const [outputs, inputs] = matrix.shape;
    return this.add(`turned ${matrix.name}`, [inputs, outputs], function* () {
      const all = new Float32Array(inputs * outputs);
      for (const { rows, first } of rowBlocks(matrix))
        for (let at = 0; at < rows.length; at++)
          all[(at % inputs) * outputs + first + Math.floor(at / inputs)] = rows[at]!;
      yield bytesOf(all);
    });
  }

  /** Numbers that are in memory already, or made when they are written. */
  values(name: string, shape: readonly number[], read: () => Float32Array): string {
    return this.add(`values ${name}`, shape, function* () {
      yield bytesOf(read());
    });
  }

  /** Gives the bytes of a weight by its name in the graph. */
  *pieces(name: string): Generator<Uint8Array, void, undefined> {
    yield* this.weights.get(name)!.pieces();
  }

  /** Gives all weights as one file, each at the place that the graph names. */
  *file(): Generator<Uint8Array, void, undefined> {
    for (const { bytes, pieces } of this.weights.values()) {
      yield* pieces();
      yield new Uint8Array(padding(bytes));
    }
  }

  private add(key: string, shape: readonly number[], pieces: Pieces): string {
    const bytes = shape.reduce((a, b) => a * b, 4);
    const known = this.weights.size;
    const name = this.graph.external(key, FLOAT, shape, { offset: this.size, bytes });
    this.weights.set(name, { bytes, pieces });
    if (this.weights.size > known) this.size += bytes + padding(bytes);
    return name;
  }
}

/** What is left of the last page. */
function padding(bytes: number): number {
  return (PAGE - (bytes % PAGE)) % PAGE;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
