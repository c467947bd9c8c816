import type { AdapterSpec, SideSpec } from "../adapter/adapter";
import type { Method } from "../optimizer/method";
import type { Schedule } from "../schedule/schedule";
import type { Budget } from "../train/settings";

/** One curve of a comparison: what is trained, how, and for how long. Plain data. */
export interface Arm {
  /** What records and trajectories call it, so it is part of their keys; a row of the table says it (`ArmRow`). */
  readonly name: string;
  readonly adapter: AdapterSpec;
  readonly method: Method;
  readonly budget: Budget;
  readonly batchSize: number;
  /** The probability with which what the adapter adds at a site is dropped in a step (`dropping`); absent: nothing is. */
  readonly dropping?: number;
}

/** What the arms of a comparison share at one learning rate. */
export interface StudySettings {
  readonly learningRate: number;
  readonly steps: number;
  readonly batchSize: number;
  /** AdaZeta's schedule (alpha, beta, cap). */
  readonly schedule: Schedule & { readonly kind: "power-law"; readonly form: "current" };
  /** Forward passes that AdaZeta spends in `steps` steps: the budget of arms that are compared at equal forward passes. */
  readonly scheduledPasses: number;
  readonly perturbationScale: number;
  /** Queries in one call of the engine: does not change which queries are made. */
  readonly chunk: number;
  readonly tensorTrain: AdapterSpec;
  readonly lora: AdapterSpec;
  /** A dense bottleneck; without one an arm that trains it is refused. */
  readonly bottleneck?: AdapterSpec;
  /** A side network; without one an arm that trains it is refused. */
  readonly side?: Omit<SideSpec, "kind" | "aggregation">;
  /** Tokens of a prefix; default 5. */
  readonly prefixTokens?: number;
  /** Steps of the first-order arm, which needs far fewer; default `steps`. */
  readonly firstOrderSteps?: number;
  /** Layers of the model; without it an arm that adapts a part of them is refused. */
  readonly layers?: number;
  /** wd of every arm that is trained by zeroth-order steps; default 0. */
  readonly weightDecay?: number;
}
