/**
 * Two steps of a tokenizer.json that the JavaScript tokenizers package (0.2.0) does otherwise than the reference
 * implementation (Python `tokenizers`, Rust), put in terms that it does the same. Found by encoding every Unicode
 * character with both.
 *
 * - `Digits` knows only 0-9 there; the reference takes every numeric character (\p{N}: "٣", "½", "Ⅳ").
 * - `ByteLevel` splits by JavaScript's \s, which has U+FEFF and lacks U+0085; the reference's is White_Space. The package
 *   translates the patterns of a `Split` properly, so the same pattern is given to one.
 */
export function preTokenizerAsReference(step: unknown): unknown {
  if (!isStep(step)) return step;
  if (step.type === "Sequence" && Array.isArray(step["pretokenizers"])) {
    return { ...step, pretokenizers: step["pretokenizers"].map(preTokenizerAsReference) };
  }
  if (step.type === "Digits") return split(step["individual_digits"] === true ? "\\p{N}" : "\\p{N}+");
  if (step.type === "ByteLevel" && step["use_regex"] !== false && step["add_prefix_space"] === false) {
    return { type: "Sequence", pretokenizers: [split(BYTE_LEVEL_PATTERN), { ...step, use_regex: false }] };
  }
  return step;
}

/** The split of GPT-2. Source: openai/gpt-2 src/encoder.py; `ByteLevel` in huggingface/tokenizers has the same. */
const BYTE_LEVEL_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * What is done to a text before the package's `BertNormalizer` sees it, so that the result is the reference's:
 * - a capital sigma at the end of a word is lower-cased to "ς" by JavaScript, to "σ" by the reference;
 * - Chinese characters beyond U+FFFF are not separated by the package, which looks at UTF-16 units (the ranges are the
 *   reference's, with its gap from U+2B820 to U+2B91F).
 * Departs: combining marks and punctuation that Unicode has had only since version 8 are removed and split off here; the
 * reference's older tables do not know them. It concerns 658 characters of rare scripts.
 */
export function textAsReference(normalizer: unknown): (text: string) => string {
  if (!isStep(normalizer) || normalizer.type !== "BertNormalizer") return (text) => text;
  const sigma = normalizer["lowercase"] === true;
  const chinese = normalizer["handle_chinese_chars"] === true;
  return (text) => {
    const lowered = sigma ? text.replaceAll("Σ", "σ") : text;
    return chinese ? lowered.replace(CHINESE_BEYOND_FFFF, " $& ") : lowered;
  };
}

const CHINESE_BEYOND_FFFF =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

function split(pattern: string): object {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

function isStep(value: unknown): value is Readonly<Record<string, unknown>> & { readonly type: string } {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}
