import type { GivenName } from "../../ops/low-ops";
import type { Program } from "../../ops/program";
import type { Layout } from "../../tree/layout";
import type { Geometry } from "../onnx/geometry";

// What goes between a session and its worker thread. Nothing here names a type of TensorFlow.js: its declarations are three hundred
// files, which the compiler of a cell would read whenever it reads the session.

export type BackendName = "tfjs-node-gpu" | "tfjs-node" | "wasm" | "cpu";

/** In the order in which they are tried. */
export const backendNames: readonly BackendName[] = ["tfjs-node-gpu", "tfjs-node", "wasm", "cpu"];

/** One pass on TensorFlow.js: what it is computed for. */
export interface TfPass {
  readonly geometry: Geometry;
  readonly layout: Layout;
  /** Trainable parameters [R, d] and directions [P, d], row after row. */
  readonly points: Float32Array;
  readonly directions: Float32Array;
  /** Rows of frozen tables for the batch's tokens, by `embeddingKey`. */
  readonly embeddings: ReadonlyMap<string, EmbeddingRows>;
  /** Keep factors by site; 1 where there is none. */
  readonly keep?: ReadonlyMap<string, number>;
  /** What a gradient's call brings besides. */
  readonly given?: ReadonlyMap<GivenName, Rows>;
  /** The loss's derivative by the program's first result, where it is known before. */
  readonly cotangent?: Float32Array;
}

export interface EmbeddingRows {
  readonly data: Float32Array;
  readonly width: number;
}

/** Says which table's rows, chosen by what. */
export function embeddingKey(table: string, by: string): string {
  return `${by} ${table}`;
}

/** Numbers with their axes, as they go between threads. */
export interface Rows {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What a pass is computed for; the layout is the model's. */
export type PassInput = Omit<TfPass, "layout">;

/** Features, features with their tangents, or features and gradients of some form. */
export type ProgramKind = "plain" | "dual" | `gradient ${string}`;

/** Those of points, and the frozen model's hidden states. */
export type SentKind = ProgramKind | "hidden";

/** What the session asks of its worker thread. */
export type TfRequest =
  | { readonly action: "open"; readonly layout: Layout; readonly backends: readonly BackendName[] }
  | {
      readonly action: "weight";
      readonly name: string;
      readonly shape: readonly number[];
      readonly data: Float32Array;
    }
  | { readonly action: "program"; readonly kind: SentKind; readonly program: Program }
  | { readonly action: "run"; readonly kind: SentKind; readonly input: PassInput }
  | { readonly action: "forward"; readonly kind: SentKind; readonly pass: number; readonly input: PassInput }
  | { readonly action: "pullBack"; readonly pass: number; readonly cotangent: Float32Array }
  | { readonly action: "release"; readonly pass: number }
  | { readonly action: "tensors" };

/** What it answers, by request. */
export interface TfReply {
  readonly name?: BackendName;
  readonly told?: string;
  readonly outputs?: readonly Rows[];
  readonly tensors?: number;
}
