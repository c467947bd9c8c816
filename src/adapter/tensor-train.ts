import { positiveInteger, positiveNumber } from "../check/check";
import type { Site } from "../model/model";
import type { Hooks, Ops } from "../ops/ops";
import { layoutOf } from "../tree/layout";
import { coreDeviation, initialBias } from "../tt/initial";
import { modesFor } from "../tt/plan";
import type { Adapter, TensorTrainSpec } from "./adapter";
import { fillTensors, gaussian, zeros } from "./initial";
import type { Fill } from "./initial";
import { seats } from "./placement";
import { groupBy, stackTensors } from "./stacks";
import { applyTrain, bindTrain, trainMatrix } from "./train-matrix";
import type { BoundTrain, TrainMatrix } from "./train-matrix";

/** The adapters of one width: their cores have equal shapes, so those of all sites are contracted in one stacked product. */
interface Family {
  readonly sites: readonly string[];
  readonly down: TrainMatrix;
  readonly up: TrainMatrix;
}

/**
 * Bottleneck adapter whose two matrices are tensor trains, with dense trainable biases:
 *     A(h) = h + s Up(relu(Down(h))),  Down: width -> bottleneck, Up: bottleneck -> width,  each y = (x L) R + b
 * with L [inputs, rank] and R [rank, outputs] the contracted halves of the train (fast-forward; W = L R is never formed).
 * Halves are contracted once per forward pass for all sites of one width together, s folded into Up.
 * Tensors: `${site}.down.core.${i}` [rankLeft, mode, rankRight], `${site}.down.bias` [bottleneck], the same for `up` [width].
 * At the start W has mean 0 and variance 1 / (inputs + outputs), b ~ U(-1/sqrt(outputs), 1/sqrt(outputs)); Up is not zero.
 * @example
 * tensorTrain({ kind: "tensor-train", placement: "llama", rank: 5, bottleneck: 64, scale: 1, modes: null }, sites).layout.size // 610560 for Llama-2-7B
 * @throws when the modes do not multiply to the sizes, or the model lacks the placement's sites
 * Source: the AdaZeta reference code, yifanycc/AdaZeta at 3659ba3; the paper is arXiv 2406.18060.
 */
export function tensorTrain(spec: TensorTrainSpec, sites: readonly Site[]): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const bottleneck = positiveInteger("bottleneck", spec.bottleneck);
  const scale = positiveNumber("scale", spec.scale);
  const chosen = seats(spec.placement, sites);
  const families = [...groupBy(chosen, (seat) => seat.width)].map(([width, group]): Family => {
    const names = group.map((seat) => seat.site);
    const modes = spec.modes ?? { down: modesFor(width, bottleneck), up: modesFor(bottleneck, width) };
    return {
      sites: names,
      down: trainMatrix(names, "down", modes.down, [width, bottleneck], rank),
      up: trainMatrix(names, "up", modes.up, [bottleneck, width], rank),
    };
  });
  const matrices = families.flatMap(({ down, up }) => [down, up]);
  const layout = layoutOf(matrices.flatMap(({ cores, bias }) => [...cores, bias]).flatMap(stackTensors));
  const sitsOn = new Map(chosen.map(({ site, on }) => [site, on]));

  return {
    spec,
    layout,
    initial(seed) {
      const fills = new Map(matrices.flatMap(initialFills));
      return fillTensors(layout, seed, ({ name }) => fills.get(name) ?? zeros);
    },
    bind<T>(ops: Ops<T>): Hooks<T> {
      const bound = new Map<
        string,
        { readonly down: BoundTrain<T>; readonly up: BoundTrain<T>; readonly index: number }
      >();
      for (const family of families) {
        const halves = { down: bindTrain(ops, family.down, 1), up: bindTrain(ops, family.up, scale) };
        family.sites.forEach((site, index) => bound.set(site, { ...halves, index }));
      }
      const adapted = (site: string, h: T): T => {
        const at = bound.get(site);
        if (!at) return h;
        return ops.add(h, applyTrain(ops, ops.relu(applyTrain(ops, h, at.down, at.index)), at.up, at.index));
      };
      return {
        input: (site, x) => (sitsOn.get(site) === "input" ? adapted(site, x) : x),
        output: (site, _x, y) => (sitsOn.get(site) === "output" ? adapted(site, y) : y),
      };
    },
  };
}

/** How each tensor of a TT matrix starts, by name. */
function initialFills({ modes, outputs, cores, bias }: TrainMatrix): readonly (readonly [string, Fill])[] {
  const biasFill: Fill = (key, out) => out.set(initialBias(outputs, key));
  return [
    ...cores.flatMap((core) =>
      stackTensors(core).map(({ name }) => [name, gaussian(coreDeviation(modes, core.shape))] as const),
    ),
    ...stackTensors(bias).map(({ name }) => [name, biasFill] as const),
  ];
}
