import { checkBits, fail } from "../check/check";
import type { Grid, Levels } from "../ops/grid";
import type { FrozenMatrix, Hooks, Ops } from "../ops/ops";
import type { Model, Tap } from "./model";

/** How few bits a model's linear layers compute with. */
export interface LowBits {
  /** Of each weight, symmetric with one scale for each output row; null: as they are. */
  readonly weights: number | null;
  /** Of each number that goes into a linear layer, min-max, the range taken as the numbers come; null: as they are. */
  readonly activations: number | null;
  /** What has one range: each token, or all tokens of a batch together; default "token". */
  readonly per?: "token" | "tensor";
}

/**
 * Makes a model whose linear layers multiply rounded weights and rounded inputs, y = round(x) round(W)^T + b, in the model's definition: the
 * layers at sites and those without (OPT's projections, the dense layer of a masked-LM head); not embeddings, attention's own
 * products, norms, or the head's table. A derivative goes straight through the rounding, by an adapter as by the weights themselves, which
 * full-parameter training holds unrounded. What an adapter adds beside a layer is computed from the unrounded input, and not rounded.
 * With "tensor" a text's features depend on the batch that it is in.
 * For example `lowBits(model, { weights: 4, activations: 8 })`: W4A8.
 * @throws when bits are not 2 to 16
 * Source: the quantiser of ZSAQ, arXiv 2310.13315, is not described; this is the usual one (dynamic min-max, a straight-through derivative).
 */
export function lowBits(model: Model, { weights, activations, per = "token" }: LowBits): Model {
  if (per !== "token" && per !== "tensor") fail("lowBits.per", '"token" or "tensor"', per);
  const levels: Levels | null =
    weights === null ? null : { bits: checkBits("lowBits.weights", weights), range: "symmetric" };
  const grid: Grid | null =
    activations === null
      ? null
      : {
          bits: checkBits("lowBits.activations", activations),
          range: "min-max",
          per: per === "token" ? "row" : "tensor",
        };
  const known = new Map<string, FrozenMatrix>();
  const marked = (weight: FrozenMatrix): FrozenMatrix => {
    if (levels === null) return weight;
    const made = known.get(weight.name) ?? { ...weight, rounding: levels };
    known.set(weight.name, made);
    return made;
  };
  return {
    ...model,
    id: `${lowBitsName({ weights, activations, per })} of ${model.id}`,
    ...(grid?.per === "tensor" ? { together: true as const } : {}),
    forward<T>(ops: Ops<T>, hooks: Hooks<T>, tap?: Tap<T>): T {
      const rounded = new Map<T, T>();
      const input = (x: T): T => {
        if (grid === null) return x;
        const made = rounded.get(x) ?? ops.round(x, grid);
        rounded.set(x, made);
        return made;
      };
      const linear: Ops<T>["linear"] = (x, weight, bias) => ops.linear(input(x), marked(weight), bias);
      // A range of all tokens is that of all in every layer: with a tap none is dropped early.
      const all = grid?.per === "tensor" ? (): void => undefined : undefined;
      return model.forward({ ...ops, linear }, hooks, tap ?? all);
    },
  };
}

/**
 * Gives the usual short name of how few bits.
 * @example lowBitsName({ weights: 4, activations: 8 }) // "W4A8"
 */
export function lowBitsName({ weights, activations, per = "token" }: LowBits): string {
  return `W${weights ?? 32}A${activations ?? 32}${per === "tensor" && activations !== null ? " per tensor" : ""}`;
}
