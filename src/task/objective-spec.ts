import type { BatchMetricName } from "./batch-metrics";
import type { TextMetricName } from "./text-metrics";

/** What a run is trained for in place of its task's loss, as plain data of its record. */
export type ObjectiveSpec = { readonly kind: "metric"; readonly metric: BatchMetricName | TextMetricName } | RewardSpec;

/** A reward as a record has it: everything but the function, which its text stands for. */
export interface RewardSpec {
  readonly kind: "reward";
  readonly name: string;
  /** SHA-256 of the function's text, 16 digits: a reward that was changed makes another run. */
  readonly source: string;
  readonly writing: WritingSpec;
  /** Milliseconds that one answer's reward may take. */
  readonly timeLimit: number;
  /** What becomes of a reward that fails: the run stops, or the answer has this score. */
  readonly onError: "stop" | number;
}

/** How answers are written. */
export interface WritingSpec {
  /** Most new tokens of an answer. */
  readonly newTokens: number;
  /** Text that ends an answer, not part of it; null: only the end of a text does. */
  readonly stop: string | null;
  /** 0: the most probable token each time (greedy); else tokens are drawn from softmax(logits / temperature). */
  readonly temperature: number;
  /** Answers to each prompt; more than one only where they are drawn. */
  readonly samples: number;
}
