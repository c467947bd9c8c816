import { fail, positiveInteger } from "../check/check";

/** Modes of a matrix [inputs, outputs] in tensor-train form: the first list multiplies to the inputs, the second to the outputs. */
export interface Modes {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Computes the product of a list of modes. @example product([8, 6, 8]) // 384 */
export function product(modes: readonly number[]): number {
  return modes.reduce((a, b) => a * b, 1);
}

/** Gives sizes of the matrix that the modes stand for. @example matrixSize({ inputs: [8, 6, 8], outputs: [8, 8] }) // [384, 64] */
export function matrixSize(modes: Modes): readonly [number, number] {
  return [product(modes.inputs), product(modes.outputs)];
}

/**
 * Checks that modes are positive and multiply to a matrix's sizes.
 * @param what how to call them in an error, for example "modes.down"
 * @throws for example "modes.down.inputs [8, 8]: expected a product of 384, got 64"
 */
export function checkModes(what: string, modes: Modes, inputs: number, outputs: number): Modes {
  checkList(`${what}.inputs`, modes.inputs, inputs);
  checkList(`${what}.outputs`, modes.outputs, outputs);
  return modes;
}

function checkList(what: string, modes: readonly number[], size: number): void {
  if (!Array.isArray(modes) || modes.length === 0) fail(what, "at least one mode", modes);
  modes.forEach((mode, i) => positiveInteger(`${what}[${i}]`, mode));
  if (product(modes) !== size) fail(`${what} [${modes.join(", ")}]`, `a product of ${size}`, product(modes));
}
