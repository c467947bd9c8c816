import type { LoadedModel } from "../engine/load-model";
import type { ModelSession } from "../engine/session";
import { fail } from "../check/check";
import type { Head } from "../model/model";
import type { LabelledBatch } from "../task/classifier";
import { stepsPerEpoch } from "../schedule/forward-passes";
import { batchAt } from "../task/batches";
import { batchesInOrder, encodeExamples, labelledBatch } from "../task/encode";
import type { EncodedExamples } from "../task/encode";
import { labelTokens } from "../task/label-tokens";
import { lengthFilter } from "../task/length-filter";
import type { LoadedTask, Origin } from "../task/load-task";
import { headReadout, prototypeReadout } from "../task/readout";
import type { Readout } from "../task/readout";
import { sampleTask } from "../task/sample";
import type { Sample } from "../task/sample";
import { fingerprintData } from "../train/fingerprint";

/** How many texts a problem takes from a task, and how they are batched. */
export interface ProblemOptions {
  /** Draws prototypes, train and dev, and the order of batches. */
  readonly seed: number;
  readonly batchSize: number;
  readonly train: number;
  readonly dev: number;
  readonly test: number;
  /** Longer prompts are left out, before anything is drawn. */
  readonly maxTokens: number;
  /** Shorter texts are left out; default 0. */
  readonly minWords?: number;
  /** Labelled texts per class for an encoder's prototypes; default 8. Not used by language models. */
  readonly shots?: number;
}

/** A model, its frozen readout and the texts to tune it on: everything about a run but the method and the adapter. */
export interface Problem {
  readonly loaded: LoadedModel;
  readonly task: LoadedTask["task"];
  readonly origin: Origin;
  readonly options: ProblemOptions;
  readonly readout: Readout;
  /** log C, the loss of an even guess. */
  readonly chanceLoss: number;
  readonly sample: Sample;
  /** Fingerprint of readout, train and dev, in order. */
  readonly dataHash: string;
  readonly notices: readonly string[];
  /** Training batches of this size (default: the problem's): steps of an epoch, and the batch of a step from 0. */
  batches(batchSize?: number): { readonly stepsPerEpoch: number; at(step: number): LabelledBatch };
  readonly dev: readonly LabelledBatch[];
  /** For the very end, once. */
  readonly test: readonly LabelledBatch[];
}

/** Texts of one evaluation pass; larger than training batches, since no direction shares it. */
const EVALUATION_BATCH = 32;

/**
 * Samples a task for a model and fixes the readout: label words for a language model, class prototypes for an encoder.
 * @param openFrozen opens the model without an adapter, to compute prototypes; it is closed again
 * @throws when the task and the model do not fit, or too few texts pass the length limit
 * @example (await makeProblem(minilm, trec, options, open)).chanceLoss.toFixed(3) // "1.792", log 6
 */
export async function makeProblem(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
  openFrozen: (loaded: LoadedModel) => Promise<ModelSession>,
): Promise<Problem> {
  const { task } = from;
  const { model, tokenizer } = loaded;
  const { seed, maxTokens, minWords = 0, shots = 8 } = options;
  const { head } = model;
  if ((head === null) !== (task.labelWords === null))
    fail(
      `task ${task.name} with ${loaded.title}`,
      head === null ? "a task scored on the mean of tokens" : "a task with label words",
      task.scored,
    );
  const sample = sampleTask(from, {
    seed,
    ...(head === null ? { prototypes: { kind: "per class", count: shots } } : {}),
    train: { kind: "at most", count: options.train },
    dev: { kind: "at most", count: options.dev },
    test: { kind: "at most", count: options.test },
    keep: lengthFilter(task, tokenizer, { maxTokens, minWords }),
  });
  const encode = (part: keyof Sample["parts"]): EncodedExamples =>
    encodeExamples(task, sample.parts[part], tokenizer, model.context);
  const [train, dev, test] = [encode("train"), encode("dev"), encode("test")];
  const readout =
    head === null
      ? await prototypes(await openFrozen(loaded), encode("prototypes"), task.labels.length)
      : labelWords(head, labelTokens(task, tokenizer));
  return {
    loaded,
    task,
    origin: from.origin,
    options,
    readout,
    chanceLoss: Math.log(task.labels.length),
    sample,
    dataHash: fingerprintData({
      ...{ train, dev, rows: [...readout.rows], scale: readout.scale },
      ...(readout.bias ? { bias: [...readout.bias] } : {}),
    }),
    notices: [...from.notices, ...sample.notices],
    batches(batchSize = options.batchSize) {
      const count = train.ids.length;
      return {
        stepsPerEpoch: stepsPerEpoch(count, batchSize),
        at: (step) => labelledBatch(train, batchAt(seed, step, count, batchSize).indices),
      };
    },
    dev: batchesInOrder(dev, EVALUATION_BATCH),
    test: batchesInOrder(test, EVALUATION_BATCH),
  };
}

function labelWords(head: Head, tokens: readonly number[]): Readout {
  return headReadout(head, tokens);
}

async function prototypes(session: ModelSession, encoded: EncodedExamples, classes: number): Promise<Readout> {
  try {
    const all = Array.from({ length: encoded.ids.length }, (_, i) => i);
    const { input, labels } = labelledBatch(encoded, all);
    return prototypeReadout(await session.features([new Float32Array(0)], input), labels, classes);
  } finally {
    await session.dispose();
  }
}
