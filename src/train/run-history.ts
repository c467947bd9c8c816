import type { AverageRecord, ChangeRecord, EndRecord, EvaluationRecord, Header, StepRecord } from "./records";

/** The numbers of an optimizer step that tables and figures need: those of training fit in, and those that a record kept. */
export interface StepNumbers {
  readonly step: number;
  /** Cumulative forward passes on training batches up to and including this step. */
  readonly forwardPasses: number;
  readonly queries: number;
  /** Mean training loss of the step, in nats. */
  readonly loss: number | null;
  readonly rmsProjectedGradient: number | null;
  readonly weightNorm: number | null;
}

/** The numbers of one evaluation on held-out data; its own forward passes are counted apart. Step 0 is the evaluation before training. */
export interface EvaluationNumbers {
  readonly step: number;
  readonly forwardPasses: number;
  /** Nats; null where the loss was not a finite number (JSON knows no NaN). */
  readonly loss: number | null;
  /** Share of right answers in [0, 1]; null where the task has none. */
  readonly accuracy: number | null;
  /** What is trained in place of the loss, larger is better; absent: there is none, null: no finite number. */
  readonly objective?: number | null;
  /** On a second task that is not trained on; absent: there is none, null: no finite number. */
  readonly driftLoss?: number | null;
}

/** What a run has done, in order: every list of steps and evaluations has this shape, while it trains and in records and tables. */
export interface RunHistory<
  Step extends StepNumbers = StepRecord,
  Evaluation extends EvaluationNumbers = EvaluationRecord,
> {
  readonly steps: readonly Step[];
  readonly evaluations: readonly Evaluation[];
}

/** The history of a run that trains or has trained, with what it was made of: a trajectory, a run to go on with, a result. */
export interface TrainingHistory extends RunHistory {
  readonly header: Header;
  /** What was changed while it went, in order. */
  readonly changes: readonly ChangeRecord[];
  /** What the mean of its last points came to, where it has ended and such a mean was asked for. */
  readonly average?: AverageRecord | undefined;
  /** How the run ended; null when it was cut off, or goes on. */
  readonly end: EndRecord | null;
}
