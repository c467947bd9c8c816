import type { Adapter } from "../adapter/adapter";
import type { Ops } from "../ops/ops";
import type { Model } from "./model";

/**
 * Gives the features [R, B, H] of the adapted model: the adapter decides on operations and hooks, the model runs with them.
 * @param offset [1, T, embedding width], added to each token's row of the embedding table, before anything else is; default: nothing
 */
export function forwardWith<T>(model: Model, adapter: Adapter, operations: Ops<T>, offset: T | null = null): T {
  const { ops, hooks } = adapter.bind(operations);
  if (offset === null) return model.forward(ops, hooks);
  const embed: Ops<T>["embed"] = (table, by) =>
    by === "token" ? ops.add(ops.embed(table, by), offset) : ops.embed(table, by);
  return model.forward({ ...ops, embed }, hooks);
}
