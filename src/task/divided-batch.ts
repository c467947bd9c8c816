import type { TokenBatch } from "../engine/session";
import type { BatchPart } from "../estimator/objective";

/** Texts and their classes. */
interface Labelled {
  readonly input: TokenBatch;
  readonly labels: readonly number[];
}

/**
 * Divides a batch into so many parts of neighbouring texts, as equal as can be, or as many as it has texts.
 * For example `dividedBatch(batch, 2).map(({ share }) => share)` of three texts: [1 / 3, 2 / 3].
 */
export function dividedBatch({ input, labels }: Labelled, parts: number): readonly BatchPart<Labelled>[] {
  const texts = labels.length;
  const count = Math.min(parts, texts);
  return Array.from({ length: count }, (_, part) => {
    const [begin, end] = [part, part + 1].map((at) => Math.floor((at * texts) / count)) as [number, number];
    const own = <T>(all: readonly T[]): readonly T[] => all.slice(begin, end);
    const { ids, scored, targets } = input;
    const cut = { ...input, ids: own(ids), ...(scored && { scored: own(scored) }), ...(targets && { targets: own(targets) }) }; // prettier-ignore
    return { batch: { input: cut, labels: own(labels) }, share: (end - begin) / texts };
  });
}
