import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";

/** A frozen linear layer that an adapter can sit at. */
export interface Site {
  /** For example "layers.3.attention.query"; the last words are one of the family's own (see `bert`, `llama`). */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Frozen weights by name, from a file. Names are canonical (Hugging Face's) whatever the file format. */
export interface Weights {
  /** Hash or fingerprint of the file's content. */
  readonly id: string;
  names(): readonly string[];
  /** @throws when the tensor is missing or its shape differs, with expected and got */
  matrix(name: string, shape: readonly [number, number]): FrozenMatrix;
  vector(name: string, size: number): FrozenVector;
  has(name: string): boolean;
}

/** A model definition written once on `Ops<T>`. */
export interface Model {
  readonly family: "bert" | "llama";
  /** Width H of the features. */
  readonly width: number;
  readonly layers: number;
  /** Longest text in tokens. */
  readonly context: number;
  readonly vocabulary: number;
  readonly sites: readonly Site[];
  /** Fingerprint of architecture and weights. */
  readonly id: string;
  /** The features [R, B, H] of the batch. */
  forward<T>(ops: Ops<T>, hooks: Hooks<T>): T;
  /** Rows of the language-model head for these token ids [n, H] (tied or untied); null where the family has no such head. */
  headRows: ((ids: readonly number[]) => Float32Array) | null;
}
