import { fail } from "../../check/check";
import type { GivenName, LowOps } from "../../ops/low-ops";
import type { Dimension } from "../../ops/shape";
import type { EmbeddingIndex, FrozenMatrix, Rotary } from "../../ops/ops";
import type { Layout } from "../../tree/layout";
import { stackAt } from "../../tree/layout";
import { constant } from "./emit";
import type { Value } from "./emit";
import { frozenProduct, heldMatrix } from "./frozen-product";
import { FLOAT, INT64 } from "./graph";
import type { GraphBuilder } from "./graph";
import { sharedOps } from "./shared-ops";
import { timesTurned } from "./turned-product";
import type { WeightFile } from "./weight-file";

/** Rows of a frozen table that a run feeds for its tokens, so that the graph need not hold the table. */
export interface EmbeddingFeed {
  readonly input: string;
  readonly table: FrozenMatrix;
  readonly by: "token" | "position";
}

/** What a run must feed besides the geometry. */
export interface Feeds {
  readonly embeddings: Map<string, EmbeddingFeed>;
  /** By the name that their inputs carry. */
  readonly rotations: Map<string, Rotary>;
}

/** The input that takes the keep factors [sites, 1, 1]. */
export const KEEP = "keep";
/** Gives the name of the input that takes what a call brings. */
export function givenInput(name: GivenName): string {
  return `given:${name}`;
}

/** Gives the name of a rotation's inputs: equal rotations have one. */
export function rotationName(feeds: Feeds, rotary: Rotary): string {
  const content = JSON.stringify(rotary);
  for (const [name, known] of feeds.rotations) if (JSON.stringify(known) === content) return name;
  const name = String(feeds.rotations.size);
  feeds.rotations.set(name, rotary);
  return name;
}

/**
 * Emits ONNX nodes for the lower operations. All of P, B, S and T are dynamic.
 * @param points the leading axis of the trainable parameters: "R" points, or 1 in a dual graph
 * @param tokenRows the leading axis of what tokens are looked up as: "R" where each point has its own, as in texts that it writes; default 1
 * @param drops the sites whose keep factors are the input `keep`, in its order; default: none, every factor is 1
 * @param large each trainable tensor is an input of its own, `theta:NAME`, instead of a slice of theta, which would copy it
 */
export function onnxLowOps(
  graph: GraphBuilder,
  weights: WeightFile,
  layout: Layout,
  feeds: Feeds,
  points: Dimension,
  large: boolean,
  tokenRows: Dimension = 1,
  drops: readonly string[] = [],
): LowOps<Value> {
  const shared = sharedOps(graph, (rotary) => rotationName(feeds, rotary));
  return {
    ...shared,
    embed(table: FrozenMatrix, by: EmbeddingIndex) {
      const width = table.shape[1];
      if (weights.isHeld(table)) {
        const all = constant(heldMatrix(graph, table), table.shape);
        const [axis] = [graph.integers([0])];
        if (by === "zero")
          return constant(graph.describe(graph.node("Unsqueeze", [shared.slice(all, 0, 1, 0, 1).name, axis]), [1, 1, width]), [1, 1, width]); // prettier-ignore
        const rows = graph.input(by === "token" ? "ids" : "positions", INT64, ["T"]);
        const taken = graph.describe(graph.node("Gather", [all.name, rows], { axis: 0 }), ["T", width]);
        return constant(graph.describe(graph.node("Unsqueeze", [taken, axis]), [1, "T", width]), [1, "T", width]);
      }
      weights.check(table);
      if (by === "zero") {
        const name = graph.memo(`e0${table.name}`, () => graph.floats(table.rows([0]), [1, 1, width]));
        return constant(name, [1, 1, width]);
      }
      const input = `embedding:${by}:${table.name}`;
      feeds.embeddings.set(input, { input, table, by });
      const shape = [by === "token" ? tokenRows : 1, "T", width];
      return { name: graph.input(input, FLOAT, shape), shape, shared: shape[0] === 1 };
    },
    frozen: (x, weight) => {
      const { name, shape } = frozenProduct(graph, weights, x, weight);
      return { name, shape, shared: x.shared };
    },
    parameters(names, of) {
      const head = stackAt(layout, names);
      const rows = of === "point" ? points : "P";
      if (large) {
        if (names.length > 1) fail("parameters", "one tensor at a time of a large adapter", names);
        const shape = [rows, 1, ...head.shape];
        const input = graph.input(`${of === "point" ? "theta" : "directions"}:${head.name}`, FLOAT, shape);
        return { name: input, shared: false, shape };
      }
      const name = graph.input(of === "point" ? "theta" : "directions", FLOAT, [rows, layout.size]);
      const all: Value = { name, shared: false, shape: [rows, layout.size] };
      const length = names.length * head.size;
      return shared.reshape(shared.slice(all, head.offset, head.offset + length, 1, length), [
        names.length,
        ...head.shape,
      ]);
    },
    keepFactor(site) {
      const at = drops.indexOf(site);
      if (at < 0)
        return constant(
          graph.memo("keep 1", () => graph.floats(Float32Array.of(1), [1, 1, 1])),
          [1, 1, 1],
        );
      const shape = [drops.length, 1, 1];
      return shared.slice(constant(graph.input(KEEP, FLOAT, shape), shape), at, at + 1, 0, 1);
    },
    given: (name, shape) => constant(graph.input(givenInput(name), FLOAT, shape), shape),
    matmulTransposed: (x, y, factor) => ({ ...timesTurned(graph, x, y, factor), shared: x.shared && y.shared }),
  };
}
