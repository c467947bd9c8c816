/** Text to token ids and back; special tokens are added as the model was trained with (BERT: [CLS] ... [SEP]; SmolLM2: none). */
export interface Tokenizer {
  readonly vocabulary: number;
  /** The id that stands for what has no token; absent where everything has one. */
  readonly unknown?: number;
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}
