import { bitsInto } from "../../random/bits";
import { drawStored, type DirectionKind } from "../direction";
import { directionKey } from "./key";

/** Independent +1 and -1 (Rademacher), E[z z^T] = I. */
export const sign: DirectionKind<unknown> = {
  check: () => undefined,
  again: true,
  open: (_spec, at) =>
    drawStored((query, out) => {
      const words = new Uint32Array(Math.ceil(out.length / 32));
      bitsInto(directionKey(at, query), words);
      for (let i = 0; i < out.length; i++) out[i] = 1 - 2 * ((words[i >>> 5] >>> (i & 31)) & 1);
    }),
};
