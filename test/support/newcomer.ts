import { positiveInteger } from "../../src/check/check";
import { drawStored, type DirectionKind } from "../../src/estimator/direction";
import { directionKinds, type DirectionSpec } from "../../src/estimator/directions";
import { directionKey } from "../../src/estimator/directions/key";
import { checkMethod, type Method } from "../../src/optimizer/method";
import { mezo, type MezoOptions } from "../../src/optimizer/recipes";
import { bitsInto } from "../../src/random/bits";
import { randomKey } from "../../src/random/key";
import { normalsInto } from "../../src/random/normals";
import { scaleInPlace } from "../../src/tree/vector";

/** How long a tensor has its turn. */
export interface OneTensor {
  /** Steps. */
  readonly hold: number;
}

/**
 * Standard normals in one of the n tensors, sqrt(n) times as long, and 0 in the others: E[z z^T] = I over the turns, each of them `hold`
 * steps long. A method that the project does not have, written as a newcomer would write it.
 */
export const oneTensor: DirectionKind<OneTensor> = {
  check: (what, { hold }) => void positiveInteger(`${what}.hold`, hold),
  open({ hold }, here) {
    const { entries } = here.layout;
    const turn = new Uint32Array(1);
    bitsInto(randomKey(here.seed, "mask", Math.floor(here.step / hold)), turn);
    const { offset, size } = entries[turn[0] % entries.length];
    return drawStored((query, out) => {
      const part = out.fill(0).subarray(offset, offset + size);
      normalsInto(directionKey(here, query), part);
      scaleInPlace(part, Math.sqrt(entries.length));
    });
  },
};

/** MeZO on one tensor at a time. @example oneTensorAtATime({ hold: 5 }).directions // { kind: "one-tensor", hold: 5 } */
function oneTensorAtATime({ hold = 3, ...options }: MezoOptions & { readonly hold?: number } = {}): Method {
  const directions = { kind: "one-tensor", hold } as unknown as DirectionSpec;
  return checkMethod({ ...mezo({ name: "one-tensor", ...options }), directions });
}

/** What would be one line in the table of kinds, and one in the table of methods: here for this process alone. */
Object.assign(directionKinds, { "one-tensor": oneTensor });
export const newcomers = { "one-tensor": { make: oneTensorAtATime } };
