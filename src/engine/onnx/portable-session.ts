import { fail } from "../../check/check";
import type { FeedTensor } from "./feeds";
import { PORTABLE_OUTPUTS } from "./portable-graph";
import { runtimeOptions } from "./session";
import { EngineWorker } from "./worker-client";

/** Texts as token ids, and the place of each one's mask where the graph asks for it. */
export interface PortableBatch {
  readonly ids: readonly (readonly number[])[];
  readonly masks: readonly number[] | null;
}

/** What a classifier's graph says of texts, [B, C] row-major. */
export interface PortableScores {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly classes: number;
}

/** A written classifier, open in a worker thread. */
export interface PortableSession {
  /** @throws when a text is longer than the model reads, or has a token that it has not */
  scores(batch: PortableBatch): Promise<PortableScores>;
  dispose(): Promise<void>;
}

/**
 * Gives the inputs of a classifier's graph, texts filled up at their ends.
 * @throws when there is no text, or one without tokens
 * @example paddedFeeds({ ids: [[5, 6], [7]], masks: null }).get("attention_mask").data // BigInt64Array [1n, 1n, 1n, 0n]
 */
export function paddedFeeds({ ids, masks }: PortableBatch): ReadonlyMap<string, FeedTensor> {
  if (ids.length === 0) fail("batch", "at least one text", "none");
  const longest = Math.max(...ids.map(({ length }, b) => length || fail(`batch[${b}]`, "at least one token", "none")));
  const filled = (of: (text: readonly number[], at: number) => number): FeedTensor => ({
    type: "int64",
    dims: [ids.length, longest],
    data: BigInt64Array.from(ids.flatMap((text) => Array.from({ length: longest }, (_, at) => BigInt(of(text, at))))),
  });
  return new Map<string, FeedTensor>([
    ["input_ids", filled((text, at) => text[at] ?? 0)],
    ["attention_mask", filled((text, at) => (at < text.length ? 1 : 0))],
    ...(masks === null
      ? []
      : ([
          ["mask_position", { type: "int64", dims: [masks.length], data: BigInt64Array.from(masks, BigInt) }],
        ] as const)),
  ]);
}

/**
 * Opens a classifier's graph as `portableGraph` writes it.
 * For example `(await (await openPortable("mine/model.onnx")).scores({ ids: [[101, 102]], masks: null })).probabilities`.
 * @throws when ONNX Runtime cannot read the file
 */
export async function openPortable(path: string): Promise<PortableSession> {
  const worker = new EngineWorker();
  try {
    await worker.create("classifier", path, runtimeOptions({}, "all"));
  } catch (error) {
    await worker.end();
    throw error;
  }
  let latest: Promise<unknown> = Promise.resolve();
  const run = async (batch: PortableBatch): Promise<PortableScores> => {
    await worker.hold("texts", paddedFeeds(batch), null);
    const { outputs } = await worker.run("classifier", "texts", new Map(), new Map(), PORTABLE_OUTPUTS);
    const [logits, shares] = outputs as [(typeof outputs)[number], (typeof outputs)[number]];
    return { logits: logits.data, probabilities: shares.data, classes: Number(logits.dims[1]) };
  };
  return {
    scores(batch) {
      const found = latest.then(() => run(batch));
      latest = found.catch(() => undefined);
      return found;
    },
    dispose: () => worker.end(),
  };
}
