import { freeMemory } from "../engine/free-memory";
import { probeKind } from "../estimator/probes";
import type { Method } from "../optimizer/method";
import { transformKind } from "../optimizer/transforms";
import type { Layout } from "../tree/layout";
import { formatBytes } from "../weights/memory";

/**
 * Gives the bytes that a run holds besides its engine: the next point, the best one, and what the method's probe and transforms carry, with the next step's
 * beside it.
 * @example runBytes({ transforms: [{ kind: "momentum", decay: 0.9 }] }, { entries: [], size: 5 }) // 80
 */
export function runBytes(method: Pick<Method, "transforms" | "probe">, layout: Layout): number {
  return 4 * (2 * layout.size + 2 * carriedNumbers(method, layout));
}

/** Counts the numbers that a method's probe and transforms carry from step to step. */
function carriedNumbers({ transforms, probe }: Pick<Method, "transforms" | "probe">, layout: Layout): number {
  const sizes = transforms.flatMap((spec) =>
    Object.values(transformKind("transforms", spec).vectors?.(spec, layout) ?? {}),
  );
  const probed = probe && probeKind("probe", probe).carried?.(probe, layout.size);
  return sizes.reduce((sum, size) => sum + size, probed ?? 0);
}

/**
 * Refuses a run whose points and state would not fit, before anything of it is computed.
 * @param freeBytes what may be taken; default what is free now
 * @throws "adamw: needs about 2.2 GB for two points and its state of 270 million numbers, 1.1 GB free: take ..."
 */
export function requireRunMemory(method: Method, layout: Layout, freeBytes: number = freeMemory()): void {
  const needed = runBytes(method, layout);
  if (needed <= freeBytes) return;
  const carried = carriedNumbers(method, layout);
  const stateless = runBytes({ transforms: [] }, layout) <= freeBytes;
  const instead = [
    ...(carried > layout.size / 2 && stateless ? ["a method with little state (adalomo, lomo, mezo)"] : []),
    "an adapter, or fewer of the weights",
  ];
  throw new Error(
    `${method.name}: needs about ${formatBytes(needed)} for two points of ${layout.size} numbers and its state of ${carried}, ` +
      `${formatBytes(freeBytes)} free: take ${instead.join(", or ")}`,
  );
}
