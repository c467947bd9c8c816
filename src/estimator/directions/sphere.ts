import { normalsInto } from "../../random/normals";
import { norm, scaleInPlace } from "../../tree/vector";
import { drawStored, type DirectionKind } from "../direction";
import { directionKey } from "./key";

/** A Gaussian direction stretched to length sqrt(d): uniform on the sphere, E[z z^T] = I. */
export const sphere: DirectionKind<unknown> = {
  check: () => undefined,
  again: true,
  open: (_spec, at) =>
    drawStored((query, out) => {
      normalsInto(directionKey(at, query), out);
      scaleInPlace(out, Math.sqrt(out.length) / norm(out));
    }),
};
