import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { frozenProduct } from "../../src/engine/onnx/frozen-product";
import { FLOAT, GraphBuilder } from "../../src/engine/onnx/graph";
import { FP32 } from "../../src/engine/onnx/precision";
import type { Precision } from "../../src/engine/onnx/precision";
import { runtimeOptions } from "../../src/engine/onnx/session";
import { WeightFile } from "../../src/engine/onnx/weight-file";
import type { Model } from "../../src/model/model";
import { generatedWeights } from "./generated";
import { sequence } from "./sequence";
import { THREADS } from "./subject";

/** A frozen linear layer's work: [rows, inputs] times [inputs, outputs]. */
export interface Product {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Takes what the product before it took, as key and value do after query, and up after gate. */
  readonly beside?: boolean;
}

/** The linear layers of a model for `tokens` tokens of `texts` texts; after the last attention only scored tokens are computed. */
export function products({ sites, layers }: Model, tokens: number, texts: number): readonly Product[] {
  const scoredOnly = new RegExp(`^layers\\.${layers - 1}\\.(attention\\.output|mlp\\.)`);
  return sites.map(({ name, inputs, outputs }) => ({
    name,
    rows: scoredOnly.test(name) ? texts : tokens,
    inputs,
    outputs,
    beside: /\.(key|value|up)$/.test(name),
  }));
}

/** A graph of products in a file, with the weights beside it. */
interface BareGraph {
  readonly path: string;
  /** Shapes of its inputs, by name. */
  readonly inputs: ReadonlyMap<string, readonly number[]>;
}

/**
 * A graph of these products alone, of the same operations as the engine's: each takes the newest value that fits it, and values that
 * nothing takes are summed to one number. Weights are distinct (ONNX Runtime shares equal ones) and small; the sums keep ONNX Runtime
 * from leaving anything out.
 */
async function bareGraph(list: readonly Product[], precision: Precision, directory: string): Promise<BareGraph> {
  const graph = new GraphBuilder();
  const weights = new WeightFile(directory, "products", precision);
  const generated = generatedWeights("products", false);
  const inputs = new Map<string, readonly number[]>();
  const input = (name: string, shape: readonly number[]): string => {
    inputs.set(name, shape);
    return graph.input(name, FLOAT, shape);
  };
  const key = (rows: number, width: number): string => `${rows}x${width}`;
  const [first] = list;
  const newest = new Map([[key(first.rows, first.inputs), input("x", [1, first.rows, first.inputs])]]);
  const ends: string[] = [];
  let before = "";
  list.forEach(({ name, rows, inputs: width, outputs, beside }, i) => {
    const x = beside ? before : (newest.get(key(rows, width)) ?? input("last", [1, rows, width]));
    const matrix = generated.matrix(`${i}.${name}`, [outputs, width]);
    const y = frozenProduct(graph, weights, { name: x, shape: [1, rows, width] }, matrix).name;
    if (newest.has(key(rows, outputs)) || outputs > width) newest.set(key(rows, outputs), y);
    before = x;
    ends.push(graph.node("Slice", [y, graph.integers([0]), graph.integers([1]), graph.integers([2])]));
  });
  const sums = ends.map((end) => graph.node("ReduceSum", [end], { keepdims: 0 }));
  const sum = graph.node("Sum", sums);
  await weights.write();
  const path = join(directory, "products.onnx");
  writeFileSync(path, graph.finish({ sum }, weights.location));
  return { path, inputs };
}

export type Run = () => Promise<unknown>;

/** A graph that is open, with its inputs. */
export interface OpenGraph {
  readonly run: Run;
  readonly session: InferenceSession;
}

/** How benchmarks open a graph in their own thread: as the engine does by default. */
export const engineOptions = runtimeOptions({ threads: THREADS }, "all");

/** A graph of these products, one after another, ready to run; its files are gone once it is open (it holds what it maps). */
export async function bareRun(list: readonly Product[], precision: Precision = FP32): Promise<OpenGraph> {
  const directory = mkdtempSync(join(tmpdir(), "adazeta-products-"));
  try {
    const { path, inputs } = await bareGraph(list, precision, directory);
    const session = await InferenceSession.create(path, engineOptions);
    const feeds = Object.fromEntries(
      [...inputs].map(([name, shape]) => [
        name,
        new Tensor(
          "float32",
          sequence(
            shape.reduce((a, b) => a * b, 1),
            1,
          ),
          shape,
        ),
      ]),
    );
    return { run: () => session.run(feeds), session };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
