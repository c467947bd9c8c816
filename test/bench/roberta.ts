import { openTask } from "../../src/notebook/open";
import { labelWordReadout } from "../../src/task/readout";
import type { LabelledBatch } from "../../src/task/classifier";
import { tokenizerFromFolder } from "../../src/text/folder-tokenizer";
import { labelWordIds } from "../../src/text/label-words";
import { promptIds } from "../../src/text/prompt";
import { modelFolder } from "../support/models";
import { generatedRoberta, robertaLarge } from "./generated";
import type { Subject } from "./subject";

/** RoBERTa-large's shape on SST-2's phrases with RoBERTa's own tokens: `<s> {sentence} It was <mask> . </s>`, one mask a text. */
export interface RobertaTexts extends Subject {
  readonly words: readonly number[];
  batch(round: number): LabelledBatch;
}

/**
 * @param layers 24 for RoBERTa-large
 * @throws when RoBERTa's tokenizer or SST-2 is not there
 */
export async function robertaTexts(layers: number, batchSize: number): Promise<RobertaTexts> {
  const folder = modelFolder();
  if (folder === null) throw new Error("roberta: expected ADAZETA_MODEL_DIR, a folder with roberta-tokenizer");
  const tokenizer = tokenizerFromFolder(`${folder}/roberta-tokenizer`);
  const { splits, origin } = await openTask("sst2", { variant: "phrases" });
  if (origin.kind === "samples") throw new Error(`roberta: expected SST-2, got ${origin.description}`);
  const model = generatedRoberta({ ...robertaLarge, num_hidden_layers: layers });
  const words = labelWordIds(tokenizer, [" terrible", " great"]);
  const head = model.head!;
  const examples = splits.train!;
  return {
    loaded: { model },
    problem: { readout: labelWordReadout(head.rows(words), words.length, head.bias(words)) },
    words,
    batch(round) {
      const chosen = Array.from({ length: batchSize }, (_, i) => examples[(round * batchSize + i) % examples.length]);
      const prompts = chosen.map(({ fields }) =>
        promptIds(tokenizer, [
          { special: "beginning" },
          fields["sentence"],
          " It was",
          { special: "mask" },
          " .",
          { special: "end" },
        ]),
      );
      return {
        input: { ids: prompts.map(({ ids }) => ids), scored: prompts.map(({ mask }) => mask!) },
        labels: chosen.map(({ label }) => label),
      };
    },
  };
}
