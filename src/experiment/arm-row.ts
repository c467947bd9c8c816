import type { AdapterSpec } from "../adapter/adapter";
import type { Method } from "../optimizer/method";
import type { Budget } from "../train/settings";
import type { StudySettings } from "./arm";
import type { StillKind } from "./plan";

/** What a row makes its arm of. */
export interface RowSettings extends StudySettings {
  /** What every zeroth-order method takes: `method: ({ common }) => mezo(common)`. */
  readonly common: {
    readonly learningRate: number;
    readonly perturbationScale: number;
    readonly chunk: number;
    readonly weightDecay: number;
  };
}

/** How an arm is drawn in every figure, by the palette's names. */
export interface Look {
  readonly color: "blue" | "vermillion" | "green" | "purple" | "sky" | "orange" | "black" | "grey";
  readonly dash: "solid" | "dash" | "dot" | "dashdot" | "longdash" | "longdashdot";
}

interface EveryRow {
  /** For `--only`, records and grids, which name the ids they have; lower-case letters, digits, "-" and ".". It never changes. */
  readonly id: string;
  /** What figures and tables show. It may change at any time: nothing is found by it. */
  readonly title: string;
  /** The arm's name in the settings of runs, and so in their keys; default: the id. Rows that were recorded by their title keep it here. */
  readonly recordedAs?: string;
  /** What published tables call it; default: as recorded. */
  readonly printedAs?: string;
  /** Default: the next one that no row before it has (`armLooks`). */
  readonly look?: Look;
}

/** A row of the table of arms whose arm is trained: functions of what its comparison shares. */
export interface TrainedRow extends EveryRow {
  readonly adapter: (settings: RowSettings) => AdapterSpec;
  readonly method: (settings: RowSettings) => Method;
  /** The probability with which parts of the adapter are dropped in a step; default: nothing is. */
  readonly dropping?: number;
  /** Default: the settings' steps. */
  readonly budget?: (settings: RowSettings) => Budget;
  /** Times the settings' batch size; default 1. */
  readonly batchFactor?: number;
  /** Times the grid's steps between evaluations; default 1. Other where a run takes more or fewer steps for the same passes. */
  readonly evaluateFactor?: number;
}

/** A row whose arm makes no steps. */
export interface StillRow extends EveryRow {
  readonly still: StillKind;
}

export type ArmRow = TrainedRow | StillRow;
