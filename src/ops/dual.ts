import { asMultiplied } from "./as-multiplied";
import type { LowOps } from "./low-ops";
import type { AttentionOptions, AttentionPrefix, Ops } from "./ops";
import {
  attentionScores,
  inverseLength,
  keyHeads,
  normalCdf,
  overRms,
  prefixHeads,
  prefixKeys,
  queryHeads,
  standardize,
  targetLogProbability,
  valueHeads,
} from "./plain";

/**
 * A value and its derivative along P directions: primal [1, ...], tangents [P, ...].
 * `null` tangents are zero and cost nothing: everything before the first trainable tensor.
 */
export interface Dual<T> {
  readonly primal: T;
  readonly tangents: T | null;
}

/**
 * Differentiates in forward mode: the same coarse operations, each with its tangent rule.
 * Primal and tangents are joined only around a frozen product (one weight, one packed copy, one product), and a value
 * that feeds several products is joined once.
 * For example `const ops = dual(low); ops.relu(x).tangents`: x.tangents where x.primal > 0, else 0.
 * Source: forward-mode differentiation of directional derivatives, Baydin et al., arXiv 2202.08587.
 */
export function dual<T>(low: LowOps<T>): Ops<Dual<T>> {
  const joined = new WeakMap<Dual<T>, T>();
  const join = (x: Dual<T>, tangents: T): T => {
    const known = joined.get(x);
    if (known !== undefined) return known;
    const made = low.concat([x.primal, tangents]);
    joined.set(x, made);
    return made;
  };
  /** A linear operation: the tangents go the primal's way. */
  const both = (x: Dual<T>, f: (value: T) => T): Dual<T> => ({ primal: f(x.primal), tangents: map(x.tangents, f) });
  /** An elementwise function: its slope, computed once on the primal, times the tangents. */
  const through = (x: Dual<T>, primal: T, slope: () => T): Dual<T> => ({
    primal,
    tangents: map(x.tangents, (t) => low.multiply(t, slope())),
  });
  const plus = (x: T | null, y: T | null): T | null => sum(low, x, y);

  return {
    embed: (table, by) => ({ primal: low.embed(table, by), tangents: null }),
    linear: (x, weight, bias) => {
      const biased = (y: T): T => (bias ? low.add(y, low.vector(bias)) : y);
      if (x.tangents === null) return { primal: biased(low.frozen(x.primal, asMultiplied(weight))), tangents: null };
      const y = low.frozen(join(x, x.tangents), asMultiplied(weight));
      return { primal: biased(low.first(y)), tangents: low.rest(y) };
    },
    parameters: (names) => ({
      primal: low.parameters(names, "point"),
      tangents: low.parameters(names, "directions"),
    }),
    pick: (stack, index) => both(stack, (x) => low.pick(x, index)),
    reshape: (x, shape) => both(x, (value) => low.reshape(value, shape)),
    matmul: (x, y) => ({
      primal: low.matmul(x.primal, y.primal),
      tangents: plus(
        map(x.tangents, (t) => low.matmul(t, y.primal)),
        map(y.tangents, (t) => low.matmul(x.primal, t)),
      ),
    }),
    matmulTransposed: (x, y) => ({
      primal: low.matmulTransposed(x.primal, y.primal, 1),
      tangents: plus(
        map(x.tangents, (t) => low.matmulTransposed(t, y.primal, 1)),
        map(y.tangents, (t) => low.matmulTransposed(x.primal, t, 1)),
      ),
    }),
    gather: (table, by) => both(table, (x) => low.gather(x, by)),
    addBias: (x, bias) => ({
      primal: low.add(x.primal, bias.primal),
      tangents: map(bias.tangents, (t) => low.add(x.tangents ?? low.scale(x.primal, 0), t)) ?? x.tangents,
    }),
    add: (x, y) => ({ primal: low.add(x.primal, y.primal), tangents: plus(x.tangents, y.tangents) }),
    multiply: (x, y) => ({
      primal: low.multiply(x.primal, y.primal),
      tangents: plus(
        map(x.tangents, (t) => low.multiply(t, y.primal)),
        map(y.tangents, (t) => low.multiply(x.primal, t)),
      ),
    }),
    scale: (x, factor) => both(x, (value) => low.scale(value, factor)),
    addScalar: (x, value) => ({ primal: low.addScalar(x.primal, value), tangents: x.tangents }),
    sum: (x) => both(x, low.sum),
    inverseSqrt: (x) => {
      const y = low.inverseSqrt(x.primal);
      // (x^-1/2)' = -1/2 y^3
      return through(x, y, () => low.scale(low.multiply(y, low.multiply(y, y)), -0.5));
    },
    added: (x) => x,
    keepFactor: (site) => ({ primal: low.keepFactor(site), tangents: null }),
    round: (x, grid) => ({ primal: low.round(x.primal, grid), tangents: x.tangents }),
    relu: (x) => through(x, low.relu(x.primal), () => low.positive(x.primal)),
    tanh: (x) => {
      const y = low.tanh(x.primal);
      return through(x, y, () => low.addScalar(low.scale(low.multiply(y, y), -1), 1));
    },
    sigmoid: (x) => {
      const y = low.sigmoid(x.primal);
      return through(x, y, () => low.subtract(y, low.multiply(y, y)));
    },
    gelu: (x) => {
      const cdf = normalCdf(low, x.primal);
      return through(x, low.multiply(x.primal, cdf), () => low.add(cdf, weightedDensity(low, x.primal)));
    },
    silu: (x) => {
      const gate = low.sigmoid(x.primal);
      const y = low.multiply(x.primal, gate);
      // (x s)' = s + x s (1 - s) = s + y - y s
      return through(x, y, () => low.subtract(low.add(gate, y), low.multiply(y, gate)));
    },
    layerNorm: (x, scale, shift, epsilon) => {
      const { unit, factor } = standardize(low, x.primal, epsilon);
      const gain = low.vector(scale);
      const centred = map(x.tangents, (t) => low.subtract(t, low.mean(t)));
      return {
        primal: low.add(low.multiply(unit, gain), low.vector(shift)),
        tangents: map(centred, (t) => low.multiply(acrossMean(low, t, unit), low.multiply(gain, factor))),
      };
    },
    rmsNorm: (x, scale, epsilon) => {
      const { unit, factor } = overRms(low, x.primal, epsilon);
      const gain = low.vector(scale);
      return {
        primal: low.multiply(unit, gain),
        tangents: map(x.tangents, (t) => low.multiply(acrossMean(low, t, unit), low.multiply(gain, factor))),
      };
    },
    attention: (q, k, v, options, prefix = null) => dualAttention(low, q, k, v, options, prefix),
    meanPool: (x) => both(x, low.meanPool),
    takeScored: (x) => both(x, low.takeScored),
    targetLogProbability: (x) => ({
      primal: targetLogProbability(low, x.primal),
      tangents: map(x.tangents, (t) => {
        // (x[target] - log(sum(exp(x))))' = x'[target] - sum(softmax(x) x')
        const expected = low.sum(low.multiply(low.softmax(x.primal), t));
        return low.subtract(low.takeTargets(t), expected);
      }),
    }),
    normalize: (x) => {
      const factor = inverseLength(low, x.primal);
      const unit = low.multiply(x.primal, factor);
      const across = (t: T): T => low.subtract(t, low.multiply(unit, low.sum(low.multiply(t, unit))));
      return { primal: unit, tangents: map(x.tangents, (t) => low.multiply(across(t), factor)) };
    },
  };
}

function map<A, B>(value: A | null, f: (value: A) => B): B | null {
  return value === null ? null : f(value);
}

/** x + y where null is zero. */
function sum<T>(low: LowOps<T>, x: T | null, y: T | null): T | null {
  return x !== null && y !== null ? low.add(x, y) : (x ?? y);
}

/** x - y where null is zero. */
function less<T>(low: LowOps<T>, x: T | null, y: T | null): T | null {
  if (y === null) return x;
  return x === null ? low.scale(y, -1) : low.subtract(x, y);
}

function minus<T>(low: LowOps<T>, x: Dual<T>, y: Dual<T>): Dual<T> {
  return { primal: low.subtract(x.primal, y.primal), tangents: less(low, x.tangents, y.tangents) };
}

/** x phi(x), with phi the standard normal density. */
function weightedDensity<T>(low: LowOps<T>, x: T): T {
  const density = low.exp(low.scale(low.multiply(x, x), -0.5));
  return low.multiply(low.scale(x, 1 / Math.sqrt(2 * Math.PI)), density);
}

/** t - unit mean(t unit): the part of a tangent that a division by the root mean square leaves. */
function acrossMean<T>(low: LowOps<T>, t: T, unit: T): T {
  return low.subtract(t, low.multiply(unit, low.mean(low.multiply(t, unit))));
}

/**
 * Attention with its tangents; a prefix stands beside the text's own keys and values, by its share g of the weights (see `plain`):
 *     o = o_own + g (o_prefix - o_own),  dg = g (1 - g) (dL_prefix - dL_own),  L = log(sum(exp(scores)))
 */
function dualAttention<T>(
  low: LowOps<T>,
  q: Dual<T>,
  k: Dual<T>,
  v: Dual<T>,
  options: AttentionOptions,
  prefix: AttentionPrefix<Dual<T>> | null,
): Dual<T> {
  const factor = 1 / Math.sqrt(options.headSize);
  const both = (x: Dual<T>, f: (value: T) => T): Dual<T> => ({ primal: f(x.primal), tangents: map(x.tangents, f) });
  const query = both(q, (x) => queryHeads(low, x, options));
  const key = both(k, (x) => keyHeads(low, x, options));
  const value = both(v, (x) => valueHeads(low, x, options));
  const scores: Dual<T> = {
    primal: attentionScores(low, query.primal, key.primal, options),
    tangents: sum(
      low,
      map(query.tangents, (t) => low.matmulTransposed(t, key.primal, factor)),
      map(key.tangents, (t) => low.matmulTransposed(query.primal, t, factor)),
    ),
  };
  const own = attended(low, scores, value, (weights, values) => low.matmul(weights, values));
  if (prefix === null) return both(own.output, low.mergeHeads);

  const keys = both(prefix.keys, (x) => prefixKeys(low, x, prefix.tokens, options));
  const values = both(prefix.values, (x) => prefixHeads(low, x, prefix.tokens, options));
  const before: Dual<T> = {
    primal: low.matmul(query.primal, keys.primal),
    tangents: sum(
      low,
      map(query.tangents, (t) => low.matmul(t, keys.primal)),
      map(keys.tangents, (t) => low.matmul(query.primal, t)),
    ),
  };
  const other = attended(low, before, values, (weights, x) => low.matmulTransposed(weights, x, 1));
  const share = low.sigmoid(low.subtract(low.logSumExp(before.primal), low.logSumExp(scores.primal)));
  const slope = low.subtract(share, low.multiply(share, share));
  const gap = minus(low, other.output, own.output);
  const shareTangents = map(less(low, other.totals, own.totals), (t) => low.multiply(t, slope));
  return both(
    {
      primal: low.add(own.output.primal, low.multiply(share, gap.primal)),
      tangents: sum(
        low,
        own.output.tangents,
        sum(
          low,
          map(gap.tangents, (t) => low.multiply(t, share)),
          map(shareTangents, (t) => low.multiply(t, gap.primal)),
        ),
      ),
    },
    low.mergeHeads,
  );
}

/**
 * With A = softmax(S): dA = A * (dS - rowsum(A * dS)), d(A v) = dA v + A dv, and rowsum(A * dS), the tangents of log(sum(exp(S))).
 * Either of dS and dv may be absent. `product` is A v as v is stored.
 */
function attended<T>(
  low: LowOps<T>,
  scores: Dual<T>,
  value: Dual<T>,
  product: (weights: T, value: T) => T,
): { readonly output: Dual<T>; readonly totals: T | null } {
  const weights = low.softmax(scores.primal);
  const weighted = map(scores.tangents, (t) => low.multiply(weights, t));
  const totals = map(weighted, low.sum);
  const weightTangents = less(
    low,
    weighted,
    map(totals, (t) => low.multiply(weights, t)),
  );
  const tangents = sum(
    low,
    map(weightTangents, (t) => product(t, value.primal)),
    map(value.tangents, (t) => product(weights, t)),
  );
  return { output: { primal: product(weights, value.primal), tangents }, totals };
}
