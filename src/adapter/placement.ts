import { fail, unreachable } from "../check/check";
import type { Site } from "../model/model";
import type { TensorTrainSpec } from "./adapter";

/** Where one bottleneck adapter sits: at a site, on what goes in or what comes out, `width` features wide. */
export interface Seat {
  readonly site: string;
  readonly on: "input" | "output";
  readonly width: number;
}

/**
 * The seats of a tensor-train adapter.
 * - "llama": on the input of each gate and up projection and on the output of each down projection; none at attention.
 * - "roberta": on the output of each attention output projection and each feed-forward output projection, before residual and LayerNorm.
 * @example seats("roberta", bertSites(config)).length // 12 for six layers
 * @throws when the model has no such sites
 * Source: the AdaZeta reference code, yifanycc/AdaZeta at 3659ba3 (Llama: gate_proj, up_proj, down_proj; RoBERTa: attention.output, output).
 */
export function seats(placement: TensorTrainSpec["placement"], sites: readonly Site[]): readonly Seat[] {
  const found = seatsOf(placement).flatMap(({ suffix, on }) => {
    const matching = sites.filter((site) => site.name.endsWith(suffix));
    if (matching.length === 0)
      fail(
        `placement "${placement}"`,
        `a model with sites that end in "${suffix}"`,
        sites.map((site) => site.name),
      );
    return matching.map((site): Seat => ({ site: site.name, on, width: on === "input" ? site.inputs : site.outputs }));
  });
  const order = new Map(sites.map((site, i) => [site.name, i]));
  return [...found].sort((a, b) => (order.get(a.site) ?? 0) - (order.get(b.site) ?? 0));
}

function seatsOf(
  placement: TensorTrainSpec["placement"],
): readonly { readonly suffix: string; readonly on: Seat["on"] }[] {
  switch (placement) {
    case "llama":
      return [
        { suffix: ".mlp.gate", on: "input" },
        { suffix: ".mlp.up", on: "input" },
        { suffix: ".mlp.down", on: "output" },
      ];
    case "roberta":
      return [
        { suffix: ".attention.output", on: "output" },
        { suffix: ".mlp.down", on: "output" },
      ];
    default:
      return unreachable(placement);
  }
}
