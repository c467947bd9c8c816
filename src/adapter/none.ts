import { layoutOf } from "../tree/layout";
import type { Adapter, NoAdapterSpec } from "./adapter";

/** Gives the frozen model alone: no trainable parameters, every site as it was. */
export function noAdapter(spec: NoAdapterSpec = { kind: "none" }): Adapter {
  return {
    spec,
    layout: layoutOf([]),
    initial: () => new Float32Array(0),
    bind: (ops) => ({ ops, hooks: { input: (_site, x) => x, output: (_site, _x, y) => y } }),
  };
}
