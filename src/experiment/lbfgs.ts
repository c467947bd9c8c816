/** A smooth function of many variables: its value at x, and its gradient written over `gradient`. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

/** Where a minimisation ended. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  /** Largest entry of the gradient in absolute value. */
  readonly gradientMax: number;
  readonly iterations: number;
}

/** c of Armijo's condition. */
const SUFFICIENT = 1e-4;

/** Relative difference of two values in which rounding decides which is smaller. */
const ROUNDING = 1e-13;

/**
 * Minimises a smooth function by L-BFGS with a backtracking line search; pairs of no positive curvature are left out.
 *     x <- x - t H g,  H from the last pairs (s, y) = (x' - x, g' - g)
 * A step length is taken by Armijo's condition; where values differ by rounding alone, by the slope at its end.
 * Ends where no entry of the gradient is larger than `tolerance`, or no length of step will do.
 * @example minimise((x, g) => ((g[0] = 2 * (x[0] - 3)), (x[0] - 3) ** 2), new Float64Array(1)).x[0] // 3
 * Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4 (two-loop recursion) and 3.1 (backtracking); Hager and Zhang,
 *   SIAM Journal on Optimization 16 (2005), the approximate Wolfe condition.
 */
export function minimise(
  f: Smooth,
  start: Float64Array,
  { tolerance = 1e-6, iterations = 1000, memory = 10 } = {},
): Minimum {
  let [x, gradient] = [start.slice(), new Float64Array(start.length)];
  let value = f(x, gradient);
  const pairs: Pair[] = [];
  for (let iteration = 0; ; iteration++) {
    const gradientMax = gradient.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
    if (gradientMax <= tolerance || iteration === iterations) return { x, value, gradientMax, iterations: iteration };
    const direction = descent(pairs, gradient);
    const slope = dot(direction, gradient);
    const next = new Float64Array(x.length);
    const nextGradient = new Float64Array(x.length);
    let step = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let nextValue = Infinity;
    let found = false;
    for (let halved = 0; halved < 30 && !found; halved++, step /= 2) {
      for (let i = 0; i < x.length; i++) next[i] = x[i] + step * direction[i];
      nextValue = f(next, nextGradient);
      found =
        nextValue <= value + SUFFICIENT * step * slope ||
        (nextValue <= value + ROUNDING * Math.abs(value) &&
          dot(nextGradient, direction) <= (2 * SUFFICIENT - 1) * slope);
    }
    if (!found) return { x, value, gradientMax, iterations: iteration };
    const s = next.map((entry, i) => entry - x[i]);
    const y = nextGradient.map((entry, i) => entry - gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) {
      pairs.push({ s, y, curvature });
      if (pairs.length > memory) pairs.shift();
    }
    [x, gradient, value] = [next, nextGradient, nextValue];
  }
}

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** <s, y> */
  readonly curvature: number;
}

/** -H g by the two-loop recursion. */
function descent(pairs: readonly Pair[], gradient: Float64Array): Float64Array {
  const d = gradient.map((entry) => -entry);
  const weights = pairs.map(() => 0);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y, curvature } = pairs[k];
    weights[k] = dot(s, d) / curvature;
    add(d, -weights[k], y);
  }
  const last = pairs.at(-1);
  if (last) scaleInPlace(d, last.curvature / dot(last.y, last.y));
  pairs.forEach(({ s, y, curvature }, k) => add(d, weights[k] - dot(y, d) / curvature, s));
  return d;
}

function scaleInPlace(a: Float64Array, by: number): void {
  for (let i = 0; i < a.length; i++) a[i] *= by;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function add(to: Float64Array, factor: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * from[i];
}
