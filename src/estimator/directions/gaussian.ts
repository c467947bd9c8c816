import { directionKey } from "./key";
import { normalsInto } from "../../random/normals";
import { drawStored, type DirectionKind } from "../direction";

/** Independent standard normals: the papers' z. */
export const gaussian: DirectionKind<unknown> = {
  check: () => undefined,
  again: true,
  open: (_spec, at) => drawStored((query, out) => normalsInto(directionKey(at, query), out)),
};
