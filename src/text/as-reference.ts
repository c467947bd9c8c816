import { ByteFallbackDecoder, SequenceDecoder, type Decoder } from "@huggingface/tokenizers";

/**
 * Gives two steps of a tokenizer.json that the JavaScript tokenizers package (0.2.0) does otherwise than the reference
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
  if (step.type === "ByteLevel" && step["use_regex"] !== false) {
    const prefix = step["add_prefix_space"] === false ? [] : [SPACE_BEFORE];
    const bytes = { ...step, add_prefix_space: false, use_regex: false };
    return { type: "Sequence", pretokenizers: [...prefix, split(BYTE_LEVEL_PATTERN), bytes] };
  }
  return step;
}

/** `Metaspace` with a space as its sign: puts a space before a text that does not begin with one. */
const SPACE_BEFORE = { type: "Metaspace", replacement: " ", prepend_scheme: "always" };

/** The split of GPT-2. Source: openai/gpt-2 src/encoder.py; `ByteLevel` in huggingface/tokenizers has the same. */
const BYTE_LEVEL_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Gives what is done to a text before the package's `BertNormalizer` sees it, so that the result is the reference's:
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

/**
 * Lets byte tokens ("<0x41>") decode as SentencePiece does: characters where the bytes are some, one U+FFFD for each byte that
 * belongs to none, and no byte-order mark taken away. (`tokenizers` gives one U+FFFD per byte of a run in which any is wrong.)
 */
export function bytesAsReference(decoder: Decoder | null): void {
  if (decoder instanceof SequenceDecoder) (decoder.decoders as readonly (Decoder | null)[]).forEach(bytesAsReference);
  if (decoder instanceof ByteFallbackDecoder)
    decoder.text_decoder = Object.assign(new TextDecoder(), { decode: (bytes: Uint8Array) => textOfBytes(bytes) });
}

/**
 * Gives bytes as text, with U+FFFD for each byte that is of no whole character.
 * @example textOfBytes(Uint8Array.of(0x41, 0xe2, 0x82)) // "A\ufffd\ufffd"
 */
export function textOfBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = strictly(bytes.subarray(at, at + length));
    text += character ?? "\ufffd";
    at += character === null ? 1 : length;
  }
  return text;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function strictly(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes);
  } catch {
    return null;
  }
}

function split(pattern: string): object {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

function isStep(value: unknown): value is Readonly<Record<string, unknown>> & { readonly type: string } {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}
