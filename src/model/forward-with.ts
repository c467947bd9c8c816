import type { Adapter } from "../adapter/adapter";
import type { Ops } from "../ops/ops";
import type { Model } from "./model";

/** Gives the features [R, B, H] of the adapted model: the adapter decides on operations and hooks, the model runs with them. */
export function forwardWith<T>(model: Model, adapter: Adapter, operations: Ops<T>): T {
  const { ops, hooks } = adapter.bind(operations);
  return model.forward(ops, hooks);
}
