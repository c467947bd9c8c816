import { fail, unreachable } from "../check/check";
import type { Site } from "../ops/site";
import type { BottleneckPlacement } from "./adapter";
import { inLayers } from "./choose-sites";

/** Where one bottleneck adapter sits: at a site, on what goes in or what comes out, `width` features wide. */
export interface BottleneckSeat {
  readonly site: string;
  readonly on: "input" | "output";
  readonly width: number;
}

/**
 * Gives the seats of a bottleneck adapter.
 * - "llama": on the input of each gate and up projection and on the output of each down projection; none at attention. Models without
 *   a gate (OPT, BERT) have the other two.
 * - "roberta": on the output of each attention output projection and each feed-forward output projection, before residual and norm.
 * For example `seats({ placement: "roberta" }, bertSites(config)).length`: 12 for six layers.
 * @throws when the model has no such sites
 * Source: the AdaZeta reference code, yifanycc/AdaZeta at 3659ba3 (Llama: gate_proj, up_proj, down_proj; RoBERTa: attention.output,
 *   output); "after each attention and each feed-forward" is also where LoRETTA, arXiv 2402.11417, section 3.2, puts them.
 */
export function seats({ placement, layers }: BottleneckPlacement, sites: readonly Site[]): readonly BottleneckSeat[] {
  const kinds = seatsOf(placement);
  for (const { suffix } of kinds.filter(({ needed }) => needed))
    if (!sites.some((site) => site.name.endsWith(suffix)))
      fail(
        `placement "${placement}"`,
        `a model with sites that end in "${suffix}"`,
        sites.map((site) => site.name),
      );
  return inLayers(sites, layers).flatMap((site) =>
    kinds
      .filter(({ suffix }) => site.name.endsWith(suffix))
      .map(({ on }): BottleneckSeat => ({ site: site.name, on, width: on === "input" ? site.inputs : site.outputs })),
  );
}

interface SeatKind {
  readonly suffix: string;
  readonly on: BottleneckSeat["on"];
  readonly needed: boolean;
}

function seatsOf(placement: BottleneckPlacement["placement"]): readonly SeatKind[] {
  switch (placement) {
    case "llama":
      return [
        { suffix: ".mlp.gate", on: "input", needed: false },
        { suffix: ".mlp.up", on: "input", needed: true },
        { suffix: ".mlp.down", on: "output", needed: true },
      ];
    case "roberta":
      return [
        { suffix: ".attention.output", on: "output", needed: true },
        { suffix: ".mlp.down", on: "output", needed: true },
      ];
    default:
      return unreachable(placement);
  }
}
