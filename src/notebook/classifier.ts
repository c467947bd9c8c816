import { makeAdapter } from "../adapter/make-adapter";
import type { LoadedModel } from "../engine/load-model";
import { onnxSession } from "../engine/onnx/session";
import { probabilities } from "../task/loss";
import { scores } from "../task/readout";
import { loadClassifier } from "../task/saved-classifier";
import { requireLength } from "../text/require-length";

export interface Prediction {
  readonly label: string;
  readonly probability: number;
  /** Every class with its probability, the most probable first. */
  readonly all: readonly { readonly label: string; readonly probability: number }[];
}

export interface OpenClassifier {
  /** @throws when the text is empty or longer than the model's context */
  predict(text: string): Promise<Prediction>;
  dispose(): Promise<void>;
}

/**
 * Loads a saved adapter and readout into a fresh copy of the frozen model, ready to answer.
 * @param path as given to `saveClassifier`
 * @throws when the files are missing or were made for another model
 * @example (await (await openClassifier(minilm, "data/runs/trec")).predict("Who was Galileo?")).label // "Human"
 */
export async function openClassifier({ model, tokenizer }: LoadedModel, path: string): Promise<OpenClassifier> {
  const { adapter: saved, readout, labels } = loadClassifier(path, model.id);
  const session = await onnxSession(model, makeAdapter(saved.spec, model));
  return {
    async predict(text) {
      const ids = tokenizer.encode(text);
      requireLength(ids, model.context);
      const shares = probabilities(
        scores(readout, await session.features([saved.point], { ids: [ids] })),
        labels.length,
      );
      const all = labels
        .map((label, i) => ({ label, probability: shares[i] }))
        .sort((a, b) => b.probability - a.probability);
      const [{ label, probability }] = all;
      return { label, probability, all };
    },
    dispose: () => session.dispose(),
  };
}
