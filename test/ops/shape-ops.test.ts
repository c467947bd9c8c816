import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { packBatch } from "../../src/engine/onnx/geometry";
import { givenGradient } from "../../src/engine/given";
import { FEATURES_BY_POINT, recordGradient } from "../../src/engine/record-model";
import type { GradientForm } from "../../src/engine/record-model";
import { reversibleReference } from "../../src/engine/reference/reversible";
import { tensor } from "../../src/engine/reference/tensor";
import type { Tensor } from "../../src/engine/reference/tensor";
import { garbageCollected, run } from "../../src/ops/program";
import type { Memory } from "../../src/ops/program";
import type { Shape } from "../../src/ops/shape";
import { shapeOps } from "../../src/ops/shape-ops";
import { classLoss, someOffset } from "../support/row-losses";
import { tinyModel, tinyPlacement } from "../support/tiny-models";

const test = suite("ops/shape-ops");

const forms: readonly GradientForm[] = [FEATURES_BY_POINT, { classes: 3, offset: "both" }];

for (const name of ["bert", "llama", "opt"] as const)
  for (const [kind, form] of (["tensor-train", "prefix", "side", "full"] as const).flatMap((k) =>
    forms.map((f) => [k, f] as const),
  ))
    test(`${name}, ${kind}${form.classes === null ? "" : ", losses and an offset"}: each value of a gradient's program has the shape that was told without a batch`, () => {
      const { model, batch } = tinyModel(name);
      const train = { rank: 2, bottleneck: 8, scale: 1, modes: null, placement: tinyPlacement(name) };
      const side = { width: 4, aggregation: "anti-redundancy", form: "gated" };
      const rest = { "tensor-train": train, prefix: { tokens: 3 }, side, full: { layers: "all" } }[kind];
      const adapter = makeAdapter({ kind, ...rest } as Parameters<typeof makeAdapter>[0], model);
      const { layout } = adapter;
      const recording = recordGradient(model, adapter, form);
      const all = new Set(recording.program.instructions.keys());
      const told = run(recording, shapeOps(layout, 1), garbageCollected as Memory<Shape>, all);
      const offset = { rows: someOffset(model, batch), by: "both" } as const;
      const { values } = givenGradient(model, batch, classLoss(model, batch), offset);
      const given = new Map([...values].map(([key, { shape, data }]) => [key, tensor(shape, data)]));
      const pass = { batch, layout, points: [adapter.initial(0)], directions: [], given };
      const low = reversibleReference(pass, (x) => x);
      const found = run(recording, low, garbageCollected as Memory<Tensor>, all);
      const { tokens: T, texts: B, longest: S, scored } = packBatch(batch);
      const sizes: Readonly<Record<string, number>> = { T, B, S, K: scored.length };
      for (const [place, { op }] of recording.program.instructions.entries())
        assert.equal(
          found.get(place)!.shape,
          told.get(place)!.map((size) => (typeof size === "number" ? size : sizes[size])),
          `${place}: ${op}`,
        );
      assert.is(recording.program.outputs.length, recording.results.length + recording.derivatives.length);
    });

test.run();
