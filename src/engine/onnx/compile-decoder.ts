import type { Adapter } from "../../adapter/adapter";
import { fail } from "../../check/check";
import type { Model } from "../../model/model";
import { tokenScorer } from "../../model/token-scorer";
import { plain } from "../../ops/plain";
import { saveGraph } from "./compile";
import type { CompileOptions } from "./compile";
import { fusedOps } from "./fused";
import { GraphBuilder } from "./graph";
import { keyValueCache } from "./key-value-cache";
import type { KeyValueCache } from "./key-value-cache";
import { onnxLowOps } from "./low-ops";
import type { Feeds } from "./low-ops";
import { FP32 } from "./precision";
import { WeightFile } from "./weight-file";

/** A graph that continues texts, as a file: it takes new tokens and what earlier passes left, and gives logits and what it leaves. */
export interface CompiledDecoder {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly feeds: Feeds;
  readonly cache: Pick<KeyValueCache, "carried" | "empty">;
  /** The name of the output [R, K, vocabulary]. */
  readonly logits: string;
}

/**
 * Compiles a causal language model with its adapter to a graph of texts that each point continues in its own way. Weights go to the file that a session of
 * the model's `tokenScorer` has.
 * @throws when the model is not causal, or the disk does not take the files
 */
export async function compileDecoder(
  model: Model,
  adapter: Adapter,
  directory: string,
  { fused, kernels, precision = FP32, progress }: Omit<CompileOptions, "prefix">,
): Promise<CompiledDecoder> {
  const { head, family, reading } = model;
  if (head === null || reading !== "causal") return fail("generation", "a causal language model", `a ${family}`);
  const graph = new GraphBuilder(kernels);
  const weights = new WeightFile(directory, tokenScorer(model).id, precision);
  const feeds: Feeds = { embeddings: new Map(), rotations: new Map() };
  const low = onnxLowOps(graph, weights, adapter.layout, feeds, "R", adapter.large === true, "R");
  const cache = keyValueCache(graph);
  const small = plain(low, cache.past);
  const ops = fused ? { ...small, ...fusedOps(graph, feeds, small, cache) } : small;
  // The adapter decides on the operations; the head's product is one of them.
  const bound = adapter.bind(ops);
  const logits = bound.ops.linear(model.forward(bound.ops, bound.hooks), head.weight, head.biases);
  await weights.write(progress);
  const outputs = [logits.name, ...cache.carried.map(({ output }) => output)];
  const path = saveGraph(directory, graph.finish(outputs, weights.location));
  return { path, inputs: graph.inputsOf(graph.nodes), feeds, cache, logits: logits.name };
}
