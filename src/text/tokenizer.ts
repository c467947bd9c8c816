/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabulary: number;
  readonly special: SpecialTokens;
  /** The ids of a whole text; special tokens are added as the model was trained with (BERT: [CLS] ... [SEP]; SmolLM2: none). */
  encode(text: string): readonly number[];
  /** The ids of a text that follows another: no special token is added, and no space put before it. */
  continuation(text: string): readonly number[];
  /** The ids of a whole text that has its special tokens written in it, as a chat template writes them: none is added. */
  written(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}

/** Ids of the tokens that stand for no text; null where a tokenizer has none (or does not say which it is). */
export interface SpecialTokens {
  /** Stands for what has no token. */
  readonly unknown: number | null;
  /** "<s>", "[CLS]". */
  readonly beginning: number | null;
  /** "</s>", "[SEP]": where a generated text ends. */
  readonly end: number | null;
  /** Stands for the token that a masked language model is asked for. */
  readonly mask: number | null;
  readonly padding: number | null;
}
