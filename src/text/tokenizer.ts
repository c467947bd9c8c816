/** Text to token ids and back; special tokens are added as the model was trained with (BERT: [CLS] ... [SEP]; SmolLM2: none). */
export interface Tokenizer {
  readonly vocabulary: number;
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}
