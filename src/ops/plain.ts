import { asMultiplied } from "./as-multiplied";
import type { LowOps } from "./low-ops";
import type { AttentionOptions, Ops } from "./ops";

/**
 * Gives the coarse operations on values alone: every point's features, no derivatives.
 * Attention to a prefix and to the text's own tokens is one softmax, taken in two parts: with L = log(sum(exp(scores))) of each,
 *     o = (1 - g) o_own + g o_prefix,  g = sigmoid(L_prefix - L_own), the prefix's share of all weights
 * An engine with fused kernels overrides single operations: `{ ...plain(low), gelu: fusedGelu }`.
 * For example `const ops = plain(referenceOps(pass)); ops.relu(x)`.
 * @param past what earlier passes left of the same texts, for attention; default: nothing
 */
export function plain<T>(low: LowOps<T>, past: PastTokens<T> | null = null): Ops<T> {
  return {
    embed: low.embed,
    linear: (x, weight, bias) => {
      const y = low.frozen(x, asMultiplied(weight));
      return bias ? low.add(y, low.vector(bias)) : y;
    },
    parameters: (names) => low.parameters(names, "point"),
    pick: low.pick,
    reshape: low.reshape,
    matmul: low.matmul,
    matmulTransposed: (x, y) => low.matmulTransposed(x, y, 1),
    gather: low.gather,
    addBias: low.add,
    add: low.add,
    multiply: low.multiply,
    scale: low.scale,
    addScalar: low.addScalar,
    sum: low.sum,
    inverseSqrt: low.inverseSqrt,
    added: (x) => x,
    keepFactor: low.keepFactor,
    round: low.round,
    relu: low.relu,
    tanh: low.tanh,
    sigmoid: low.sigmoid,
    gelu: (x) => low.multiply(x, normalCdf(low, x)),
    silu: (x) => low.multiply(x, low.sigmoid(x)),
    layerNorm: (x, scale, shift, epsilon) =>
      low.add(low.multiply(standardize(low, x, epsilon).unit, low.vector(scale)), low.vector(shift)),
    rmsNorm: (x, scale, epsilon) => low.multiply(overRms(low, x, epsilon).unit, low.vector(scale)),
    attention: (q, k, v, options, prefix = null) => {
      const query = queryHeads(low, q, options);
      const [newKeys, newValues] = [keyHeads(low, k, options), valueHeads(low, v, options)];
      const [keys, values] = past === null ? [newKeys, newValues] : past.after(newKeys, newValues);
      const scores = attentionScores(low, query, keys, options);
      const own = low.matmul(low.softmax(scores), values);
      if (prefix === null) return low.mergeHeads(own);
      const before = low.matmul(query, prefixKeys(low, prefix.keys, prefix.tokens, options));
      const other = low.matmulTransposed(
        low.softmax(before),
        prefixHeads(low, prefix.values, prefix.tokens, options),
        1,
      );
      const share = low.sigmoid(low.subtract(low.logSumExp(before), low.logSumExp(scores)));
      return low.mergeHeads(low.add(own, low.multiply(share, low.subtract(other, own))));
    },
    meanPool: low.meanPool,
    takeScored: low.takeScored,
    targetLogProbability: (x) => targetLogProbability(low, x),
    normalize: (x) => low.multiply(x, inverseLength(low, x)),
  };
}

/** Keys and values of the tokens before this pass, attention after attention. */
export interface PastTokens<T> {
  /** All keys and values [R, B, kvHeads, 1, before + S, headSize] of the next attention, of which these [R, B, kvHeads, 1, S, headSize] are new. */
  after(keys: T, values: T): readonly [keys: T, values: T];
}

/** Computes x[target] - log(sum(exp(x))) over the last axis. */
export function targetLogProbability<T>(low: LowOps<T>, x: T): T {
  return low.subtract(low.takeTargets(x), low.logSumExp(x));
}

/** Computes Phi(x) = (1 + erf(x / sqrt(2))) / 2. */
export function normalCdf<T>(low: LowOps<T>, x: T): T {
  return low.scale(low.addScalar(low.erf(low.scale(x, Math.SQRT1_2)), 1), 0.5);
}

/** Computes x with mean 0 and variance 1 over the last axis, and the factor 1 / sqrt(variance + epsilon) that did it. */
export function standardize<T>(low: LowOps<T>, x: T, epsilon: number): { readonly unit: T; readonly factor: T } {
  const centred = low.subtract(x, low.mean(x));
  return overRms(low, centred, epsilon);
}

/** Computes x / sqrt(mean(x^2) + epsilon) over the last axis, and that factor. */
export function overRms<T>(low: LowOps<T>, x: T, epsilon: number): { readonly unit: T; readonly factor: T } {
  const factor = low.inverseSqrt(low.addScalar(low.mean(low.multiply(x, x)), epsilon));
  return { unit: low.multiply(x, factor), factor };
}

/** Computes 1 / |x| over the last axis. */
export function inverseLength<T>(low: LowOps<T>, x: T): T {
  return low.inverseSqrt(low.sum(low.multiply(x, x)));
}

/** Computes q [R, T, heads*headSize] -> [R, B, kvHeads, heads/kvHeads, S, headSize], rotated where the model rotates. Linear in q. */
export function queryHeads<T>(low: LowOps<T>, q: T, options: AttentionOptions): T {
  return rotated(low, low.splitHeads(q, options.kvHeads, options.heads / options.kvHeads), options);
}

/** Computes k [R, T, kvHeads*headSize] -> [R, B, kvHeads, 1, S, headSize], rotated likewise: one key for each group of queries. */
export function keyHeads<T>(low: LowOps<T>, k: T, options: AttentionOptions): T {
  return rotated(low, low.splitHeads(k, options.kvHeads, 1), options);
}

/** Computes v [R, T, kvHeads*headSize] -> [R, B, kvHeads, 1, S, headSize]. */
export function valueHeads<T>(low: LowOps<T>, v: T, options: AttentionOptions): T {
  return low.splitHeads(v, options.kvHeads, 1);
}

function rotated<T>(low: LowOps<T>, heads: T, { rotary }: AttentionOptions): T {
  return rotary ? low.rotate(heads, rotary) : heads;
}

/** Computes q k^T / sqrt(headSize) + mask: [R, B, kvHeads, heads/kvHeads, S, S]. */
export function attentionScores<T>(low: LowOps<T>, query: T, key: T, options: AttentionOptions): T {
  return low.mask(low.matmulTransposed(query, key, 1 / Math.sqrt(options.headSize)), options);
}

/** Makes a prefix's keys or values [R, kvHeads*headSize, m] -> [R, 1, kvHeads, 1, headSize, m], the same for every text and group. */
export function prefixHeads<T>(low: LowOps<T>, x: T, tokens: number, { kvHeads, headSize }: AttentionOptions): T {
  return low.reshape(x, [1, kvHeads, 1, headSize, tokens]);
}

/** Makes a prefix's keys, as `prefixHeads`, over sqrt(headSize): queries times these are scores. */
export function prefixKeys<T>(low: LowOps<T>, x: T, tokens: number, options: AttentionOptions): T {
  return low.scale(prefixHeads(low, x, tokens, options), 1 / Math.sqrt(options.headSize));
}
