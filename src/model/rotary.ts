import { fail, sameLength, unreachable } from "../check/check";
import type { Rotary } from "../ops/ops";
import type { ConfigReader } from "./config";

/**
 * How rotary positions reach beyond the context that a model was trained on.
 * - "linear": every frequency divided by `factor`;
 * - "llama3": low frequencies divided by `factor`, high ones kept, a ramp between, by turns over the original context;
 * - "yarn": the same with a ramp over the pairs, and cosine and sine times `attentionFactor`;
 * - "longrope": each frequency by a divisor of its own, and the same factor.
 */
export type RotaryScaling =
  | { readonly kind: "linear"; readonly factor: number }
  | {
      readonly kind: "llama3";
      readonly factor: number;
      /** Turns over the original context: at most `low` -> divided, at least `high` -> kept. */
      readonly low: number;
      readonly high: number;
      readonly originalContext: number;
    }
  | {
      readonly kind: "yarn";
      readonly factor: number;
      readonly attentionFactor: number;
      /** Turns over the original context where the ramp begins (kept above `fast`) and ends (divided below `slow`). */
      readonly fast: number;
      readonly slow: number;
      readonly originalContext: number;
      /** The ramp's ends are whole pairs. */
      readonly truncate: boolean;
    }
  | { readonly kind: "longrope"; readonly divisors: readonly number[]; readonly attentionFactor: number };

/** The base of a model's rotary positions, and their scaling where there is one. */
export interface RotaryConfig {
  readonly rotaryBase: number;
  readonly scaling?: RotaryScaling;
}

/**
 * Frequencies w_i = base^(-2i/headSize), changed as the scaling says.
 * @example rotary({ rotaryBase: 100 }, 4) // { frequencies: [1, 0.1], factor: 1 }
 * @throws when the head size is odd
 * Source: Su et al., arXiv 2104.09864; the scalings as in Hugging Face transformers (modeling_rope_utils.py), yarn: Peng et al., arXiv 2309.00071.
 */
export function rotary({ rotaryBase, scaling }: RotaryConfig, headSize: number): Rotary {
  if (headSize % 2 !== 0) fail("config.head_dim", "an even number (rotary positions turn pairs)", headSize);
  const plain = Array.from({ length: headSize / 2 }, (_, i) => rotaryBase ** ((-2 * i) / headSize));
  if (scaling === undefined) return { frequencies: plain, factor: 1 };
  /** kept = 1: the frequency as it was; kept = 0: divided. */
  const mixed = (frequency: number, kept: number, factor: number): number =>
    kept * frequency + (1 - kept) * (frequency / factor);
  switch (scaling.kind) {
    case "linear":
      return { frequencies: plain.map((w) => mixed(w, 0, scaling.factor)), factor: 1 };
    case "llama3": {
      const { factor, low, high, originalContext } = scaling;
      const turns = (w: number): number => (originalContext * w) / (2 * Math.PI);
      const kept = (w: number): number => clamp((turns(w) - low) / (high - low));
      return { frequencies: plain.map((w) => mixed(w, kept(w), factor)), factor: 1 };
    }
    case "yarn": {
      const { factor, fast, slow, originalContext, truncate, attentionFactor } = scaling;
      /** The pair, as a real number, that turns this often over the original context. */
      const pair = (turns: number): number =>
        (headSize * Math.log(originalContext / (2 * Math.PI * turns))) / (2 * Math.log(rotaryBase));
      const whole = (value: number, round: (x: number) => number): number => (truncate ? round(value) : value);
      const first = Math.max(whole(pair(fast), Math.floor), 0);
      const last = Math.min(whole(pair(slow), Math.ceil), headSize - 1);
      const width = last === first ? 0.001 : last - first;
      const kept = (i: number): number => 1 - clamp((i - first) / width);
      return { frequencies: plain.map((w, i) => mixed(w, kept(i), factor)), factor: attentionFactor };
    }
    case "longrope": {
      const { divisors, attentionFactor } = scaling;
      sameLength("config.rope_scaling.short_factor", divisors.length, plain.length);
      return { frequencies: plain.map((w, i) => w / divisors[i]), factor: attentionFactor };
    }
    default:
      return unreachable(scaling);
  }
}

/**
 * Reads `rope_theta` and `rope_scaling`, which newer configurations keep together under `rope_parameters`.
 * "dynamic" scaling changes nothing within the context, and longer texts are refused, so it is none.
 * "longrope" is read where one list of divisors serves every text of the context.
 * @throws when the scaling is another one, only a part of the head turns, or a number is missing
 */
export function rotaryConfig(read: ConfigReader, context: number): RotaryConfig {
  read.only("partial_rotary_factor", [1], "the whole head turns");
  const [parameters, old] = [read.section("rope_parameters"), read.section("rope_scaling")];
  const base = read.number("rope_theta", parameters?.number("rope_theta", 10000) ?? 10000);
  if (base <= 1) fail("config.rope_theta", "a number above 1", base);
  const section = old ?? parameters;
  parameters?.only("partial_rotary_factor", [1], "the whole head turns");
  const scaling = section === null ? null : scalingOf(section, context);
  return { rotaryBase: base, ...(scaling ? { scaling } : {}) };
}

const KINDS = ["default", "linear", "dynamic", "llama3", "yarn", "longrope"] as const;

function scalingOf(read: ConfigReader, context: number): RotaryScaling | null {
  const kind = read.oneOf(read.has("rope_type") ? "rope_type" : "type", KINDS, "default");
  const factor = (): number => {
    const value = read.number("factor");
    return value > 0 ? value : fail("config.rope_scaling.factor", "a positive number", value);
  };
  const originalContext = (): number => read.integer("original_max_position_embeddings", context);
  switch (kind) {
    case "default":
    case "dynamic":
      return null;
    case "linear":
      return { kind, factor: factor() };
    case "llama3": {
      const [low, high] = [read.number("low_freq_factor"), read.number("high_freq_factor")];
      if (!(low > 0 && high > low)) fail("config.rope_scaling.high_freq_factor", `above low_freq_factor ${low}`, high);
      return { kind, factor: factor(), low, high, originalContext: originalContext() };
    }
    case "yarn": {
      const attention = yarnAttention(factor(), read.number("mscale", 0), read.number("mscale_all_dim", 0));
      return {
        kind,
        factor: factor(),
        attentionFactor: read.number("attention_factor", attention),
        fast: read.number("beta_fast", 32),
        slow: read.number("beta_slow", 1),
        originalContext: originalContext(),
        truncate: read.boolean("truncate", true),
      };
    }
    case "longrope": {
      const divisors = read.numbers("short_factor");
      const beyond = context > originalContext() && read.numbers("long_factor").join() !== divisors.join();
      if (beyond || !divisors.every((divisor) => divisor > 0))
        fail("config.rope_scaling.short_factor", "positive numbers for texts of every length", divisors);
      return { kind, divisors, attentionFactor: read.number("attention_factor") };
    }
    default:
      return unreachable(kind);
  }
}

/** The factor on cosine and sine that yarn suggests: 0.1 ln(factor) + 1, or the quotient of two such. */
function yarnAttention(factor: number, above: number, below: number): number {
  const scale = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return above !== 0 && below !== 0 ? scale(above) / scale(below) : scale(1);
}

function clamp(x: number): number {
  return Math.min(Math.max(x, 0), 1);
}
