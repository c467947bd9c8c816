import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { arm } from "../../src/experiment/arms";
import { armOptions } from "../../src/experiment/run-arm";
import { sideRows } from "../../src/experiment/side-rows";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { trainInFile } from "../../src/train/train-in-file";
import { scratch } from "../support/scratch";
import { tinyPlacement } from "../support/tiny-models";
import { tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("experiment/side-run");
const files = scratch();
test.after(() => files.remove());

for (const name of ["bert", "llama"] as const)
  test(`${name}: each way of going back trains, evaluates and records from end to end, and side networks compute a text's frozen layers once`, async () => {
    const problem = await tinyProblem(name);
    const { model } = problem.loaded;
    for (const { id } of sideRows) {
      const chosen = arm(id, {
        ...tinySettings(name, { steps: 8 }),
        layers: model.layers,
        side: { width: 4, form: "norm", skip: "whole" },
        bottleneck: { kind: "bottleneck", placement: tinyPlacement(name), bottleneck: 4, activation: "relu", scale: 1 },
      });
      const adapter = makeAdapter(chosen.adapter, model);
      const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: files.file("cache") });
      const at = { seed: 0, evaluateEvery: 4, stopMargin: null };
      const options = armOptions(chosen, problem, adapter, session, at);
      const { steps, point, evaluations } = await trainInFile({
        ...options,
        clock: () => 0,
        path: files.file(`${name}-${id}.jsonl`),
      });
      const seen = session.prefixTexts();
      await session.dispose();
      assert.is(steps.length, id === "mezo-sherl" ? 32 : 8, id);
      assert.ok(evaluations.every(({ loss }) => Number.isFinite(loss)));
      assert.is.not(fingerprintPoint(point), fingerprintPoint(options.start));
      // 16 texts to train on and 12 of dev, whatever the number of steps; those to train on are evaluated by no one.
      if (id === "adamw-bottleneck") assert.is(seen, 0);
      else assert.ok(seen > 0 && seen <= 28, `${id}: ${seen} texts`);
    }
  });

test.run();
