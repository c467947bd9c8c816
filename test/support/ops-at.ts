import { referenceOps } from "../../src/engine/reference/low-ops";
import type { Point } from "../../src/engine/reference/low-ops";
import type { Tensor } from "../../src/engine/reference/tensor";
import type { TokenBatch } from "../../src/engine/session";
import type { Ops } from "../../src/ops/ops";
import { plain } from "../../src/ops/plain";
import type { Layout } from "../../src/tree/layout";

/** The coarse operations in float64 at these points. */
export function opsAt(layout: Layout, points: readonly Point[], batch: TokenBatch = { ids: [[0]] }): Ops<Tensor> {
  return plain(referenceOps({ batch, layout, points, directions: [] }));
}
