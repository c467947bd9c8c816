/**
 * Gives the steps of a tokenizer.json that put a space before a text, left out: what remains splits a text that follows another.
 * SentencePiece models do it (`Prepend`, `Metaspace`), and byte-level BPE with `add_prefix_space`.
 * @example normalizerWithoutPrefix({ type: "Prepend", prepend: "▁" }) // null
 */
export function normalizerWithoutPrefix(normalizer: unknown): unknown {
  if (!isStep(normalizer)) return normalizer;
  if (normalizer["type"] === "Prepend") return null;
  const inner = normalizer["normalizers"];
  return Array.isArray(inner)
    ? { ...normalizer, normalizers: inner.map(normalizerWithoutPrefix).filter((step) => step !== null) }
    : normalizer;
}

/** Takes from the pre-tokenizer of a tokenizer.json what puts a space before a text. */
export function preTokenizerWithoutPrefix(step: unknown): unknown {
  if (!isStep(step)) return step;
  const inner = step["pretokenizers"];
  if (Array.isArray(inner)) return { ...step, pretokenizers: inner.map(preTokenizerWithoutPrefix) };
  if (step["type"] === "Metaspace") return { ...step, prepend_scheme: "never" };
  return step["type"] === "ByteLevel" ? { ...step, add_prefix_space: false } : step;
}

function isStep(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
