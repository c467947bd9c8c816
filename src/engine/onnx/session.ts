import { resolve } from "node:path";
import type { Adapter, BaseWeight } from "../../adapter/adapter";
import { layerOf } from "../../adapter/choose-sites";
import { fail } from "../../check/check";
import type { HiddenRows } from "../../model/hidden-forward";
import type { Model } from "../../model/model";
import { requireMemory } from "../../weights/memory";
import { freeMemory } from "../free-memory";
import { requireKept } from "./kept-memory";
import { checkTokens, joined, repeated, withoutTangents } from "../rows";
import { bucketsOf, unbucketed } from "../buckets";
import type { Bucket } from "../buckets";
import { addStack } from "../gradient-parts";
import { asFactorLayout } from "../../tree/factor-layout";
import type { Layout } from "../../tree/layout";
import { matrixOf } from "../../tree/matrix";
import { heldBase } from "../held-base";
import type { Lend } from "../held-base";
import { HELD } from "./frozen-product";
import { cotangentOf, givenGradient } from "../given";
import { FEATURES_BY_POINT } from "../record-model";
import type { GradientForm } from "../record-model";
import type {
  EmbeddingOffset,
  Features,
  ForwardResults,
  GradientLoss,
  ModelSession,
  PointGradient,
  TokenBatch,
} from "../session";
import { readAgreements } from "./agreements";
import { largestBlock } from "./back-blocks";
import { keepOf } from "../keep-factors";
import { findHidden } from "../find-hidden";
import type { ComputeHidden } from "../find-hidden";
import { compile } from "./compile";
import type { BackStack, CompiledGraph, GraphKind, Trunk } from "./compile";
import { compileHidden } from "./compile-hidden";
import type { CompiledHidden } from "./compile-hidden";
import { feedsFor, trainableFeeds } from "./feeds";
import type { FeedTensor } from "./feeds";
import { givenInput, KEEP } from "./low-ops";
import { packBatch } from "./geometry";
import type { Geometry } from "./geometry";
import { computesInFp32, FP32, precisionName, storage } from "./precision";
import { COTANGENT } from "./reversible";
import type { Precision } from "./precision";
import { variesWithPoints } from "./prefix";
import { recentTexts } from "./recent-texts";
import { WEIGHT_FORMAT } from "./weight-file";
import type { WriteProgress } from "./weight-file";
import { openProvider } from "./open-provider";
import type { Provider } from "./providers";
import type { CarriedOutput, RunReply, TextRows } from "./worker-client";

export interface OnnxOptions {
  /** Threads inside one operation; default 2. */
  readonly threads?: number;
  /** Where weights in the engine's own form are kept; default `.cache/onnx` in the project. */
  readonly cacheDirectory?: string;
  /**
   * What computes; default "cpu". "webgpu" needs a Vulkan driver on Linux, "cuda" what `npm run gpu:install` brings. Either computes in a
   * process of its own for each session.
   */
  readonly provider?: Provider;
  /** What a session may take, checked against a prediction before anything is loaded; default what is free now, Infinity: no check. */
  readonly freeBytes?: number;
  /** How frozen products are stored and computed; default fp32. */
  readonly precision?: Precision;
  /** Graphs that stay open, each with its own copy of packed weights: "both" (the default), or "one", the last used. */
  readonly keep?: "both" | "one";
  /**
   * Keeps for a gradient only the hidden states between layers and computes the rest again on the way back (gradient checkpointing): less
   * memory for about one forward pass more; default false.
   */
  readonly recompute?: boolean;
  /** Told while weights are brought into the engine's form, which happens once for a model and precision. */
  readonly progress?: WriteProgress;
  /** How it is computed, for benchmarks that say why the defaults are what they are. */
  readonly tuning?: OnnxTuning;
}

/** What benchmarks vary (`npm run bench -- settings`, `savings`, `variants`, `memory`); everything else leaves it alone. */
export interface OnnxTuning {
  /** Fused kernels where no tangent is needed; default true. Without them every engine runs the same small operations. */
  readonly fused?: boolean;
  /** Computes what is before the first adapter once per batch for all points; default true. The features have the same bits. */
  readonly prefix?: boolean;
  /**
   * Ours: where adapters are in the top layers only, the hidden states that the layers below make of a text are kept for the next epoch, in
   * so many bytes (4 x width a token), longest unused first out; default 256 MiB, 0: none, all texts of a batch anew together. Each
   * text's are computed alone, so what a run computes does not depend on what is kept; they may differ from those of 0 in their last bits.
   * As many bytes again keep hidden states that were asked for by name.
   */
  readonly prefixCache?: number;
  /**
   * When threads spin while they wait for work, which is faster than sleep: "in runs" (the default), between a run's operations; "always", for a
   * second and more after a run as well, which takes processors from every other session and from the caller; "never".
   */
  readonly spinning?: "in runs" | "always" | "never";
  /** How far ONNX Runtime rewrites the graph; default "all" for features, "basic" for derivatives. */
  readonly optimization?: Optimization;
  /** Keeps freed memory for later runs; default true. */
  readonly arena?: boolean;
  /** Plans one block of memory for each shape of a batch; default false: batches seldom have the same shape twice. */
  readonly memoryPattern?: boolean;
  /** With an adapter as large as the model: the way back is a graph for each layer, whose gradient is alive alone; default true. */
  readonly blocks?: boolean;
  /** false: weights are multiplied as they lie in their file, not from a packed copy; default true. */
  readonly prepack?: boolean;
  /**
   * Texts of a batch are computed in at most so many groups of similar length; default 1. Products never pad, attention pads to a
   * group's longest text: worth it only where lengths differ much and texts are long. The features may differ in their last bits.
   */
  readonly buckets?: number;
}

export type Optimization = "disabled" | "basic" | "extended" | "all";

export interface OnnxSession extends ModelSession {
  /** One line: what computes, and why nothing better. */
  readonly told: string;
  /** Milliseconds spent inside ONNX Runtime since the session was opened. */
  engineMilliseconds(): number;
  /** Texts that the layers below the adapters were computed for, one by one, since then (`prefixCache`): those that were not kept. */
  prefixTexts(): number;
}

/**
 * Compiles a model and its adapter to ONNX and opens it on ONNX Runtime, in a worker thread or, on a GPU, in a process of its own.
 *
 * One session serves every number of points, texts and tokens. Frozen weights are in one file that is mapped into memory;
 * trainable parameters are an input theta [R, d], directions another [P, d]. A batch must not change while it is in use: its
 * inputs are made once for all calls in a row with the same batch.
 * For example `const session = await onnxSession(model, adapter); const features = await session.features([adapter.initial(0)], { ids: [[101, 2129, 102]] })`.
 */
export async function onnxSession(model: Model, adapter: Adapter, options: OnnxOptions = {}): Promise<OnnxSession> {
  const { threads = THREADS, precision = FP32, keep = "both", tuning = {}, provider = "cpu" } = options;
  const { fused = true, prefix = true } = tuning;
  // Where texts depend on each other nothing is of one text alone.
  const [prefixCache, mostBuckets] = model.together
    ? [0, 1]
    : [tuning.prefixCache ?? PREFIX_CACHE, tuning.buckets ?? 1];
  const directory = resolve(options.cacheDirectory ?? ".cache/onnx");
  const { layout } = adapter;
  const { worker, kernels, told } = await openProvider(provider, directory, threads, runtimeOptions(options, "all"));
  const opened = new Map<string, Promise<CompiledGraph>>();
  const newest = new Map<string, Held>();
  const kept = recentTexts(prefixCache);
  const matrices = new Map(
    (adapter.base ?? []).flatMap((own) => (matrixOf(own.shape) === null ? [] : [[own.name, own]])),
  );
  /** The weights are with the worker, and nobody is changing them. */
  let settled: Promise<unknown> | null = null;
  let latest: Promise<unknown> = Promise.resolve();
  /** Bytes that gradients have had for what they keep. */
  let granted = 0;
  let engineMilliseconds = 0;
  let prefixTexts = 0;
  const inBlocks = adapter.large === true && (tuning.blocks ?? true);
  /** One gradient after another: what the way forward keeps is at the batch's place. */
  const inTurn = <T>(find: () => Promise<T>): Promise<T> => {
    const found = latest.then(find);
    latest = found.catch(() => undefined);
    return found;
  };

  /** The graph of the hidden states that were asked for last; one is open at a time. */
  let states: { readonly of: string; readonly graph: Promise<CompiledHidden> } | null = null;
  const closeHidden = async (): Promise<void> => {
    const before = states;
    states = null;
    await before?.graph.then(
      () => worker.release(HIDDEN),
      () => undefined,
    );
  };
  const closeAllBut = async (name: string | null): Promise<void> => {
    if (name !== null) await closeHidden();
    for (const [other, graph] of [...opened]) {
      if (other === name) continue;
      const { prefix: before, back } = await graph;
      opened.delete(other);
      newest.delete(other);
      await worker.release(other);
      if (before) await worker.release(`${other} prefix`);
      if (before?.trunk) await worker.release(`${other} trunk`);
      for (const k of back?.blocks.keys() ?? []) await worker.release(`${other} back ${k}`);
    }
  };

  const open = (graph: Graph): Promise<CompiledGraph> => {
    const { kind, name } = graph;
    const known = opened.get(name);
    if (known) return known;
    const opening = (async () => {
      if (keep === "one") await closeAllBut(name);
      requireMemory({
        name: `${model.family} of ${model.layers} layers`,
        model,
        precision: storage(matrices.size > 0 ? FP32 : precision),
        pass: {
          ...USUAL_PASS,
          points: kind === "dual" ? 2 : 1,
          trainable: layout.size,
          trainedMatrices: adapter.large ? matricesOfLayers(layout) : 0,
          ...(kind === "gradient" && {
            gradient: {
              alive: inBlocks ? largestBlock(layout) : layout.size,
              recompute: options.recompute ?? false,
            },
          }),
        },
        freeBytes: options.freeBytes ?? freeMemory(),
        alternatives: [{ kind: "int8" }, { kind: "int4", block: 32 }],
      });
      const compiled = await compile(model, adapter, kind, directory, {
        fused,
        kernels,
        prefix,
        trunk: prefixCache > 0,
        recompute: options.recompute ?? false,
        blocks: inBlocks,
        form: graph.form,
        known: graph.known,
        precision,
        progress: options.progress,
      });
      // Each session has an arena of its own: those of many blocks would keep together what one after another needs.
      const arena = kind === "gradient" && inBlocks ? { arena: false } : {};
      const tuned = { ...options, tuning: { ...arena, ...tuning } };
      const how = runtimeOptions(tuned, kind === "plain" ? "all" : "basic");
      await worker.create(name, compiled.path, how);
      if (compiled.prefix) await worker.create(`${name} prefix`, compiled.prefix.path, how);
      if (compiled.prefix?.trunk) await worker.create(`${name} trunk`, compiled.prefix.trunk.path, how);
      for (const [k, { path }] of compiled.back?.blocks.entries() ?? [])
        await worker.create(`${name} back ${k}`, path, how);
      return compiled;
    })();
    opened.set(name, opening);
    return opening;
  };

  const openHidden = (places: readonly number[], rows: HiddenRows): Promise<CompiledHidden> => {
    const of = `${places.join()} ${rows}`;
    if (states?.of === of) return states.graph;
    const closing = closeHidden().then(() => (keep === "one" ? closeAllBut(null) : undefined));
    const graph = closing.then(async () => {
      requireMemory({
        name: `${model.family} of ${model.layers} layers`,
        model,
        precision: storage(precision),
        pass: { ...USUAL_PASS, points: 1, trainable: 0 },
        freeBytes: options.freeBytes ?? freeMemory(),
        alternatives: [{ kind: "int8" }, { kind: "int4", block: 32 }],
      });
      const { progress } = options;
      const compiled = await compileHidden(model, places, rows, directory, { fused, kernels, precision, progress });
      await worker.create(HIDDEN, compiled.path, runtimeOptions(options, "all"));
      return compiled;
    });
    states = { of, graph };
    graph.catch(() => {
      if (states?.graph === graph) states = null;
    });
    return graph;
  };
  const hidden: ComputeHidden = async (places, rows, batch) => {
    const { inputs, feeds, outputs } = await openHidden(places, rows);
    const given = feedsFor(inputs, feeds, packBatch(batch), 1);
    const reply = await worker.run(HIDDEN, HIDDEN, given, new Map(), outputs);
    engineMilliseconds += reply.milliseconds;
    return reply.outputs.map(({ data, dims: [, count, width] }) => ({ data, rows: count!, width: width! }));
  };

  /** Gives the worker the weights that changes are folded into, in memory of their own, once: the largest first, whose second copy then adds least to the peak. */
  const handOver = async (): Promise<void> => {
    const numbers = ({ shape }: BaseWeight): number => shape.reduce((product, axis) => product * axis, 1);
    for (const { name, shape, read } of [...matrices.values()].sort((a, b) => numbers(b) - numbers(a)))
      await worker.keepBase(`${HELD}${name}`, read().slice(), shape);
  };
  const baseReady = (): Promise<unknown> => (settled ??= handOver());
  const lend: Lend = (name, use) => {
    const changed = baseReady().then(async () => {
      const values = await worker.takeBase(`${HELD}${name}`);
      if (values === null) return;
      try {
        use(values);
      } finally {
        await worker.keepBase(`${HELD}${name}`, values, matrices.get(name)!.shape);
      }
    });
    settled = changed.catch(() => undefined);
    return changed;
  };

  /** What the batch alone decides is made, sent and computed once for all queries of a step; only the newest batch is kept. */
  const hold = ({ kind, name }: Graph, compiled: CompiledGraph, batch: TokenBatch): Held => {
    const known = newest.get(name);
    if (known?.batch === batch) return known;
    checkTokens(batch, model);
    // The way back of a loss takes all texts at once.
    const buckets = bucketsOf(batch, kind === "gradient" ? 1 : mostBuckets);
    const factors = keepOf(batch, adapter);
    const keep = { type: "float32", dims: [factors.length, 1, 1], data: factors } as const;
    const groups = buckets.map((bucket, i) => holdOne(name, compiled, bucket.batch, keep, `${name} ${i}`));
    const made = { batch, buckets, groups };
    newest.set(name, made);
    return made;
  };
  const holdOne = (
    name: string,
    compiled: CompiledGraph,
    batch: TokenBatch,
    keep: FeedTensor,
    place: string,
  ): HeldGroup => {
    const geometry = packBatch(batch);
    const { inputs, feeds, prefix: before } = compiled;
    const wanted = [...inputs, ...(before?.inputs ?? [])].filter((input) => !variesWithPoints(input));
    const given = feedsFor(new Set(wanted), feeds, geometry, 1);
    if (wanted.includes(KEEP)) given.set(KEEP, keep);
    const ready = worker
      .hold(place, given, before && { session: `${name} prefix`, outputs: before.outputs }, {
        trunk: before?.trunk ? rowsOf(name, compiled, before.trunk, batch) : null,
      })
      .then((milliseconds) => void (engineMilliseconds += milliseconds));
    // A failure is reported by the run that needs it.
    ready.catch(() => {
      newest.delete(name);
      kept.clear();
    });
    return { place, geometry, ready };
  };
  /** What the layers below the adapters make of each text of a batch: fed where it is not kept. */
  const rowsOf = (name: string, { feeds }: CompiledGraph, trunk: Trunk, batch: TokenBatch): TextRows => {
    const seen = new Set<string>();
    const texts = batch.ids.map((ids) => {
      const key = `${name} ${ids.join()}`;
      const known = kept.has(key) || seen.has(key);
      seen.add(key);
      if (!known) prefixTexts++;
      return { key, feeds: known ? null : feedsFor(trunk.inputs, feeds, packBatch({ ids: [ids] }), 1) };
    });
    const forget = kept.use(texts.map(({ key }, b) => ({ key, bytes: 4 * trunk.width * batch.ids[b].length })));
    return { session: `${name} trunk`, output: trunk.output, width: trunk.width, texts, forget };
  };

  const run = async (
    graph: Graph,
    points: readonly Float32Array[],
    directions: readonly Float32Array[],
    batch: TokenBatch,
    fetches: readonly string[],
  ): Promise<readonly Features[]> => {
    const compiled = await open(graph);
    if (matrices.size > 0) await baseReady();
    const { buckets, groups } = hold(graph, compiled, batch);
    const varying = new Set([...compiled.inputs].filter(variesWithPoints));
    const each = groups.map(async ({ place, geometry, ready }) => {
      const feeds = feedsFor(varying, compiled.feeds, geometry, points.length);
      const trainable = trainableFeeds(compiled.inputs, adapter, { points, directions }, (n) => worker.memory(n));
      const [reply] = await Promise.all([worker.run(graph.name, place, feeds, trainable, fetches), ready]);
      engineMilliseconds += reply.milliseconds;
      const texts = geometry.scored.length;
      return reply.outputs.map(({ data, dims }) => ({ data, points: Number(dims[0]), texts, width: model.width }));
    });
    const [whole, ...others] = await Promise.all(each);
    if (whole !== undefined && others.length === 0) return whole;
    const parts = [whole ?? [], ...others];
    return fetches.map((_, output) =>
      unbucketed(
        buckets,
        parts.map((part) => part[output] as Features),
      ),
    );
  };

  /** Goes back from a loss, and hands on the derivatives of each block of tensors. */
  const pulled = async (
    point: Float32Array,
    batch: TokenBatch,
    loss: GradientLoss,
    offset: EmbeddingOffset | undefined,
    take: (name: string, found: readonly Found[], forward: ForwardResults) => void | Promise<void>,
  ): Promise<ForwardResults> => {
    checkTokens(batch, model);
    const { form, values, cotangent: known } = givenGradient(model, batch, loss, offset);
    if (typeof loss === "function" && layout.size === 0 && offset === undefined) {
      const found = await features([point], batch);
      cotangentOf(loss, found);
      return { features: found };
    }
    const graph = gradientGraph(form, known !== null);
    const compiled = await open(graph);
    if (matrices.size > 0) await baseReady();
    const back = compiled.back!;
    const [group] = hold(graph, compiled, batch).groups as [HeldGroup];
    const { place, geometry, ready } = group;
    granted = requireKept(back, geometry, granted, options.freeBytes, options.recompute);
    const given = new Map<string, FeedTensor>();
    const give = (name: string, data: ArrayLike<number>, dims: readonly number[]): void =>
      void given.set(name, { type: "float32", data: Float32Array.from(data), dims });
    for (const [name, { data, shape }] of values) give(givenInput(name), data, shape);
    if (known !== null) give(COTANGENT, known, [1, known.length, 1]);
    const theta = { points: [point], directions: [] };
    const run = async (
      session: string,
      inputs: ReadonlySet<string>,
      fetches: readonly string[],
      carried: readonly string[],
      forget: readonly string[] = [],
    ): Promise<ReadonlyMap<string, RunReply["outputs"][number]>> => {
      const small = new Map([...given].filter(([name]) => inputs.has(name)));
      const trainable = trainableFeeds(inputs, adapter, theta, (n) => worker.memory(n));
      const running = worker.run(session, place, small, trainable, fetches, carried.map(stays), forget);
      const [{ outputs, milliseconds }] = await Promise.all([running, ready]);
      engineMilliseconds += milliseconds;
      return new Map(fetches.map((name, i) => [name, outputs[i]!]));
    };
    const results = ["features", ...(form.classes === null ? [] : ["losses"])];
    const inOne = outputsOf(back.together ?? []);
    const carried = back.together === null ? [...back.kept.keys()] : [];
    const there = await run(graph.name, compiled.inputs, [...results, ...inOne], carried);
    const { data, dims } = there.get("features")!;
    const found = { data, points: Number(dims[0]), texts: geometry.scored.length, width: model.width };
    if (typeof loss === "function") give(COTANGENT, cotangentOf(loss, found), dims);
    const forward = {
      features: found,
      ...(known !== null && { losses: (there.get("losses") ?? { data }).data }),
    };
    const handOn = (name: string, stacks: readonly BackStack[], outputs: typeof there): void | Promise<void> => {
      const derivatives = stacks.map(({ names, output }) => ({ names, data: outputs.get(output)!.data }));
      return take(name, derivatives, forward);
    };
    if (back.together !== null) await handOn("all", back.together, there);
    for (const [k, { name, inputs, stacks, carried: later, forget }] of back.blocks.entries())
      await handOn(name, stacks, await run(`${graph.name} back ${k}`, inputs, outputsOf(stacks), later, forget));
    return forward;
  };

  const gradient = async (
    point: Float32Array,
    batch: TokenBatch,
    loss: GradientLoss,
    offset?: EmbeddingOffset,
  ): Promise<PointGradient> => {
    let all = new Float32Array(0);
    let offsetGradient: Float32Array | undefined;
    const rest = await pulled(point, batch, loss, offset, (_block, found) => {
      if (all.length === 0 && offset?.by !== "offset") all = new Float32Array(layout.size);
      for (const { names, data } of found)
        if (names === null) offsetGradient = data;
        else addStack(layout, names, data, all);
    });
    return { ...rest, gradient: all, ...(offsetGradient === undefined ? {} : { offsetGradient }) };
  };

  const gradientBlocks: NonNullable<ModelSession["gradientBlocks"]> = (point, batch, loss, take) =>
    pulled(point, batch, loss, undefined, (name, found, forward) => {
      const parts = found.map(({ names, data }) => ({ tensor: names?.[0] ?? "", gradient: data }));
      return parts.length === 0 ? undefined : take({ name, parts }, forward);
    });

  const features = async (points: readonly Float32Array[], batch: TokenBatch): Promise<Features> => {
    if (points.length === 0) fail("points", "at least one point", 0);
    if (adapter.large && points.length > 1) {
      const each: Features[] = [];
      for (const point of points) each.push(await features([point], batch));
      return joined(each);
    }
    const [found] = await run(PLAIN, points, [], batch, ["features"]);
    return repeated(found as Features, points.length);
  };

  try {
    if (keep === "both") await open(PLAIN);
  } catch (error) {
    await worker.end();
    throw error;
  }
  return {
    id: `${model.id}|${JSON.stringify(adapter.spec)}|onnx ${precisionName(precision)} threads=${threads} fused=${fused} weights=${WEIGHT_FORMAT}${unusual(options)}`,
    layout,
    width: model.width,
    told,
    engineMilliseconds: () => engineMilliseconds,
    prefixTexts: () => prefixTexts,
    ...(precision.kind === "fp32"
      ? {}
      : {
          agreement: (estimator) =>
            readAgreements(directory, model.id, adapter.spec.kind, precision)[estimator] ?? null,
        }),
    features,
    hidden: findHidden(model, prefixCache, hidden),
    async tangents(point, directions, batch) {
      if (directions.length === 0) fail("directions", "at least one direction", 0);
      if (layout.size === 0) return withoutTangents(await features([point], batch), directions.length);
      const [primal, tangents] = await run(DUAL, [point], directions, batch, ["features", "tangents"]);
      return { primal: primal as Features, tangents: tangents as Features };
    },
    ...(!computesInFp32(precision) && {
      noGradient: `${precisionName(precision)} rounds activations, so its loss is a staircase without a derivative: fp32, int8 and int4 have one`,
    }),
    ...(computesInFp32(precision) && {
      embeddingWidth: model.embeddingWidth,
      gradient: (point, batch, loss, offset) => inTurn(() => gradient(point, batch, loss, offset)),
      ...(inBlocks && {
        gradientBlocks: (point, batch, loss, take) => inTurn(() => gradientBlocks(point, batch, loss, take)),
      }),
    }),
    ...(adapter.base && { base: heldBase(asFactorLayout(layout), adapter.base, lend) }),
    hasEnded: () => worker.hasEnded(),
    dispose: () => worker.end(),
  };
}

/**
 * Gives the options of a session as ONNX Runtime takes them. Threads that are left to spin after a run halve the speed of the next run of another
 * session: every step has such pairs, the graph below the adapters and the one with them.
 * Source: session.force_spinning_stop, microsoft/onnxruntime pull request 11841.
 */
export function runtimeOptions(
  { threads = THREADS, provider = "cpu", tuning = {} }: Pick<OnnxOptions, "threads" | "provider" | "tuning">,
  usualOptimization: Optimization,
): object {
  const { spinning = "in runs", prepack = true, arena = true, memoryPattern = false } = tuning;
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
    executionProviders: [provider],
    graphOptimizationLevel: tuning.optimization ?? usualOptimization,
    enableCpuMemArena: arena,
    enableMemPattern: memoryPattern,
    extra: {
      session: {
        intra_op: { allow_spinning: spinning === "never" ? "0" : "1" },
        ...(spinning === "in runs" ? { force_spinning_stop: "1" } : {}),
        ...(prepack ? {} : { disable_prepacking: "1" }),
      },
    },
  };
}

/** A derivative that a run gave. */
interface Found {
  readonly names: BackStack["names"];
  readonly data: Float32Array;
}

/** What derivatives are fetched as, each once. */
function outputsOf(stacks: readonly BackStack[]): readonly string[] {
  return [...new Set(stacks.map(({ output }) => output))];
}

/** An output that is an input of later runs under its own name. */
const stays = (value: string): CarriedOutput => ({ input: value, output: value, inPlace: false });

/** Numbers of the layers' matrices among the trained tensors. */
function matricesOfLayers({ entries }: Layout): number {
  return entries.reduce(
    (sum, entry) => sum + (layerOf(entry) !== null && matrixOf(entry.shape) !== null ? entry.size : 0),
    0,
  );
}

/** The session of hidden states. */
const HIDDEN = "hidden";

/** Inside one operation, by default. */
export const THREADS = 2;

/** Bytes of hidden states that are kept by default: 256 MiB. */
const PREFIX_CACHE = 2 ** 28;

/** The batch that a session's memory is predicted for. */
const USUAL_PASS = { texts: 8, tokens: 64 } as const;

/** The settings that may change the last bits and are not the default ones. */
function unusual({ provider, recompute, tuning: { optimization, buckets, prefixCache } = {} }: OnnxOptions): string {
  const named = {
    provider,
    recompute: recompute === true ? true : undefined,
    optimization,
    buckets,
    prefixCache: prefixCache === 0 ? 0 : undefined,
  };
  return Object.entries(named)
    .filter(([, value]) => value !== undefined && value !== "cpu")
    .map(([name, value]) => ` ${name}=${value}`)
    .join("");
}

/** A graph that is opened when it is first needed, by a name of its own. */
interface Graph {
  readonly name: string;
  readonly kind: GraphKind;
  readonly form: GradientForm;
  /** Whether the loss's derivative is known before the features. */
  readonly known: boolean;
}

const PLAIN: Graph = { name: "plain", kind: "plain", form: FEATURES_BY_POINT, known: false };
const DUAL: Graph = { name: "dual", kind: "dual", form: FEATURES_BY_POINT, known: false };

function gradientGraph(form: GradientForm, known: boolean): Graph {
  const { classes, offset } = form;
  return { name: `gradient ${known} ${classes} ${offset}`, kind: "gradient", form, known };
}

/** The batch whose inputs the worker holds. */
interface Held {
  readonly batch: TokenBatch;
  readonly buckets: readonly Bucket[];
  readonly groups: readonly HeldGroup[];
}

/** One bucket of it: where the worker holds its inputs. */
interface HeldGroup {
  readonly place: string;
  readonly geometry: Geometry;
  readonly ready: Promise<void>;
}
