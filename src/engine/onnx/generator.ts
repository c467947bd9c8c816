import { resolve } from "node:path";
import type { Adapter } from "../../adapter/adapter";
import { fail, positiveInteger } from "../../check/check";
import type { Model } from "../../model/model";
import { tokenScorer } from "../../model/token-scorer";
import type { Tokenizer } from "../../text/tokenizer";
import type { Layout } from "../../tree/layout";
import { requireMemory } from "../../weights/memory";
import { freeMemory } from "../free-memory";
import { checkTokens } from "../rows";
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
  /** Why it ended: a stop token, a stop string, the limit of new tokens, or the model's context is full. */
  readonly reason: "token" | "text" | "limit" | "context";
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
  const { precision = FP32, progress, threads = THREADS, provider = "cpu", tuning: { fused = true } = {} } = options;
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
  let texts = 0;

  return {
    id: `${model.id}|${JSON.stringify(adapter.spec)}|onnx generator ${precisionName(precision)}`,
    layout,
    told,
    engineMilliseconds: () => engineMilliseconds,
    async generate(point, prompt, { most, stopTokens = [], stopTexts, signal }) {
      positiveInteger("most", most);
      checkTokens({ ids: [prompt] }, model);
      if (prompt.length >= model.context)
        fail("prompt", `fewer than ${model.context} tokens (the model's context)`, prompt.length);
      signal?.throwIfAborted();
      const place = `text ${texts++}`;
      const room = Math.min(prompt.length + most, model.context);
      const trainable = trainableFeeds(
        inputs,
        adapter,
        { points: [point], directions: [] },
        (n) => new Float32Array(n),
      );
      await worker.hold(place, trainable, null, { zeros: cache.empty(room) });
      /** The next token after these, which follow the ones that the cache holds. */
      const next = async (ids: readonly number[], start: number): Promise<number> => {
        const given = feedsFor(inputs, feeds, packBatch({ ids: [ids] }, start), 1);
        const { outputs, milliseconds } = await worker.run(SESSION, place, given, new Map(), [logits], cache.carried);
        engineMilliseconds += milliseconds;
        return largest(outputs[0]?.data ?? new Float32Array(0));
      };
      const ended = (ids: readonly number[]): Generation | null => {
        if (stopTokens.includes(ids.at(-1) ?? -1)) return { ids: ids.slice(0, -1), reason: "token" };
        const text = stopTexts?.tokenizer.decode(ids) ?? "";
        if (stopTexts?.texts.some((stop) => text.includes(stop))) return { ids, reason: "text" };
        if (ids.length >= most) return { ids, reason: "limit" };
        return prompt.length + ids.length >= model.context ? { ids, reason: "context" } : null;
      };
      try {
        const ids = [await next(prompt, 0)];
        for (;;) {
          const found = ended(ids);
          if (found !== null) return found;
          signal?.throwIfAborted();
          ids.push(await next(ids.slice(-1), prompt.length + ids.length - 1));
        }
      } finally {
        await worker.drop(place).catch(() => undefined);
      }
    },
    dispose: () => worker.end(),
  };
}

const SESSION = "decoder";
/** The tokens that a generator's memory is predicted for. */
const USUAL_PROMPT = 512;

/** The place of the largest number, the first of equals. */
function largest(values: Float32Array): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i]! > values[best]!) best = i;
  const value = values[best];
  if (value === undefined || Number.isNaN(value)) return fail("logits", "numbers", value);
  return best;
}
