import { fail, positiveInteger } from "../check/check";
import { checkModes, matrixSize, product, type Modes } from "./modes";

/**
 * A matrix W [inputs, outputs] as a tensor train: W(a_1..a_d) = G_1[:, a_1, :] G_2[:, a_2, :] ... G_d[:, a_d, :], where
 * (a_1, .., a_m) counts the input index and the rest the output index, both row-major.
 * Source: LoRETTA, and yifanycc/AdaZeta@3659ba3.
 */
export interface TensorTrain {
  readonly modes: Modes;
  /** r_0 = 1, r_1, ..., r_d = 1: one more than there are modes. */
  readonly ranks: readonly number[];
  /** Core i [rankLeft, mode, rankRight], row-major. */
  readonly cores: readonly Float32Array[];
}

/** Gives all modes, inputs first. */
export function allModes(modes: Modes): readonly number[] {
  return [...modes.inputs, ...modes.outputs];
}

/**
 * Gives ranks from one number: 1 at both ends and that number between.
 * @throws when the rank is not a positive integer
 * @example uniformRanks({ inputs: [4, 4], outputs: [4] }, 5) // [1, 5, 5, 1]
 */
export function uniformRanks(modes: Modes, rank: number): readonly number[] {
  positiveInteger("rank", rank);
  return [
    1,
    ...allModes(modes)
      .slice(1)
      .map(() => rank),
    1,
  ];
}

/**
 * Gives shapes [rankLeft, mode, rankRight] of the cores. `rank` is one number, or all d + 1 ranks with 1 at both ends.
 * @throws naming the rank that breaks a rule: "ranks[0]: expected 1 at the boundary, got 5"
 * @example coreShapes({ inputs: [4, 4], outputs: [2] }, 5) // [[1, 4, 5], [5, 4, 5], [5, 2, 1]]
 */
export function coreShapes(
  modes: Modes,
  rank: number | readonly number[],
): readonly (readonly [number, number, number])[] {
  const ranks = typeof rank === "number" ? uniformRanks(modes, rank) : checkRanks(modes, rank);
  return allModes(modes).map((mode, i) => [ranks[i], mode, ranks[i + 1]]);
}

/** @throws when there are not d + 1 positive ranks with 1 at both ends */
export function checkRanks(modes: Modes, ranks: readonly number[]): readonly number[] {
  const count = allModes(modes).length + 1;
  if (ranks.length !== count) fail("ranks", `${count} ranks for ${count - 1} modes`, ranks);
  ranks.forEach((rank, i) => {
    positiveInteger(`ranks[${i}]`, rank);
    if ((i === 0 || i === count - 1) && rank !== 1) fail(`ranks[${i}]`, "1 at the boundary", rank);
  });
  return ranks;
}

/**
 * Makes a checked tensor train.
 * For example `tensorTrain({ inputs: [2], outputs: [1] }, 1, [Float32Array.of(3, 4), Float32Array.of(2)])`: W = [[6], [8]].
 * @throws naming the mode, rank or core that breaks a rule: "cores[1]: expected 5 x 4 x 5 = 100 numbers, got 99"
 */
export function tensorTrain(
  modes: Modes,
  rank: number | readonly number[],
  cores: readonly Float32Array[],
): TensorTrain {
  checkModes("modes", modes, ...matrixSize(modes));
  const shapes = coreShapes(modes, rank);
  if (cores.length !== shapes.length) fail("cores", `${shapes.length} cores, one for each mode`, cores.length);
  shapes.forEach((shape, i) => {
    const size = product(shape);
    if (cores[i].length !== size) fail(`cores[${i}]`, `${shape.join(" x ")} = ${size} numbers`, cores[i].length);
  });
  return { modes, ranks: [1, ...shapes.map(([, , right]) => right)], cores };
}
