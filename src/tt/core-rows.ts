import { coreDeviation } from "./initial";
import { product, type Modes } from "./modes";
import { allModes, coreShapes } from "./train";

/** One core of a train, as a row of a table. */
export interface CoreRow {
  readonly core: string;
  /** Whether the core stands for a digit of W's row (input) or column (output) index. */
  readonly side: "input" | "output";
  readonly mode: number;
  /** "rankLeft x mode x rankRight". */
  readonly shape: string;
  readonly parameters: number;
  /** Standard deviation of the core's starting values. */
  readonly deviation: number;
}

/**
 * Gives the cores of a train of these modes and rank, in order.
 * @throws when a rank breaks a rule
 * @example coreRows({ inputs: [16, 16, 16], outputs: [4, 4, 4] }, 5)[1].shape // "5 x 16 x 5"
 */
export function coreRows(modes: Modes, rank: number | readonly number[]): readonly CoreRow[] {
  return coreShapes(modes, rank).map((shape, i) => ({
    core: `G${i + 1}`,
    side: i < modes.inputs.length ? "input" : "output",
    mode: allModes(modes)[i],
    shape: shape.join(" x "),
    parameters: product(shape),
    deviation: coreDeviation(modes, shape),
  }));
}
