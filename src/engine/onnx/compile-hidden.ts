import { hiddenForward } from "../../model/hidden-forward";
import type { HiddenRows } from "../../model/hidden-forward";
import type { Model } from "../../model/model";
import { plain } from "../../ops/plain";
import { layoutOf } from "../../tree/layout";
import { saveGraph } from "./compile";
import type { CompileOptions } from "./compile";
import { fusedOps } from "./fused";
import { GraphBuilder } from "./graph";
import { onnxLowOps } from "./low-ops";
import type { Feeds } from "./low-ops";
import { FP32 } from "./precision";
import { leadingTo } from "./prefix";
import { WeightFile } from "./weight-file";

/** A graph of hidden states as a file. */
export interface CompiledHidden {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly feeds: Feeds;
  /** [1, rows, width] each, in the order of the places. */
  readonly outputs: readonly string[];
}

/**
 * Compiles the frozen model up to the last of these hidden states. Weights go to the file that a session of the model has.
 * @throws when the disk does not take the files
 */
export async function compileHidden(
  model: Model,
  places: readonly number[],
  rows: HiddenRows,
  directory: string,
  { fused, kernels, precision = FP32, progress }: Pick<CompileOptions, "fused" | "kernels" | "precision" | "progress">,
): Promise<CompiledHidden> {
  const graph = new GraphBuilder(kernels);
  const weights = new WeightFile(directory, model.id, precision);
  const feeds: Feeds = { embeddings: new Map(), rotations: new Map() };
  const small = plain(onnxLowOps(graph, weights, layoutOf([]), feeds, 1, false));
  const ops = fused ? { ...small, ...fusedOps(graph, feeds, small) } : small;
  const outputs = hiddenForward(model, ops, places, rows).map(({ name, shape }, i) =>
    graph.describe(graph.called(`hidden ${i}`, name), shape),
  );
  if (model.head !== null) weights.check(model.head.weight);
  await weights.write(progress);
  const nodes = leadingTo(graph.nodes, outputs);
  const path = saveGraph(directory, graph.finish(outputs, weights.location, nodes));
  return { path, inputs: graph.inputsOf(nodes), feeds, outputs };
}
