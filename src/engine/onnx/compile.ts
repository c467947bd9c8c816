import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Adapter } from "../../adapter/adapter";
import { forwardWith } from "../../model/forward-with";
import type { Model } from "../../model/model";
import { dual } from "../../ops/dual";
import { plain } from "../../ops/plain";
import { fusedOps } from "./fused";
import { GraphBuilder } from "./graph";
import { onnxLowOps } from "./low-ops";
import type { Feeds } from "./low-ops";
import { FP32 } from "./precision";
import type { Precision } from "./precision";
import { cutBeforeAdapters } from "./prefix";
import { WeightFile } from "./weight-file";
import type { WriteProgress } from "./weight-file";

/** An ONNX graph as a file, and what each of its runs must be fed. */
export interface Compiled {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly feeds: Feeds;
  readonly nodes: number;
  /** What is computed once for all points on a batch, before `path`'s graph: its outputs are inputs there. */
  readonly prefix: Prefix | null;
}

export interface Prefix {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly outputs: readonly string[];
}

export interface CompileOptions {
  /** Fused kernels where no tangent is needed. */
  readonly fused: boolean;
  /** Cuts off what is before the first adapter; default false: one graph. */
  readonly prefix?: boolean;
  /** How frozen products are stored and computed; default fp32. */
  readonly precision?: Precision;
  /** Told while weights are written. */
  readonly progress?: WriteProgress | undefined;
}

/**
 * Compiles a model with its adapter to an ONNX file in `directory`: "plain" gives `features` [R, B, H], "dual" also their
 * `tangents` [P, B, H]. Weights go to a file beside it, shared by all graphs of the model.
 * @throws when the disk does not take the files, or a dual graph has nothing trainable
 */
export async function compile(
  model: Model,
  adapter: Adapter,
  kind: "plain" | "dual",
  directory: string,
  { fused, prefix = false, precision = FP32, progress }: CompileOptions,
): Promise<Compiled> {
  const graph = new GraphBuilder();
  const weights = new WeightFile(directory, model.id, precision);
  const feeds: Feeds = { embeddings: new Map(), rotations: new Map() };
  const low = onnxLowOps(graph, weights, adapter.layout, feeds, kind === "plain" ? "R" : 1, adapter.large === true);
  const outputs: Record<string, string> = {};
  if (kind === "plain") {
    const small = plain(low);
    const ops = fused ? { ...small, ...fusedOps(graph, feeds, small) } : small;
    const features = forwardWith(model, adapter, ops);
    outputs["features"] = features.name;
  } else {
    const ops = dual(low);
    const { primal, tangents } = forwardWith(model, adapter, ops);
    if (tangents === null) throw new Error("directional derivatives: the adapter has no trainable parameter");
    outputs["features"] = primal.name;
    outputs["tangents"] = tangents.name;
  }
  await weights.write(progress);
  const save = (bytes: Uint8Array): string => saveGraph(directory, bytes);
  const cut = prefix ? cutBeforeAdapters(graph.nodes, Object.values(outputs), (name) => graph.isExternal(name)) : null;
  const nodes = cut?.rest ?? graph.nodes;
  return {
    path: save(graph.finish(outputs, weights.location, nodes)),
    inputs: graph.inputsOf(nodes),
    feeds,
    nodes: nodes.length,
    prefix: cut && {
      path: save(graph.finish(cut.between, weights.location, cut.prefix)),
      inputs: graph.inputsOf(cut.prefix),
      outputs: cut.between,
    },
  };
}

/** Writes a graph to a file of its own name in the folder; the same graph has one file. */
export function saveGraph(directory: string, bytes: Uint8Array): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${createHash("sha256").update(bytes).digest("hex").slice(0, 24)}.onnx`);
  writeFileSync(path, bytes);
  return path;
}
