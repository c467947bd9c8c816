import { checkMethod, type Method } from "../../src/optimizer/method";
import {
  conservative,
  firstOrder,
  hizoo,
  lomo,
  lozoM,
  lozoReference,
  mezo,
  subzero,
  zoAdam,
  type MezoOptions,
} from "../../src/optimizer/recipes";
import { adamezo } from "../../src/optimizer/recipes/adamezo";
import { extrapolated } from "../../src/optimizer/recipes/extrapolated";
import { extrapolatedSgd } from "../../src/optimizer/recipes/extrapolated-sgd";
import { lamb } from "../../src/optimizer/recipes/lamb";
import { scala } from "../../src/optimizer/recipes/scala";
import { accumulating } from "../../src/optimizer/recipes/accumulating";
import { mezoSvrg } from "../../src/optimizer/recipes/mezo-svrg";

/** What a table of rows takes. */
interface Row {
  readonly make: (options?: MezoOptions) => Method;
}

/** A row that changes parts of another one's method. */
function changed(make: (options: MezoOptions) => Method, parts: (method: Method) => Partial<Method>): Row {
  return {
    make: (options = {}) => {
      const method = make({ queries: 4, ...options });
      return checkMethod({ ...method, ...parts(method) });
    },
  };
}

/** Puts a method's directions under the momentum of outer products. */
const withLowRankMomentum = ({ transforms }: Method): Partial<Method> => ({
  transforms: [{ kind: "low-rank-momentum", decay: 0.9 }, ...transforms],
});

/** Compositions that no named method is: the kinds that are in none, and parts that meet nowhere else. */
export const composedMethods: Readonly<Record<string, Row>> = {
  sphere: changed(mezo, () => ({ directions: { kind: "sphere" } })),
  signs: changed(mezo, () => ({ directions: { kind: "sign" } })),
  "one-sided, spread": changed(mezo, () => ({
    probe: { kind: "one-sided", perturbationScale: 1e-3, chunk: 1 },
    combine: { kind: "spread" },
  })),
  "z-score": changed(mezo, () => ({ combine: { kind: "z-score" } })),
  "centred ranks": changed(mezo, () => ({ combine: { kind: "rank" } })),
  "scales learned for each row, momentum": changed(mezo, ({ transforms }) => ({
    transforms: [{ kind: "learned-scales", each: "row", decay: 0.95 }, { kind: "momentum", decay: 0.5 }, ...transforms],
  })),
  "three points, unused": changed(mezo, () => ({ probe: { kind: "three-point", perturbationScale: 1e-3, chunk: 1 } })),
  "rounds, low-rank momentum": {
    make: (options) => {
      const { directions, transforms } = lozoM(options);
      return checkMethod({ ...conservative({ queries: 4, ...options }), directions, transforms });
    },
  },
  "subspace, low-rank momentum": changed(subzero, withLowRankMomentum),
  "subspace, rebuilt Adam": changed(subzero, ({ transforms }) => ({
    transforms: [...adamezo({ horizon: 3 }).transforms.slice(0, 1), ...transforms],
  })),
  "extrapolated in a subspace": {
    make: (options) => checkMethod({ ...extrapolated(options), directions: subzero(options).directions }),
  },
  "variance-reduced in a subspace": {
    make: (options) =>
      checkMethod({ ...mezoSvrg({ queries: 4, ...options }), directions: subzero(options).directions }),
  },
  "unmeasured, low-rank momentum": changed(lozoReference, withLowRankMomentum),
  "learned diagonal, Adam, decoupled decay": changed(hizoo, () => ({
    transforms: [...zoAdam().transforms.slice(0, 1), { kind: "decoupled-weight-decay", weightDecay: 0.01 }],
  })),
  "a running mean of points": { make: (options) => accumulating(mezo(options), 0.9) },
  "first-order, a running mean of points": {
    make: ({ learningRate = 1e-4 } = {}) => accumulating(firstOrder({ learningRate })),
  },
  "LOMO, clipped": { make: ({ learningRate = 1e-2 } = {}) => lomo({ learningRate, clipNorm: 0.5 }) },
  "LAMB in parts": { make: ({ learningRate = 1e-2 } = {}) => lamb({ learningRate, parts: 3, weightDecay: 0.01 }) },
  "an adversary that comes late, in parts": {
    make: ({ learningRate = 1e-2 } = {}) => scala({ learningRate, spread: 0.1, from: 2, parts: 2 }),
  },
  "inputs moved at random": { make: ({ learningRate = 1e-2 } = {}) => scala({ learningRate, player: "random" }) },
  ...Object.fromEntries(
    (["mean-past", "noise", "extragradient"] as const).map((direction): [string, Row] => [
      `extrapolated gradients, ${direction}`,
      { make: ({ learningRate = 1e-2 } = {}) => extrapolatedSgd({ learningRate, direction, workers: 3 }) },
    ]),
  ),
  "first-order, SGD with momentum": changed(
    ({ learningRate = 1e-4 }) => firstOrder({ learningRate, rule: "sgd" }),
    () => ({ transforms: [{ kind: "momentum", decay: 0.9 }] }),
  ),
};
