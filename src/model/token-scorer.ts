import { fail } from "../check/check";
import type { Hooks, Ops } from "../ops/ops";
import type { Model, Tap } from "./model";

/**
 * Makes a language model whose features are scores of given tokens: row k is log p(target_k | text) at the k-th scored position,
 *     log softmax(W f_k + b)[target_k],  f_k the model's own features there
 * features [R, K, 1]. In a causal model the position before a token scores it; in a masked one its mask does. The head's product is a
 * frozen linear layer like all others: at the session's precision, trained where full-parameter training holds its weights, and only
 * for scored positions. A batch must name its `targets`.
 * For example `(await onnxSession(tokenScorer(model), adapter)).features([point], { ids: [[5, 6, 7]], scored: [[0, 1]], targets: [[6, 7]] })`.
 * @throws when the model has no language-model head
 */
export function tokenScorer(model: Model): Model {
  const { head } = model;
  if (head === null) return fail("token scores", "a model with a language-model head", `a ${model.family} without one`);
  return {
    ...model,
    width: 1,
    id: `token scores of ${model.id}`,
    head: null,
    scoredBy: head,
    forward<T>(ops: Ops<T>, hooks: Hooks<T>, tap?: Tap<T>): T {
      return ops.targetLogProbability(ops.linear(model.forward(ops, hooks, tap), head.weight, head.biases));
    },
  };
}
