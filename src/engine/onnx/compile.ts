import { createHash } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Adapter } from "../../adapter/adapter";
import { fail } from "../../check/check";
import { makeFolder } from "../../disk/make-folder";
import { forwardWith } from "../../model/forward-with";
import type { Model } from "../../model/model";
import { dual } from "../../ops/dual";
import { plain } from "../../ops/plain";
import { begin, garbageCollected } from "../../ops/program";
import type { Memory } from "../../ops/program";
import type { Derivative } from "../../ops/reverse";
import type { Shape } from "../../ops/shape";
import { matrixOf } from "../../tree/matrix";
import { FEATURES_BY_POINT, recordGradient } from "../record-model";
import type { GradientForm } from "../record-model";
import { blockName, blocksOf, cutBack, joinedPieces } from "./back-blocks";
import type { BackPiece } from "./back-blocks";
import type { Value } from "./emit";
import { fusedOps } from "./fused";
import { GraphBuilder } from "./graph";
import type { Node } from "./graph";
import type { Kernels } from "./kernels";
import { onnxLowOps } from "./low-ops";
import type { Feeds } from "./low-ops";
import { FP32 } from "./precision";
import type { Precision } from "./precision";
import { cutAtEnd, cutAtWaist, cutBeforeAdapters } from "./prefix";
import type { CutEnd, CutGraph, CutPrefix } from "./prefix";
import { statesOf } from "./hidden-states";
import { onnxReversible } from "./reversible";
import { WeightFile } from "./weight-file";
import type { WriteProgress } from "./weight-file";

/** An ONNX graph as a file, and what each of its runs must be fed. */
export interface CompiledGraph {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly feeds: Feeds;
  readonly nodes: number;
  /** What is computed once for all points on a batch, before `path`'s graph: its outputs are inputs there. */
  readonly prefix: Prefix | null;
  /** The way back of a gradient, after `path`'s graph. */
  readonly back: Back | null;
}

/** The way back from the loss's derivative, in the way forward's graph, in another or in one for each block of tensors, and what the way forward keeps for it. */
export interface Back {
  /** In the order in which they run; none where the way forward's graph has the way back in it. */
  readonly blocks: readonly BackBlock[];
  /** The derivatives of the way forward's graph, where it has the way back in it; null: they are the blocks'. */
  readonly together: readonly BackStack[] | null;
  /** Outputs of the way forward that are inputs here, with their shapes. */
  readonly kept: ReadonlyMap<string, Shape>;
  /** What is made between two hidden states on the way back, by their shapes: about what is alive at a time. */
  readonly made: readonly (readonly Shape[])[];
}

/** A graph of the way back. */
export interface BackBlock {
  /** Of its tensors: "layer 3", or their names. */
  readonly name: string;
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  /** What it makes for later blocks. */
  readonly carried: readonly string[];
  /** What was kept or carried so far and no later block reads. */
  readonly forget: readonly string[];
  /** Its derivatives; an output may be there for several of them. */
  readonly stacks: readonly BackStack[];
}

/** An output that is a derivative by a stack of trainable tensors, with their names, or by the offset: null. */
export interface BackStack {
  readonly output: string;
  readonly names: Derivative["names"];
}

export interface Prefix {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly outputs: readonly string[];
  /** What of it is a function of each text alone, before `path`'s graph: its output is an input there. */
  readonly trunk: Trunk | null;
}

/** The layers below the first adapted one, up to their hidden states [1, T, width]. */
export interface Trunk {
  readonly path: string;
  readonly inputs: ReadonlySet<string>;
  readonly output: string;
  readonly width: number;
}

/** Features of points, features with tangents, or features and gradients of one point. */
export type GraphKind = "plain" | "dual" | "gradient";

export interface CompileOptions {
  /** Fused kernels where no tangent is needed. */
  readonly fused: boolean;
  /** Those of the provider that computes; default: the CPU's. */
  readonly kernels?: Kernels;
  /** Cuts off what is before the first adapter; default false: one graph. */
  readonly prefix?: boolean;
  /** Cuts the layers below the first adapted one off the prefix, where there is at least one; default false. */
  readonly trunk?: boolean;
  /** How frozen products are stored and computed; default fp32. */
  readonly precision?: Precision;
  /** Keeps only hidden states for the way back, which computes the rest again; default false. */
  readonly recompute?: boolean;
  /** Cuts the way back into a graph for each block of tensors, whose gradient is alive alone; default false: one graph. */
  readonly blocks?: boolean;
  /** What of a gradient is differentiated, by what; default: the features at a point, by the point. */
  readonly form?: GradientForm;
  /** The loss's derivative is known before the features: without recomputation and blocks, one graph has both ways; default false. */
  readonly known?: boolean;
  /** Told while weights are written. */
  readonly progress?: WriteProgress | undefined;
}

/**
 * Compiles a model with its adapter to an ONNX file in `directory`: "plain" gives `features` [R, B, H], "dual" also their
 * `tangents` [P, B, H], "gradient" has the way back in it or keeps what a second graph needs for that, and gives the `losses` of rows where it
 * computes them. Weights go to a file beside it, shared by all graphs of the model.
 * @throws when the disk does not take the files, or a dual graph has nothing trainable
 */
export async function compile(
  model: Model,
  adapter: Adapter,
  kind: GraphKind,
  directory: string,
  {
    fused,
    kernels,
    prefix = false,
    trunk = false,
    precision = FP32,
    recompute = false,
    blocks = false,
    form = FEATURES_BY_POINT,
    known = false,
    progress,
  }: CompileOptions,
): Promise<CompiledGraph> {
  const graph = new GraphBuilder(kernels);
  const held = (adapter.base ?? []).filter(({ shape }) => matrixOf(shape) !== null);
  const weights = new WeightFile(directory, model.id, precision, new Set(held.map(({ name }) => name)));
  const feeds: Feeds = { embeddings: new Map(), rotations: new Map() };
  const points = kind === "plain" ? "R" : 1;
  const { layout, large = false, drops } = adapter;
  const low = onnxLowOps(graph, weights, layout, feeds, points, large, 1, drops);
  const outputs: Record<string, string> = {};
  const gradients: BackStack[] = [];
  /** The nodes of the way forward are the first ones. */
  let forward: number | null = null;
  if (kind === "plain") {
    const small = plain(low);
    const ops = fused ? { ...small, ...fusedOps(graph, feeds, small) } : small;
    const features = forwardWith(model, adapter, ops);
    outputs["features"] = features.name;
  } else if (kind === "gradient") {
    const recording = recordGradient(model, adapter, form);
    const under = begin(recording, onnxReversible(graph, weights, low), garbageCollected as Memory<Value>);
    const [first, features = first] = recording.results as [number, number?];
    const there = under.advance(recording.cotangent);
    outputs["features"] = there.get(features)!.name;
    if (form.classes !== null) outputs["losses"] = there.get(first)!.name;
    forward = graph.nodes.length;
    const values = under.advance(recording.program.instructions.length);
    for (const { place, names } of recording.derivatives) gradients.push({ output: values.get(place)!.name, names });
  } else {
    const ops = dual(low);
    const { primal, tangents } = forwardWith(model, adapter, ops);
    if (tangents === null) throw new Error("directional derivatives: the adapter has no trainable parameter");
    outputs["features"] = primal.name;
    outputs["tangents"] = tangents.name;
  }
  if (model.head !== null && !weights.isHeld(model.head.weight)) weights.check(model.head.weight);
  await weights.write(progress);
  const save = (bytes: Uint8Array): string => saveGraph(directory, bytes);
  const cut = prefix ? cutBeforeAdapters(graph.nodes, Object.values(outputs), (name) => graph.isExternal(name)) : null;
  const all = cut?.rest ?? graph.nodes;
  const backward = new Set(forward === null ? [] : graph.nodes.slice(forward));
  const nodes = all.filter((node) => !backward.has(node));
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const pulled = all.filter((node) => backward.has(node));
  const given = new Set(cut?.between ?? []);
  const views = viewsOf(nodes);
  const steady = steadyOf(graph, nodes, given);
  const states = statesOf(nodes, Object.values(outputs), {
    weight: (input) => graph.isExternal(input) || (views.has(input) && isMatrix(graph, input)),
    given: (input) => given.has(input),
    perToken: (value) => isPerToken(graph, value),
  });
  const tensors = new Map(gradients.map(({ output, names }) => [output, names]));
  const pieces = cutBack(pulled, {
    forward: nodes,
    states,
    // What is made of weights of the model's size is made again: kept, it would be a copy of them.
    free: (value) => views.has(value) || (large && steady.has(value)),
    steady: (value) => steady.has(value),
    recompute,
    label: (value) => {
      const name = tensors.get(value)?.[0];
      return name === undefined ? null : blockName(name);
    },
  });
  const kept = [...new Set(pieces.flatMap((piece) => piece.kept))].filter((value) => made.has(value));
  const waist = cut && trunk ? wholeLayers(graph, cut, model.layers, adapter.reads !== undefined) : null;
  const before = waist?.after ?? cut?.prefix;
  const between = cut?.between.filter((value) => value !== waist?.value) ?? [];
  const together = forward !== null && known && !recompute && !blocks;
  const whole = (): Uint8Array => graph.finish(outputs, weights.location, all, [...new Set(gradients.map(({ output }) => output))]); // prettier-ignore
  return {
    path: save(together ? whole() : graph.finish(outputs, weights.location, nodes, kept)),
    inputs: graph.inputsOf(all),
    feeds,
    nodes: all.length,
    back:
      forward === null
        ? null
        : {
            together: together ? gradients : null,
            blocks: (together ? [] : backBlocks(pieces, gradients, blocks)).map(({ piece, forget, ...block }) => {
              const results = [...new Set(block.stacks.map(({ output }) => output))];
              const bytes = graph.finish(results, weights.location, piece.nodes, piece.carried);
              return {
                ...block,
                path: save(bytes),
                inputs: graph.inputsOf(piece.nodes),
                carried: piece.carried,
                forget,
              };
            }),
            made: pieces.map(({ nodes: own }) => shapesMade(graph, own, views)),
            kept: new Map(
              kept.map((value) => [value, graph.shapeOf(value) ?? fail("gradient", "a known shape", value)]),
            ),
          },
    prefix: before
      ? {
          path: save(graph.finish(between, weights.location, before)),
          inputs: graph.inputsOf(before),
          outputs: between,
          trunk: waist && {
            path: save(graph.finish([waist.value], weights.location, waist.trunk)),
            inputs: graph.inputsOf(waist.trunk),
            output: waist.value,
            width: Number(graph.shapeOf(waist.value)?.[2]),
          },
        }
      : null,
  };
}

/** Writes a graph to a file of its own name in the folder; the same graph has one file. */
export function saveGraph(directory: string, bytes: Uint8Array): string {
  makeFolder(directory);
  const path = join(directory, `${createHash("sha256").update(bytes).digest("hex").slice(0, 24)}.onnx`);
  // Beside first: another process may read it now.
  writeFileSync(`${path}.${process.pid}.tmp`, bytes);
  renameSync(`${path}.${process.pid}.tmp`, path);
  return path;
}

/** The pieces of a way back in the blocks that run one after another, with what each leaves behind. */
function backBlocks(
  pieces: readonly BackPiece[],
  gradients: readonly BackStack[],
  cut: boolean,
): readonly (Pick<BackBlock, "name" | "stacks" | "forget"> & { readonly piece: BackPiece })[] {
  const stacksOf = (of: readonly BackPiece[]): readonly BackStack[] => {
    const made = new Set(of.flatMap((piece) => piece.nodes.flatMap(({ outputs }) => outputs)));
    return gradients.filter(({ output }) => made.has(output));
  };
  if (pieces.length === 0) return [];
  const blocks = cut ? blocksOf(pieces.map(({ label }) => label)) : [{ name: "all", from: 0, to: pieces.length }];
  const joined = blocks.map(({ from, to }) => joinedPieces(pieces.slice(from, to), pieces.slice(to)));
  const left = new Set(joined.flatMap(({ kept, carried }) => [...kept, ...carried]));
  return blocks.map(({ name, from, to }, k) => {
    const later = new Set(joined.slice(k + 1).flatMap(({ nodes }) => nodes.flatMap(({ inputs }) => inputs)));
    const seen = joined.slice(0, k + 1).flatMap(({ kept, carried }) => [...kept, ...carried]);
    const forget = [...new Set(seen)].filter((value) => left.has(value) && !later.has(value));
    forget.forEach((value) => left.delete(value));
    return { name, stacks: stacksOf(pieces.slice(from, to)), forget, piece: joined[k]! };
  });
}

/** The shapes of what nodes make of a batch; of what no batch decides, which is made for one product at a time, the largest alone. */
function shapesMade(graph: GraphBuilder, nodes: readonly Node[], views: ReadonlySet<string>): readonly Shape[] {
  const shapes = nodes.flatMap(({ outputs }) =>
    outputs.flatMap((value) => (views.has(value) ? [] : [graph.shapeOf(value) ?? []])),
  );
  const isFixed = (shape: Shape): shape is readonly number[] => shape.every((size) => typeof size === "number");
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  const [largest] = shapes.filter(isFixed).sort((a, b) => sizeOf(b) - sizeOf(a));
  return [...shapes.filter((shape) => !isFixed(shape)), ...(largest === undefined ? [] : [largest, largest])];
}

/** Values that show a trained tensor alone in another shape: to make one again costs nothing. */
function viewsOf(nodes: readonly Node[]): ReadonlySet<string> {
  const views = new Set<string>();
  for (const { type, inputs, outputs } of nodes)
    if (type === "Reshape" && (inputs[0]!.startsWith("theta:") || views.has(inputs[0]!))) views.add(outputs[0]!);
  return views;
}

/** Values that are made of trained tensors and constants alone. */
function steadyOf(graph: GraphBuilder, nodes: readonly Node[], given: ReadonlySet<string>): ReadonlySet<string> {
  const varying = new Set([...graph.inputsOf(nodes)].filter((input) => !/^theta(:|$)/.test(input)));
  const steady = new Set<string>();
  for (const { inputs, outputs } of nodes) {
    const varies = inputs.some((input) => varying.has(input) || given.has(input));
    for (const output of outputs) (varies ? varying : steady).add(output);
  }
  return steady;
}

/** Whether a value is a matrix that no batch decides. */
function isMatrix(graph: GraphBuilder, value: string): boolean {
  const [rows, columns] = graph.shapeOf(value)?.slice(-2) ?? [];
  return typeof rows === "number" && typeof columns === "number" && rows > 1 && columns > 1;
}

/** Whether a value has one row for each token, [1, T, width]. */
function isPerToken(graph: GraphBuilder, value: string): boolean {
  const [rows, tokens, width, ...more] = graph.shapeOf(value) ?? [];
  return rows === 1 && tokens === "T" && typeof width === "number" && more.length === 0;
}

/**
 * The prefix cut at its waist, or at its end where hidden states are read, when as many weights as a layer has are below: less is not worth
 * keeping.
 */
function wholeLayers(
  graph: GraphBuilder,
  { prefix, between }: CutGraph,
  layers: number,
  reads: boolean,
): CutPrefix | null {
  const weights = (nodes: readonly Node[]): number =>
    new Set(nodes.flatMap(({ inputs }) => inputs.filter((input) => graph.isExternal(input)))).size;
  const is = {
    weight: (input: string) => graph.isExternal(input),
    perToken: (value: string) => isPerToken(graph, value),
  };
  const worth = (trunk: readonly Node[]): boolean => layers * weights(trunk) >= weights(graph.nodes);
  const end = reads ? cutAtEnd(prefix, between, is) : null;
  if (end !== null && worth(end.trunk)) return asOneValue(graph, end);
  const waist = cutAtWaist(prefix, between, is);
  return waist && worth(waist.trunk) ? waist : null;
}

/** Values with a row per token as one, side by side, which is cut apart again behind the cut. */
function asOneValue(graph: GraphBuilder, { trunk, after, values }: CutEnd): CutPrefix {
  const before = graph.nodes.length;
  const widths = values.map((value) => Number(graph.shapeOf(value)?.[2]));
  const all = widths.reduce((sum, width) => sum + width, 0);
  const value = graph.describe(graph.node("Concat", values, { axis: 2 }), [1, "T", all]);
  const joining = graph.nodes.slice(before);
  let from = 0;
  values.forEach((name, i) => {
    const to = from + widths[i]!;
    const part = graph.node("Slice", [value, graph.integers([from]), graph.integers([to]), graph.integers([2])]);
    graph.called(name, part);
    from = to;
  });
  const parting = graph.nodes.slice(before + joining.length);
  return { trunk: [...trunk, ...joining], after: [...parting, ...after], value };
}
