/** A frozen linear layer that an adapter can sit at. */
export interface Site {
  /** For example "layers.3.attention.query"; the last words are one of the family's own (see `bert`, `llama`, `opt`). */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}
