import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { LoadedModel } from "../../src/engine/load-model";
import { onnxSession } from "../../src/engine/onnx/session";
import type { TunedClassifier } from "../../src/export/onnx-classifier";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { askedText, classifierRecipe } from "../../src/task/classifier-recipe";
import { probabilities } from "../../src/task/loss";
import { headReadout, scores } from "../../src/task/readout";
import { readingOf } from "../../src/task/reading";
import type { ClassificationTask } from "../../src/task/task";

export type Fields = Readonly<Record<string, string>>;

export const loraSpec: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };

/** A small tensor train where the model has its adapters. */
export const trainSpec = ({ model }: LoadedModel): AdapterSpec => ({
  kind: "tensor-train",
  placement: model.placement,
  rank: 2,
  bottleneck: 8,
  scale: 1,
  modes: null,
});

/** A classifier of a task with an adapter whose every number is moved by noise. */
export function drawnClassifier(
  loaded: LoadedModel,
  task: ClassificationTask,
  spec: AdapterSpec,
  by = 0.05,
): TunedClassifier {
  const { model, tokenizer } = loaded;
  const { layout, initial } = makeAdapter(spec, model);
  const noise = normals(randomKey(8, "check", 0), layout.size);
  const point = initial(1).map((value, i) => value + by * noise[i]!);
  const classes = task.labels.length;
  const readout =
    model.head === null
      ? { rows: normals(randomKey(9, "check", 0), classes * model.width), classes, width: model.width, scale: 0.3 }
      : headReadout(model.head, task.labels.map((_, c) => 20 + c)); // prettier-ignore
  const recipe = classifierRecipe(task, readingOf(task, model), { context: model.context }, [], tokenizer);
  return { adapter: { spec, layout, point, modelId: model.id, note: "drawn" }, readout, recipe };
}

/** The probabilities by the engine that tunes, text by text. */
export async function engineShares(
  { model, tokenizer }: LoadedModel,
  { adapter, readout, recipe }: TunedClassifier,
  asked: readonly Fields[],
): Promise<readonly number[]> {
  const session = await onnxSession(model, makeAdapter(adapter.spec, model));
  try {
    const texts = asked.map((fields) => askedText(recipe, fields, tokenizer));
    const ids = texts.map((text) => text.ids);
    const scored = model.reading === "pooled" ? {} : { scored: texts.map((text) => text.mask ?? text.ids.length - 1) };
    const found = scores(readout, await session.features([adapter.point], { ids, ...scored }));
    return [...probabilities(found, readout.classes)];
  } finally {
    await session.dispose();
  }
}
