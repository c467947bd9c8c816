import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { packBatch } from "../../src/engine/onnx/geometry";
import { recordGradient } from "../../src/engine/record-model";
import { reversibleReference } from "../../src/engine/reference/reversible";
import type { Tensor } from "../../src/engine/reference/tensor";
import { garbageCollected, run } from "../../src/ops/program";
import type { Memory } from "../../src/ops/program";
import type { Shape } from "../../src/ops/shape";
import { shapeOps } from "../../src/ops/shape-ops";
import { tinyModel, tinyPlacement } from "../support/tiny-models";

const test = suite("ops/shape-ops");

for (const name of ["bert", "llama", "opt"] as const)
  for (const kind of ["tensor-train", "prefix", "full"] as const)
    test(`${name}, ${kind}: each value of a gradient's program has the shape that was told without a batch`, () => {
      const { model, batch } = tinyModel(name);
      const train = { rank: 2, bottleneck: 8, scale: 1, modes: null, placement: tinyPlacement(name) };
      const rest = kind === "full" ? { layers: "all" } : kind === "prefix" ? { tokens: 3 } : train;
      const adapter = makeAdapter({ kind, ...rest } as Parameters<typeof makeAdapter>[0], model);
      const { layout } = adapter;
      const recording = recordGradient(model, adapter);
      const all = new Set(recording.program.instructions.keys());
      const told = run(recording, shapeOps(layout, 1), garbageCollected as Memory<Shape>, all);
      const low = reversibleReference({ batch, layout, points: [adapter.initial(0)], directions: [] }, (x) => x);
      const found = run(recording, low, garbageCollected as Memory<Tensor>, all);
      const { tokens: T, texts: B, longest: S, scored } = packBatch(batch);
      const sizes: Readonly<Record<string, number>> = { T, B, S, K: scored.length };
      for (const [place, { op }] of recording.program.instructions.entries())
        assert.equal(
          found.get(place)!.shape,
          told.get(place)!.map((size) => (typeof size === "number" ? size : sizes[size])),
          `${place}: ${op}`,
        );
      assert.is(recording.program.outputs.length, 1 + recording.derivatives.length);
    });

test.run();
