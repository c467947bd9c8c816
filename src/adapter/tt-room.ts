import { fail } from "../check/check";
import type { SplitModes } from "./adapter";

export function balancedModes(inputs: number, outputs: number): SplitModes {
  return { inputs: factor(inputs), outputs: factor(outputs) };
}

function factor(n: number): readonly number[] {
  const primes: number[] = [];
  for (let p = 2, rest = n; rest > 1; p++) for (; rest % p === 0; rest /= p) primes.push(p);
  const count = n >= 512 ? 3 : 2;
  const modes: number[] = Array.from({ length: count }, () => 1);
  for (const p of primes.reverse()) modes[modes.indexOf(Math.min(...modes))]! *= p;
  return modes.sort((a, b) => a - b);
}

export function coreShapes(
  { inputs, outputs }: SplitModes,
  rank: number,
): readonly (readonly [number, number, number])[] {
  const modes = [...inputs, ...outputs];
  return modes.map((mode, i) => [i === 0 ? 1 : rank, mode, i === modes.length - 1 ? 1 : rank] as const);
}

export function coreDeviation(modes: SplitModes, shape: readonly [number, number, number]): number {
  const inputs = modes.inputs.reduce((a, b) => a * b, 1);
  const outputs = modes.outputs.reduce((a, b) => a * b, 1);
  if (inputs < 1) fail("modes", "positive", modes);
  const order = modes.inputs.length + modes.outputs.length;
  return Math.pow(1 / (inputs + outputs), 0.5 / order) / Math.sqrt(shape[2]);
}
