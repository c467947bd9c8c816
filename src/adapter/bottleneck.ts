import { adapterScale, fail, positiveInteger } from "../check/check";
import type { Site } from "../ops/site";
import type { Ops } from "../ops/ops";
import { layoutOf } from "../tree/layout";
import type { Activation, Adapter, AdapterSpec, Bound, BottleneckSpec, BottleneckPlacement } from "./adapter";
import { denseMatrix } from "./dense-matrix";
import { fillTensors, gaussian, uniform, zeros } from "./initial";
import { seats } from "./placement";
import type { SeatMatrix } from "./seat-matrix";
import { groupBy, stackTensors } from "./stacks";

/** What differs between bottleneck adapters. */
export interface BottleneckParts {
  readonly activation: Activation;
  readonly scale: number;
  /** Down [width, bottleneck] and Up [bottleneck, width] for the sites of one width. */
  matrices(sites: readonly string[], width: number): { readonly down: SeatMatrix; readonly up: SeatMatrix };
}

/**
 * Gives bottleneck adapters at the seats of a placement, whatever their matrices are made of:
 *     A(h) = h + s Up(activation(Down(h))),  Down: width -> bottleneck, Up: bottleneck -> width
 * Seats of one width are a family, prepared together once per forward pass, s folded into Up.
 * @throws when the model lacks the placement's sites
 */
export function bottleneckAdapter(
  spec: AdapterSpec & BottleneckPlacement,
  sites: readonly Site[],
  { activation, scale, matrices }: BottleneckParts,
): Adapter {
  return seatedAdapter(spec, sites, (names, width) => {
    const { down, up } = matrices(names, width);
    return {
      tensors: [...down.tensors, ...up.tensors],
      bind<T>(ops: Ops<T>) {
        const [narrow, wide] = [down.bind(ops, 1), up.bind(ops, scale)];
        return (h: T, site: number): T => wide(ops[activation](narrow(h, site)), site);
      },
    };
  });
}

/** What seats of one width share: the tensors at all of them, and what each adds to what it is given. */
export interface SeatFamily extends Pick<SeatMatrix, "tensors"> {
  /** Prepares all sites at once; the result gives what is added to h at the site of that index. */
  bind<T>(ops: Ops<T>): (h: T, site: number) => T;
}

/**
 * Gives an adapter that adds something to what goes in or comes out at the seats of a placement: A(h) = h + added(h), seats of one width together.
 * For example `bottleneckAdapter`, or a linear map.
 * @param familyOf the tensors and the computation of the sites of one width
 * @throws when the model lacks the placement's sites
 */
export function seatedAdapter(
  spec: AdapterSpec & BottleneckPlacement,
  sites: readonly Site[],
  familyOf: (sites: readonly string[], width: number) => SeatFamily,
): Adapter {
  const chosen = seats(spec, sites);
  const families = [...groupBy(chosen, (seat) => seat.width)].map(([width, group]) => {
    const names = group.map((seat) => seat.site);
    return { names, ...familyOf(names, width) };
  });
  const tensors = families.flatMap((family) => family.tensors);
  const layout = layoutOf(tensors.flatMap(({ stack }) => stackTensors(stack)));
  const starts = new Map(
    tensors.flatMap(({ stack, start }) => stackTensors(stack).map(({ name }) => [name, start] as const)),
  );
  const seatOn = new Map(chosen.map(({ site, on }) => [site, on]));

  return {
    spec,
    layout,
    sites: chosen.map(({ site }) => site),
    initial: (seed) => fillTensors(layout, seed, ({ name }) => starts.get(name) ?? zeros),
    bind<T>(ops: Ops<T>): Bound<T> {
      const changes = new Map<string, (h: T) => T>();
      for (const { names, bind } of families) {
        const added = bind(ops);
        names.forEach((site, i) => changes.set(site, (h) => ops.add(h, ops.added(added(h, i), site))));
      }
      const change = (site: string, on: "input" | "output", h: T): T =>
        seatOn.get(site) === on ? (changes.get(site)?.(h) ?? h) : h;
      return {
        ops,
        hooks: {
          input: (site, x) => change(site, "input", x),
          output: (site, _x, y) => change(site, "output", y),
        },
      };
    },
  };
}

/**
 * Gives the dense bottleneck adapter: `${site}.down.weight` [width, bottleneck], `${site}.up.weight` [bottleneck, width], a bias each.
 * Starts with Up zero, so the model is unchanged, and Down as a linear layer does: U(-1/sqrt(width), 1/sqrt(width)).
 * For example `bottleneck({ kind: "bottleneck", placement: "roberta", bottleneck: 64, activation: "gelu", scale: 1 }, sites)`.
 * @throws when the model lacks the placement's sites, or a number is out of range
 * Source: Houlsby et al., arXiv 1902.00751, section 2.1. Departs: two zero matrices would have no gradient, so only Up is zero;
 *   `up: "small"` draws both from N(0, 0.01^2) as there (not truncated).
 */
export function bottleneck(spec: BottleneckSpec, sites: readonly Site[]): Adapter {
  const narrow = positiveInteger("bottleneck", spec.bottleneck);
  const small = spec.up === "small";
  if (!["relu", "gelu", "silu", "tanh"].includes(spec.activation))
    fail("activation", "relu, gelu, silu or tanh", spec.activation);
  return bottleneckAdapter(spec, sites, {
    activation: spec.activation,
    scale: adapterScale("scale", spec.scale),
    matrices: (names, width) => ({
      down: denseMatrix(names, "down", [width, narrow], small ? gaussian(0.01) : uniform(1 / Math.sqrt(width))),
      up: denseMatrix(names, "up", [narrow, width], small ? gaussian(0.01) : zeros),
    }),
  });
}
