import { resolve } from "node:path";
import type { Adapter } from "../../adapter/adapter";
import { fail, positiveInteger, sameLength } from "../../check/check";
import { grouped } from "../../check/grouped";
import type { Model } from "../../model/model";
import { tokenScorer } from "../../model/token-scorer";
import type { Tokenizer } from "../../text/tokenizer";
import type { Layout } from "../../tree/layout";
import { requireMemory } from "../../weights/memory";
import { freeMemory } from "../free-memory";
import { checkTokens } from "../rows";
import type { TokenBatch } from "../session";
import { compileDecoder } from "./compile-decoder";
import type { CompiledDecoder } from "./compile-decoder";
import { feedsFor, trainableFeeds } from "./feeds";
import { packBatch } from "./geometry";
import { FP32, precisionName, storage } from "./precision";
import { openProvider } from "./open-provider";
import { runtimeOptions, THREADS } from "./session";
import type { OnnxOptions, OnnxTuning } from "./session";

export interface GeneratorOptions extends Omit<OnnxOptions, "keep" | "tuning"> {
  readonly tuning?: Omit<OnnxTuning, "buckets" | "prefix" | "prefixCache" | "memoryPattern">;
  /** Texts that are continued in one pass, of all points together; default 32: each holds keys and values for all its tokens. */
  readonly together?: number;
}

/** How the tokens of one text are drawn: token k from softmax(logits / temperature), by the k-th uniform number. */
export interface Drawing {
  readonly temperature: number;
  /** In [0, 1), as many as new tokens. */
  readonly uniforms: Float32Array;
}

/** What ends a generated text. */
export interface GenerationLimits {
  /** Most new tokens. */
  readonly most: number;
  /** Any of these ends the text; it is not part of it. */
  readonly stopTokens?: readonly number[];
  /** So does any of these strings, once the decoded text has it. */
  readonly stopTexts?: { readonly texts: readonly string[]; readonly tokenizer: Pick<Tokenizer, "decode"> };
  /** Ends it with an error, the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Generation {
  /** The new tokens, without the one that stopped them. */
  readonly ids: readonly number[];
  /** Why it ended: a stop token, a stop string, the limit of new tokens, the model's context is full, or the model's scores are no numbers any more. */
  readonly reason: "token" | "text" | "limit" | "context" | "not finite";
}

/** A text on its way; null: it goes on. */
interface Writing {
  readonly ids: readonly number[];
  readonly reason: Generation["reason"] | null;
}

/** A text to be continued, and its place among those asked for. */
interface Begun {
  readonly at: number;
  readonly prompt: readonly number[];
  readonly drawing: Drawing | null;
}

/** A language model with its adapter, open to continue texts. */
export interface OnnxGenerator {
  readonly id: string;
  readonly layout: Layout;
  /** One line: what computes, and why nothing better. */
  readonly told: string;
  /**
   * The most probable next token again and again (greedy decoding; the first of equals).
   * @param prompt token ids, at least one
   * @throws when the prompt fills the model's context already, a token is none of the vocabulary's, or the point has another length
   */
  generate(point: Float32Array, prompt: readonly number[], limits: GenerationLimits): Promise<Generation>;
  /**
   * Continues each prompt at each point, many texts in one pass: the tokens of one text at a time. A text whose scores are no numbers any more ends as
   * "not finite" and holds none of the others up.
   * @param drawings how each prompt's tokens are drawn, the same numbers at every point; default: the most probable one each time
   * @returns [points][prompts]
   * @throws as `generate`
   */
  generateAll(
    points: readonly Float32Array[],
    prompts: readonly (readonly number[])[],
    limits: GenerationLimits,
    drawings?: readonly Drawing[],
  ): Promise<readonly (readonly Generation[])[]>;
  /** Milliseconds spent inside ONNX Runtime since the generator was opened. */
  engineMilliseconds(): number;
  dispose(): Promise<void>;
}

/**
 * Opens a causal language model with its adapter on ONNX Runtime for greedy decoding with a key/value cache: the prompt is computed once,
 * then one token at a time. The cache stays in the worker thread, as large as prompt and new tokens need.
 * For example `const { ids } = await (await onnxGenerator(model, adapter)).generate(point, tokenizer.encode("Question: ...\nAnswer:"), { most: 50, stopTokens: [13, 2] })`.
 * @throws when the model is not causal, or what it needs is more than free memory
 */
export async function onnxGenerator(
  model: Model,
  adapter: Adapter,
  options: GeneratorOptions = {},
): Promise<OnnxGenerator> {
  const {
    precision = FP32,
    progress,
    threads = THREADS,
    provider = "cpu",
    together = 32,
    tuning: { fused = true } = {},
  } = options;
  const { layout } = adapter;
  const directory = resolve(options.cacheDirectory ?? ".cache/onnx");
  requireMemory({
    name: `${model.family} of ${model.layers} layers`,
    model: model.head === null ? model : tokenScorer(model),
    precision: storage(precision),
    pass: { texts: 1, tokens: USUAL_PROMPT, points: 1, trainable: Math.max(layout.size, 1) },
    freeBytes: options.freeBytes ?? freeMemory(),
    alternatives: [{ kind: "int8" }, { kind: "int4", block: 32 }],
  });
  const how = runtimeOptions(options, "all");
  const { worker, kernels, told } = await openProvider(provider, directory, threads, how);
  const opening = async (): Promise<CompiledDecoder> => {
    const compiled = await compileDecoder(model, adapter, directory, { fused, kernels, precision, progress });
    await worker.create(SESSION, compiled.path, how);
    return compiled;
  };
  const { inputs, feeds, cache, logits } = await opening().catch(async (error: unknown) => {
    await worker.end();
    throw error;
  });
  let engineMilliseconds = 0;
  let places = 0;
  /** Where a kernel attends, each text knows how long it is; small operations take texts of one length. */
  const ragged = cache.carried.every(({ inPlace }) => inPlace);
  /** Tokens that are looked up in trained weights are the same for all points. */
  const alike = inputs.has("ids");

  /** Continues texts at points, all in one pass each time. @returns [points][texts] */
  const continued = async (
    points: readonly Float32Array[],
    texts: readonly Begun[],
    { most, stopTokens = [], stopTexts, signal }: GenerationLimits,
  ): Promise<readonly (readonly Generation[])[]> => {
    const longest = Math.max(...texts.map(({ prompt }) => prompt.length));
    const place = `texts ${places++}`;
    const trainable = trainableFeeds(inputs, adapter, { points, directions: [] }, (n) => new Float32Array(n));
    const zeros = cache.empty(Math.min(longest + most, model.context), texts.length, points.length);
    await worker.hold(place, trainable, null, { zeros });
    const written = points.map(() => texts.map((): Writing => ({ ids: [], reason: null })));
    const ended = (ids: readonly number[], { prompt }: Begun): Generation | null => {
      if (stopTokens.includes(ids.at(-1) ?? -1)) return { ids: ids.slice(0, -1), reason: "token" };
      const text = stopTexts?.tokenizer.decode(ids) ?? "";
      if (stopTexts?.texts.some((stop) => text.includes(stop))) return { ids, reason: "text" };
      if (ids.length >= most) return { ids, reason: "limit" };
      return prompt.length + ids.length >= model.context ? { ids, reason: "context" } : null;
    };
    /** One pass: the tokens of each text that are not in the cache yet, which may differ from point to point, and what follows them. */
    const pass = async (batch: TokenBatch, before: readonly number[], ids: readonly number[]): Promise<void> => {
      const geometry = packBatch(batch, before);
      const given = feedsFor(inputs, feeds, geometry, points.length, Int32Array.from(ids));
      const { outputs, milliseconds } = await worker.run(SESSION, place, given, new Map(), [logits], cache.carried);
      engineMilliseconds += milliseconds;
      const all = outputs[0]?.data ?? new Float32Array(0);
      const width = all.length / (points.length * texts.length);
      written.forEach((here, p) =>
        here.forEach((text, b) => {
          if (text.reason !== null) return;
          const from = (p * texts.length + b) * width;
          const next = nextToken(all.subarray(from, from + width), texts[b]!.drawing, text.ids.length);
          if (next < 0) here[b] = { ids: text.ids, reason: "not finite" };
          else here[b] = ended([...text.ids, next], texts[b]!) ?? { ids: [...text.ids, next], reason: null };
        }),
      );
    };
    try {
      const prompts = texts.map(({ prompt }) => prompt);
      await pass({ ids: prompts }, texts.map(() => 0), points.flatMap(() => prompts.flat())); // prettier-ignore
      for (let count = 1; written.flat().some(({ reason }) => reason === null); count++) {
        signal?.throwIfAborted();
        // A text that has ended goes on where it is; nobody looks at what follows.
        const before = prompts.map(({ length }) => Math.min(length + count, model.context) - 1);
        const last = written.flatMap((here) => here.map(({ ids }, b) => ids.at(-1) ?? prompts[b]!.at(-1)!));
        await pass({ ids: prompts.map((_, b) => [last[b]!]) }, before, last);
      }
      return written as readonly (readonly Generation[])[];
    } finally {
      await worker.drop(place).catch(() => undefined);
    }
  };

  const generateAll: OnnxGenerator["generateAll"] = async (points, prompts, limits, drawings) => {
    positiveInteger("most", limits.most);
    for (const prompt of prompts) {
      checkTokens({ ids: [prompt] }, model);
      if (prompt.length >= model.context)
        fail("prompt", `fewer than ${model.context} tokens (the model's context)`, prompt.length);
    }
    if (drawings !== undefined) sameLength("drawings", drawings.length, prompts.length);
    limits.signal?.throwIfAborted();
    const texts = prompts.map((prompt, at): Begun => ({ at, prompt, drawing: drawings?.[at] ?? null }));
    const groups = ragged ? [texts] : [...grouped(texts, ({ prompt }) => String(prompt.length))];
    const out = points.map(() => new Array<Generation>(prompts.length));
    for (const some of groups.flatMap((group) => inRuns(group, together))) {
      const rows = alike ? 1 : Math.max(1, Math.floor(together / some.length));
      for (const here of inRuns([...points.keys()], rows)) {
        const found = await continued(
          here.map((p) => points[p]!),
          some,
          limits,
        );
        found.forEach((row, i) => row.forEach((text, b) => (out[here[i]!]![some[b]!.at] = text)));
      }
    }
    return out;
  };

  return {
    id: `${model.id}|${JSON.stringify(adapter.spec)}|onnx generator ${precisionName(precision)}`,
    layout,
    told,
    engineMilliseconds: () => engineMilliseconds,
    generateAll,
    async generate(point, prompt, limits) {
      const { ids, reason } = (await generateAll([point], [prompt], limits))[0]![0]!;
      return reason === "not finite" ? fail("logits", "numbers", NaN) : { ids, reason };
    },
    dispose: () => worker.end(),
  };
}

const SESSION = "decoder";
/** The tokens that a generator's memory is predicted for. */
const USUAL_PROMPT = 512;

/**
 * Gives the token that follows by its scores: the largest, the first of equals, or the drawn one; -1 where a score is NaN.
 * @param k how many were written before it
 */
export function nextToken(scores: Float32Array, drawing: Drawing | null, k: number): number {
  let best = -1;
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) return -1;
    if (best < 0 || scores[i]! > scores[best]!) best = i;
  }
  const highest = scores[best];
  if (highest === undefined || !Number.isFinite(highest)) return -1;
  if (drawing === null || drawing.temperature === 0) return best;
  const { temperature, uniforms } = drawing;
  const weight = (i: number): number => Math.exp((scores[i]! - highest) / temperature);
  let all = 0;
  for (let i = 0; i < scores.length; i++) all += weight(i);
  let left = (uniforms[k] ?? fail("drawing.uniforms", `a number for token ${k}`, uniforms.length)) * all;
  for (let i = 0; i < scores.length; i++) {
    left -= weight(i);
    if (left < 0) return i;
  }
  return best;
}

/** Neighbours, at most so many together. */
function inRuns<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, i) => items.slice(i * most, (i + 1) * most));
}
