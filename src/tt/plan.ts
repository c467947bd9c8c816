import { positiveInteger } from "../check/check";
import { matrixSize, type Modes } from "./modes";

/**
 * The published mode lists, and the project's own for its two small models, as [inputs | outputs].
 * Source: yifanycc/AdaZeta@3659ba3 (Llama-2-7B, RoBERTa-large), yifanycc/loretta@c66bbb3 (width 768). The RoBERTa lists have five
 * modes, which the code never splits; 3 | 2 for Down and 2 | 3 for Up is the only split that fits.
 */
export const presetModes = {
  "llama-2-7b": {
    down: { inputs: [16, 16, 16], outputs: [4, 4, 4] },
    up: { inputs: [4, 4, 4], outputs: [16, 16, 16] },
  },
  "roberta-large": { down: { inputs: [8, 8, 16], outputs: [8, 8] }, up: { inputs: [8, 8], outputs: [16, 8, 8] } },
  "roberta-base": { down: { inputs: [8, 8, 12], outputs: [8, 8] }, up: { inputs: [8, 8], outputs: [12, 8, 8] } },
  "smollm2-135m": { down: { inputs: [8, 8, 9], outputs: [4, 4, 4] }, up: { inputs: [4, 4, 4], outputs: [8, 8, 9] } },
  "minilm-l6": { down: { inputs: [8, 6, 8], outputs: [8, 8] }, up: { inputs: [8, 8], outputs: [8, 6, 8] } },
} as const satisfies Record<string, { readonly down: Modes; readonly up: Modes }>;

/**
 * Gives modes for a matrix [inputs, outputs]: the preset where the sizes are a preset's, otherwise three balanced modes on each side.
 * @throws when a size is not a positive integer
 * @example modesFor(4096, 64) // { inputs: [16, 16, 16], outputs: [4, 4, 4] }
 * @example modesFor(960, 64) // { inputs: [8, 10, 12], outputs: [4, 4, 4] }
 */
export function modesFor(inputs: number, outputs: number): Modes {
  positiveInteger("inputs", inputs);
  positiveInteger("outputs", outputs);
  const presets: readonly Modes[] = Object.values(presetModes).flatMap(({ down, up }) => [down, up]);
  const preset = presets.find((modes) => matrixSize(modes)[0] === inputs && matrixSize(modes)[1] === outputs);
  return preset ?? { inputs: balancedModes(inputs, 3), outputs: balancedModes(outputs, 3) };
}

/**
 * Gives the `count` whole numbers, in increasing order, whose product is `size` and whose sum is smallest; a core's parameters
 * grow with its mode, so the smallest sum is the smallest train. A size without enough factors gets modes of 1.
 * @throws when size or count is not a positive integer
 * @example balancedModes(384, 3) // [6, 8, 8]
 * @example balancedModes(7, 3) // [1, 1, 7]
 */
export function balancedModes(size: number, count: number): readonly number[] {
  positiveInteger("size", size);
  positiveInteger("count", count);
  return smallestSum(size, count, 1, divisorsOf(size));
}

/** Among increasing lists that start at `least` or more; there is always one, [1, ..., 1, size], when least is 1. */
function smallestSum(size: number, count: number, least: number, divisors: readonly number[]): readonly number[] {
  if (count === 1) return [size];
  let best: readonly number[] = [];
  let bestSum = Infinity;
  for (const first of divisors) {
    if (first ** count > size) break;
    if (first < least || size % first !== 0) continue;
    const modes = [first, ...smallestSum(size / first, count - 1, first, divisors)];
    const sum = modes.reduce((a, b) => a + b, 0);
    if (modes.length === count && sum < bestSum) [best, bestSum] = [modes, sum];
  }
  return best;
}

function divisorsOf(size: number): readonly number[] {
  const small: number[] = [];
  for (let d = 1; d * d <= size; d++) if (size % d === 0) small.push(d);
  return [...new Set([...small, ...small.map((d) => size / d).reverse()])];
}
