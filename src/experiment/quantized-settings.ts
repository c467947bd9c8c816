import type { AdapterSpec } from "../adapter/adapter";
import type { Method } from "../optimizer/method";
import type { MixtureSettings } from "../task/token-mixtures";

/** How a tuned model is brought to few bits, as plain data: a teacher is trained first, the student starts from its weights. */
export interface QuantizedSettings {
  /** Of each weight of the linear layers. */
  readonly weights: number;
  /** Of what goes into them. */
  readonly activations: number;
  /** What the student is taught on: nothing (its weights are rounded as they are), random tokens, texts of an adversarial generator, or the task's own. */
  readonly texts: "none" | "random" | "generated" | "real";
  /** What of the student is trained. */
  readonly adapter: AdapterSpec;
  readonly method: Method;
  readonly steps: number;
  /** Length and number of texts that nobody wrote, and how the generator mixes their tokens. */
  readonly mixtures: MixtureSettings;
  /** The generator's steps uphill. */
  readonly ascent: Method;
  /** How the teacher is trained, from the frozen model, on the task's labels. */
  readonly teacher: TeacherSettings;
}

export interface TeacherSettings {
  readonly adapter: AdapterSpec;
  readonly method: Method;
  readonly steps: number;
  readonly batchSize: number;
}

/** What was found of a model that was brought to few bits. */
export interface QuantizedFindings {
  /** The teacher on test, in fp32. */
  readonly teacher: { readonly loss: number; readonly accuracy: number };
  /** KL(teacher || student) on test, in nats, by the definition in fp32 (`lowBits`). */
  readonly divergence: number;
  /** The same model as the engine computes it with so few bits; null: what LoRA adds is not rounded, and the engine was not asked. */
  readonly engine: { readonly precision: string; readonly accuracy: number; readonly divergence: number } | null;
  /** What each step was measured at: the divergence on the texts that it was taught on. */
  readonly taught: readonly number[];
  /** The divergence that the generator had reached before each of its steps; empty without one. */
  readonly climbed: readonly number[];
  readonly passes: { readonly forward: number; readonly backward: number };
  /** The divergence on dev along random directions, each row as long as the weights' own. */
  readonly along: AlongDirections | null;
  /** Where a number was not finite: nothing moved any more. */
  readonly stopped: { readonly step: number; readonly tensor: string | null } | null;
}

/** Values along directions from a point. */
export interface AlongDirections {
  /** How far, as a share of each row's own length. */
  readonly distances: readonly number[];
  /** [directions][distances] */
  readonly values: readonly (readonly number[])[];
}
