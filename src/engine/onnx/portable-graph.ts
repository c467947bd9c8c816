import type { Adapter } from "../../adapter/adapter";
import { fail, sameLength } from "../../check/check";
import { forwardWith } from "../../model/forward-with";
import type { Model } from "../../model/model";
import { plain } from "../../ops/plain";
import { GraphBuilder } from "./graph";
import { STANDARD_KERNELS } from "./kernels";
import type { Feeds } from "./low-ops";
import { emitPaddedInputs } from "./padded-inputs";
import { standardOps } from "./standard-ops";
import { StoredWeights } from "./stored-weights";

/** A linear readout of features: score[c] = scale <feature, row_c> + bias_c. */
export interface LinearReadout {
  /** [C, H] row-major. */
  readonly rows: Float32Array;
  readonly classes: number;
  readonly width: number;
  readonly scale: number;
  readonly bias?: Float32Array;
}

/** Bytes that are written one after another. */
export type Pieces = Generator<Uint8Array, void, undefined>;

/** A classifier as an ONNX graph with its weights, not yet written. */
export interface PortableGraph {
  /** The names of its inputs, all of integers of 64 bits. */
  readonly inputs: readonly string[];
  /** Bytes of its weights. */
  readonly bytes: number;
  /** The file's content with all weights inside. */
  whole(): Pieces;
  /** The content of a file without the large weights, which lie in a file of that name beside it. */
  graph(location: string): Uint8Array;
  /** The content of that file. */
  weights(): Pieces;
}

/** What a graph gives for each text: scores, and their softmax. */
export const PORTABLE_OUTPUTS = ["logits", "probabilities"] as const;

/**
 * Compiles a model with its adapter at a point and a readout to an ONNX graph of the standard's operators alone (opset 20), in fp32:
 * `input_ids` and `attention_mask` [B, S] (with `mask_position` [B] where the model is asked at a mask) -> `logits` and `probabilities` [B, C].
 * For example `portableGraph(model, adapter, point, readoutAt(readout, adapter.layout, point)).whole()`.
 * @param point theta [d]
 * @param readout at that point
 * @throws when the readout is not as wide as the features
 */
export function portableGraph(
  model: Model,
  adapter: Adapter,
  point: Float32Array,
  readout: LinearReadout,
): PortableGraph {
  const { reading, context } = model;
  sameLength("point", point.length, adapter.layout.size);
  if (readout.width !== model.width) fail("readout.width", `${model.width}, the model's`, readout.width);
  const graph = new GraphBuilder(STANDARD_KERNELS);
  const weights = new StoredWeights(graph);
  const feeds: Feeds = { embeddings: new Map(), rotations: new Map() };
  const low = standardOps(graph, weights, adapter.layout, point, feeds);
  const features = forwardWith(model, adapter, plain(low));
  emitScores(graph, features.name, readout);
  const forward = [...graph.nodes];
  emitPaddedInputs(graph, weights, { wanted: graph.inputsOf(forward), feeds, reading, context });
  // Nodes stand in an order in which each takes only what earlier ones made.
  const nodes = [...graph.nodes.slice(forward.length), ...forward];
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    inputs: [...graph.inputsOf(nodes)].filter((name) => !made.has(name)),
    bytes: weights.bytes,
    whole: () => graph.whole(PORTABLE_OUTPUTS, nodes, (name) => weights.pieces(name)),
    graph: (location) => graph.finish(PORTABLE_OUTPUTS, location, nodes),
    weights: () => weights.file(),
  };
}

/** Emits the readout of features [1, B, H]: logits and probabilities [B, C]. */
function emitScores(graph: GraphBuilder, features: string, { rows, classes, width, scale, bias }: LinearReadout): void {
  const turned = new Float32Array(width * classes);
  for (let c = 0; c < classes; c++) for (let h = 0; h < width; h++) turned[h * classes + c] = rows[c * width + h]!;
  const product = graph.node("MatMul", [features, graph.floats(turned, [width, classes])]);
  const scaled = scale === 1 ? product : graph.node("Mul", [product, graph.scalar(scale)]);
  const moved = bias === undefined ? scaled : graph.node("Add", [scaled, graph.floats(bias, [classes])]);
  const logits = graph.node("Squeeze", [moved, graph.integers([0])]);
  const [scores, shares] = PORTABLE_OUTPUTS;
  graph.describe(graph.called(scores, logits), ["B", classes]);
  graph.describe(graph.called(shares, graph.node("Softmax", [logits], { axis: -1 })), ["B", classes]);
}
