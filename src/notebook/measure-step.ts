import { makeAdapter } from "../adapter/make-adapter";
import { onnxSession } from "../engine/onnx/session";
import type { Model } from "../model/model";
import { mezo } from "../optimizer/recipes";
import { step } from "../optimizer/step";
import { classifierObjective } from "../task/classifier";

/** Seconds of one loss and of one two-sided step with one query, the smallest of several. */
export interface StepTimes {
  readonly inference: number;
  readonly step: number;
}

/**
 * Times an encoder's loss and zeroth-order step with tensor-train adapters on generated token ids: for a look, not for a table
 * (`npm run bench -- costs` measures in a process of its own).
 * For example `await measureStep((await openModel("minilm")).model, { texts: 8, tokens: 64, steps: 3 })`.
 * @throws when the batch is longer than the model's context
 */
export async function measureStep(
  model: Model,
  { texts, tokens, steps }: { readonly texts: number; readonly tokens: number; readonly steps: number },
): Promise<StepTimes> {
  const { placement } = model;
  const spec = { kind: "tensor-train", placement, rank: 5, bottleneck: 64, scale: 1, modes: null } as const;
  const adapter = makeAdapter(spec, model);
  const session = await onnxSession(model, adapter);
  try {
    const readout = { rows: new Float32Array(2 * model.width).fill(0.1), classes: 2, width: model.width, scale: 1 };
    const objective = classifierObjective(session, readout);
    const ids = Array.from({ length: texts }, (_, b) => Array.from({ length: tokens }, (__, t) => 5 + 31 * b + 7 * t));
    const batch = { input: { ids }, labels: ids.map((_, b) => b % 2) };
    const point = adapter.initial(0);
    const { layout } = adapter;
    const fastest = async (work: (index: number) => Promise<unknown>): Promise<number> => {
      const times: number[] = [];
      for (let index = 0; index <= steps; index++) {
        const started = performance.now();
        await work(index);
        times.push((performance.now() - started) / 1000);
      }
      return Math.min(...times.slice(1));
    };
    return {
      inference: await fastest(() => objective.losses([point], batch)),
      step: await fastest((index) =>
        step(mezo({ learningRate: 1e-6 }), objective, point, { seed: 0, step: index, epoch: 0, layout, batch }),
      ),
    };
  } finally {
    await session.dispose();
  }
}
