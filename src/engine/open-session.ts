import type { Adapter } from "../adapter/adapter";
import { fail } from "../check/check";
import type { Model } from "../model/model";
import { onnxSession } from "./onnx/session";
import type { OnnxOptions, OnnxSession } from "./onnx/session";
import { referenceSession } from "./reference/session";
import type { ModelSession } from "./session";
import { tfjsSession } from "./tfjs/session";
import type { TfjsOptions, TfjsSession } from "./tfjs/session";

/** Which engine computes, and its options. */
export type EngineOptions = OnnxChoice | TfjsChoice | ReferenceChoice;

/** ONNX Runtime: the fast one on a CPU; forward passes, directional derivatives and gradients. The default. */
export interface OnnxChoice extends OnnxOptions {
  readonly engine?: "onnx";
}

/** TensorFlow.js: a second judge of gradients, and GPUs; fp32. */
export interface TfjsChoice extends TfjsOptions {
  readonly engine: "tfjs";
}

/** The float64 interpreter: gradients too, for small models only. */
export interface ReferenceChoice {
  readonly engine: "reference";
}

export type SessionOf<O extends EngineOptions> = O extends TfjsChoice
  ? TfjsSession
  : O extends ReferenceChoice
    ? ModelSession
    : OnnxSession;

/** Of one point: the most elements that a Float32Array has in Node.js 20. */
const MOST_NUMBERS = 2 ** 32;

/**
 * Opens a model with its adapter on the engine of that name.
 * For example `await openSession(model, adapter, { engine: "tfjs" })`.
 * @throws when there is no such engine, it does not open, or the adapter has more numbers than one point holds
 */
export async function openSession<O extends EngineOptions>(
  model: Model,
  adapter: Adapter,
  options: O,
): Promise<SessionOf<O>> {
  const { spec, layout } = adapter;
  if (layout.size > MOST_NUMBERS)
    fail(`adapter ${spec.kind}`, `at most ${MOST_NUMBERS} numbers to train (a smaller rank or width, fewer sites)`, layout.size); // prettier-ignore
  const session = await opened(model, adapter, options);
  return session as SessionOf<O>;
}

function opened(model: Model, adapter: Adapter, options: EngineOptions): Promise<ModelSession> {
  switch (options.engine) {
    case "tfjs":
      return tfjsSession(model, adapter, options);
    case "reference":
      return Promise.resolve(referenceSession(model, adapter));
    case "onnx":
    case undefined:
      return onnxSession(model, adapter, options);
    default:
      return fail("engine", '"onnx", "tfjs" or "reference"', (options as { engine: unknown }).engine);
  }
}
