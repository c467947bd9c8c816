import { InferenceSession, Tensor } from "onnxruntime-node";
import { FLOAT, GraphBuilder } from "../../src/engine/onnx/graph";
import type { Model } from "../../src/model/model";
import { THREADS } from "./subject";

/** A frozen linear layer's work: [rows, inputs] times [inputs, outputs]. */
export interface Product {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** The linear layers of a model for `tokens` tokens of `texts` texts; after the last attention only scored tokens are computed. */
export function products({ sites, layers }: Model, tokens: number, texts: number): readonly Product[] {
  const scoredOnly = new RegExp(`^layers\\.${layers - 1}\\.(attention\\.output|mlp\\.)`);
  return sites.map(({ name, inputs, outputs }) => ({
    name,
    rows: scoredOnly.test(name) ? texts : tokens,
    inputs,
    outputs,
  }));
}

/**
 * A graph of these products alone: each takes the newest value that fits it, and values that nothing takes are summed to one number.
 * Weights are distinct (ONNX Runtime shares equal ones) and small; the sums keep ONNX Runtime from leaving anything out.
 */
export function bareModel(list: readonly Product[]): Uint8Array {
  const graph = new GraphBuilder();
  const [first] = list;
  const key = (rows: number, width: number): string => `${rows}x${width}`;
  const newest = new Map([[key(first.rows, first.inputs), graph.input("x", FLOAT, [1, first.rows, first.inputs])]]);
  const ends: string[] = [];
  list.forEach(({ rows, inputs, outputs }, i) => {
    const x = newest.get(key(rows, inputs)) ?? graph.input("last", FLOAT, [1, rows, inputs]);
    const weight = graph.floats(sequence(inputs * outputs, i + 1), [outputs, inputs]);
    const y = graph.node("FusedMatMul", [x, weight], { transB: 1 });
    if (newest.has(key(rows, outputs)) || outputs > inputs) newest.set(key(rows, outputs), y);
    ends.push(graph.node("Slice", [y, graph.integers([0]), graph.integers([1]), graph.integers([2])]));
  });
  const sums = ends.map((end) => graph.node("ReduceSum", [end], { keepdims: 0 }));
  return graph.finish({ sum: graph.node("Sum", sums) }, "");
}

export type Run = () => Promise<unknown>;

/** How benchmarks open a graph in their own thread. */
export const engineOptions = {
  intraOpNumThreads: THREADS,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
} as const;

/** A graph of these products, one after another, ready to run. */
export async function bareRun(list: readonly Product[]): Promise<Run> {
  const session = await InferenceSession.create(bareModel(list), engineOptions);
  const [{ rows, inputs }] = list;
  const x = new Tensor("float32", sequence(rows * inputs), [1, rows, inputs]);
  const last = list.filter(({ rows: other }) => other !== rows)[0];
  const feeds: Record<string, Tensor> = { x };
  if (last) feeds["last"] = new Tensor("float32", sequence(last.rows * last.inputs), [1, last.rows, last.inputs]);
  return () => session.run(feeds);
}

/** Small numbers without a pattern that matters, of mean about 0: a linear congruential sequence. */
export function sequence(size: number, seed = 0): Float32Array {
  const out = new Float32Array(size);
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = (state / 2 ** 32 - 0.5) / 8;
  }
  return out;
}
