import type { InferenceSession, OnnxValue, Tensor } from "onnxruntime-node";

/** What worker-client.ts asks of worker.cjs. */
export interface Feed {
  readonly name: string;
  readonly type: "float32" | "int32" | "int64";
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly dims: readonly number[];
}

export type Tensors = Record<string, Tensor>;
export type Values = Record<string, OnnxValue>;

export interface Trunk {
  readonly session: string;
  readonly output: string;
  readonly width: number;
  readonly texts: readonly { readonly key: string; readonly feeds: readonly Feed[] | null }[];
  readonly forget: readonly string[];
}

export interface Create {
  readonly action: "create";
  readonly session: string;
  readonly path: string;
  readonly options: InferenceSession.SessionOptions;
}

export interface Hold {
  readonly action: "hold";
  readonly place: string;
  readonly feeds: readonly Feed[];
  readonly prefix: { readonly session: string; readonly outputs: readonly string[] } | null;
  readonly zeros: ReadonlyMap<string, readonly number[]>;
  readonly trunk: Trunk | null;
}

export interface Run {
  readonly action: "run";
  readonly session: string;
  readonly place: string;
  readonly feeds: readonly Feed[];
  readonly fetches: readonly string[];
  readonly carried: readonly { readonly input: string; readonly output: string; readonly inPlace: boolean }[];
  /** Of what is held at the place, what is not needed after this run. */
  readonly forget: readonly string[];
  readonly lent: readonly string[];
}

/** Puts tensors at a place, in memory that is the worker's from now on. */
export interface Keep {
  readonly action: "keep";
  readonly place: string;
  readonly feeds: readonly Feed[];
}

/** Gives one of them back, with its memory. */
export interface Lend {
  readonly action: "lend";
  readonly place: string;
  readonly name: string;
}

export type Asked =
  | Create
  | Hold
  | Keep
  | Lend
  | Run
  | { readonly action: "drop"; readonly place: string }
  | { readonly action: "release"; readonly session: string };
