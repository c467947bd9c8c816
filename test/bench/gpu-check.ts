import { cpus, totalmem } from "node:os";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { messageOf } from "../../src/check/error-words";
import { parsePrecision } from "../../src/engine/onnx/precision";
import type { Provider } from "../../src/engine/onnx/providers";
import { onnxSession } from "../../src/engine/onnx/session";
import { createWorkspace } from "../../src/estimator/workspace";
import type { Model } from "../../src/model/model";
import { modelOf } from "../../src/model/model-of";
import { mezo } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import { generatedWeights } from "./generated";
import { median } from "./timing";

/** How large the models are whose numbers are compared, and the one that is timed. */
export const SIZES = {
  tiny: { correct: { width: 32, layers: 1, context: 32 }, timed: { width: 32, layers: 2, texts: 2, tokens: 8 } },
  small: { correct: { width: 64, layers: 2, context: 64 }, timed: { width: 64, layers: 2, texts: 4, tokens: 16 } },
  full: { correct: { width: 768, layers: 12, context: 256 }, timed: { width: 576, layers: 30, texts: 16, tokens: 64 } },
} as const;
export type Size = keyof typeof SIZES;

/** Largest difference from the CPU over the CPU's largest number, by quantity; null: not computed. */
export interface Correctness {
  readonly architecture: string;
  readonly precision: string;
  readonly features: number;
  readonly tangents: number;
  readonly gradient: number | null;
  readonly seconds: number;
}

/** Tokens a second: of plain inference, and inside steps of Q two-sided queries, directions, points and update included. */
export interface Speed {
  readonly plain: number;
  readonly steps: readonly { readonly queries: number; readonly tokensPerSecond: number }[];
}

export interface ProviderReport {
  readonly provider: Provider;
  /** What computes; null where it did not open. */
  readonly told: string | null;
  readonly correctness: readonly Correctness[];
  readonly speed: Speed | null;
  /** What was not done, and why. */
  readonly left: readonly string[];
  readonly seconds: number;
}

export interface GpuReport {
  readonly made: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly gigabytes: number;
    readonly node: string;
  };
  readonly size: Size;
  readonly tolerance: number;
  readonly providers: readonly ProviderReport[];
}

export interface GpuCheck {
  readonly providers: readonly Provider[];
  readonly size: Size;
  /** For everything. */
  readonly minutes: number;
  /** Threads of the CPU's own speed. */
  readonly threads: number;
  /** Told after each provider, and within one after each part of it. */
  readonly save: (report: GpuReport) => void;
}

/** A difference that rounding does not make. */
const TOLERANCE = 1e-3;
const QUERIES = [1, 4, 15] as const;
const ROUNDS = 5;
const PRECISIONS = ["fp32", "int8", "int4"] as const;
const LORA = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] } as const satisfies AdapterSpec;

const configs: Readonly<Record<string, (width: number, layers: number, context: number) => object>> = {
  bert: (hidden_size, num_hidden_layers, context) => ({
    model_type: "bert",
    hidden_size,
    num_hidden_layers,
    num_attention_heads: hidden_size / 16,
    intermediate_size: 4 * hidden_size,
    vocab_size: 1000,
    max_position_embeddings: context,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
  }),
  llama: (hidden_size, num_hidden_layers, context) => ({
    model_type: "llama",
    hidden_act: "silu",
    hidden_size,
    num_hidden_layers,
    num_attention_heads: hidden_size / 16,
    num_key_value_heads: hidden_size / 32,
    intermediate_size: 2 * hidden_size,
    vocab_size: 1000,
    max_position_embeddings: context,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: true,
  }),
  qwen2: (width, layers, context) => ({
    ...configs["llama"]!(width, layers, context),
    model_type: "qwen2",
    use_sliding_window: false,
  }),
  opt: (hidden_size, num_hidden_layers, context) => ({
    model_type: "opt",
    activation_function: "relu",
    hidden_size,
    word_embed_proj_dim: hidden_size,
    num_hidden_layers,
    num_attention_heads: hidden_size / 16,
    ffn_dim: 4 * hidden_size,
    vocab_size: 1000,
    max_position_embeddings: context,
    do_layer_norm_before: true,
  }),
};

/** A model of an architecture with generated weights; another shape is another model. */
function generated(architecture: string, width: number, layers: number, context: number): Model {
  const config = configs[architecture]!(width, layers, context);
  return modelOf(config, generatedWeights(`generated ${JSON.stringify(config)}`, true));
}

const textsOf = (count: number, tokens: number, uneven: boolean, shift = 0): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, b) =>
    Array.from(
      { length: uneven ? Math.max(1, tokens - 3 * b) : tokens },
      (__, t) => 5 + ((31 * b + 7 * t + 13 * shift) % 900),
    ),
  );

/** Largest difference over the largest of the first. */
function difference(expected: Float32Array, found: Float32Array): number {
  let [most, worst] = [0, expected.length === found.length ? 0 : Infinity];
  for (const [i, value] of expected.entries()) {
    most = Math.max(most, Math.abs(value));
    const off = Math.abs(value - found[i]!);
    worst = Number.isNaN(off) ? Infinity : Math.max(worst, off);
  }
  return most === 0 ? worst : worst / most;
}

async function quantities(
  model: Model,
  precision: string,
  provider: Provider,
): Promise<readonly (Float32Array | null)[]> {
  const adapter = makeAdapter({ ...LORA, rank: 4 }, model);
  const point = adapter.initial(0).map((value, i) => value + 0.02 * Math.sin(i));
  const direction = point.map((_, i) => Math.cos(3 * i));
  const batch = { ids: textsOf(3, 12, true) };
  const session = await onnxSession(model, adapter, { provider, precision: parsePrecision(precision) });
  try {
    const { data } = await session.features([point, point.map((value, i) => value + 0.01 * direction[i]!)], batch);
    const { tangents } = await session.tangents(point, [direction], batch);
    const back = await session.gradient?.(point, batch, (found) => found.data.map((_, i) => Math.sin(i)));
    return [data, tangents.data, back?.gradient ?? null];
  } finally {
    await session.dispose();
  }
}

async function correctnessOf(
  architecture: string,
  precision: string,
  provider: Provider,
  size: Size,
): Promise<Correctness> {
  const started = performance.now();
  const { width, layers, context } = SIZES[size].correct;
  const model = generated(architecture, width, layers, context);
  const expected = await quantities(model, precision, "cpu");
  const found = await quantities(model, precision, provider);
  const [features, tangents, gradient] = expected.map((all, i) => {
    const other = found[i] ?? null;
    return all === null || other === null ? null : difference(all, other);
  });
  const seconds = (performance.now() - started) / 1000;
  return { architecture, precision, features: features!, tangents: tangents!, gradient: gradient!, seconds };
}

/** Medians over rounds with other texts in each; what does not fit into the time is left out. */
async function speedOf(provider: Provider, { size, threads }: GpuCheck, until: number, left: string[]): Promise<Speed> {
  const { width, layers, texts, tokens } = SIZES[size].timed;
  const model = generated("llama", width, layers, Math.max(64, tokens));
  const options = { provider, threads, freeBytes: Infinity };
  const perPass = texts * tokens;
  /** Tokens a second of a piece of work, after one that is not counted. */
  const rate = async (
    what: string,
    passes: number,
    work: (round: number) => Promise<unknown>,
  ): Promise<number | null> => {
    const taken: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const started = performance.now();
      const spent = taken.at(-1) ?? 0;
      if (started + spent > until) break;
      await work(round);
      if (round > 0) taken.push(performance.now() - started);
    }
    if (taken.length < ROUNDS) left.push(`${what}: ${taken.length} of ${ROUNDS} rounds, the time was over`);
    return taken.length === 0 ? null : (1000 * passes * perPass) / median(taken);
  };
  const frozen = await onnxSession(model, makeAdapter({ kind: "none" }, model), options);
  const plain = await rate("plain inference", 1, (round) =>
    frozen.features([new Float32Array(0)], { ids: textsOf(texts, tokens, false, round) }),
  ).finally(() => frozen.dispose());
  const adapter = makeAdapter(LORA, model);
  const { layout } = adapter;
  const session = await onnxSession(model, adapter, options);
  const readout = { rows: new Float32Array(2 * width).fill(0.1), classes: 2, width, scale: 1 };
  const objective = classifierObjective(session, readout);
  const workspace = createWorkspace(layout.size);
  const point = adapter.initial(0);
  const steps: Speed["steps"][number][] = [];
  try {
    for (const queries of QUERIES) {
      const method = mezo({ learningRate: 1e-6, queries });
      const tokensPerSecond = await rate(`steps of Q ${queries}`, 2 * queries, (round) => {
        const ids = textsOf(texts, tokens, false, round);
        const batch = { input: { ids }, labels: ids.map((_, b) => b % 2) };
        return step(method, objective, point, { seed: 0, step: round, epoch: 0, layout, batch, workspace });
      });
      if (tokensPerSecond !== null) steps.push({ queries, tokensPerSecond });
    }
  } finally {
    await session.dispose();
  }
  return { plain: plain ?? NaN, steps };
}

/** What a provider says of itself; throws where it does not open. */
async function toldBy(provider: Provider): Promise<string> {
  const model = generated("bert", 32, 1, 32);
  const session = await onnxSession(model, makeAdapter({ kind: "none" }, model), { provider });
  await session.dispose();
  return session.told;
}

/**
 * Checks the providers one after another: first their numbers against the CPU's, on four architectures with generated weights in three forms;
 * then, where those are right, tokens a second. The CPU's own speed comes first, to compare with. Nothing throws: what
 * failed, or did not fit into the time, is in the report.
 */
export async function gpuCheck(check: GpuCheck): Promise<GpuReport> {
  const begun = performance.now();
  const done: ProviderReport[] = [];
  const [first] = cpus();
  const reportOf = (providers: readonly ProviderReport[]): GpuReport => ({
    made: new Date().toISOString(),
    machine: {
      processor: first?.model ?? "unknown",
      cores: cpus().length,
      gigabytes: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    size: check.size,
    tolerance: TOLERANCE,
    providers: [...providers],
  });
  const all = ["cpu" as const, ...check.providers.filter((provider) => provider !== "cpu")];
  for (const [i, provider] of all.entries()) {
    const started = performance.now();
    const until = begun + (60_000 * check.minutes * (i + 1)) / all.length;
    const correctness: Correctness[] = [];
    const left: string[] = [];
    let [told, speed]: [string | null, Speed | null] = [null, null];
    const now = (): ProviderReport => {
      const seconds = (performance.now() - started) / 1000;
      return { provider, told, correctness: [...correctness], speed, left: [...left], seconds };
    };
    try {
      told = await toldBy(provider);
      const cells =
        provider === "cpu"
          ? []
          : PRECISIONS.flatMap((form) => Object.keys(configs).map((name) => [name, form] as const));
      for (const [name, form] of cells) {
        // Half of the time is for the speed.
        if (performance.now() > started + (until - started) / 2) left.push(`${name} ${form}: the time was over`);
        else correctness.push(await correctnessOf(name, form, provider, check.size));
        check.save(reportOf([...done, now()]));
      }
      const wrong = correctness.filter(isWrong).map(({ architecture, precision }) => `${architecture} ${precision}`);
      if (wrong.length > 0) left.push(`speed: not measured, since these differ from the CPU: ${wrong.join(", ")}`);
      else speed = await speedOf(provider, check, until, left);
    } catch (error) {
      left.push(messageOf(error));
    }
    done.push(now());
    check.save(reportOf(done));
  }
  return reportOf(done);
}

/** Whether rounding does not explain a cell's differences. */
export function isWrong({
  features,
  tangents,
  gradient,
}: Pick<Correctness, "features" | "tangents" | "gradient">): boolean {
  return [features, tangents, gradient ?? 0].some((value) => !(value <= TOLERANCE));
}
