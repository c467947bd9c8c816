import { nonNegativeInteger } from "../check/check";
import { sharedVector } from "../tree/vector";

/** Memory that estimates reuse from step to step. One estimate at a time may use a workspace. */
export interface Workspace {
  /** d. */
  readonly size: number;
  /** Points are made one after another in the memory of one. */
  readonly sparing: boolean;
  /** After an estimate: the gradient g [d], until the next estimate. Made when first asked for. */
  readonly gradient: Float32Array;
  /** The i-th scratch vector [d], made when first asked for. */
  buffer(index: number): Float32Array;
}

/** Parameters from which memory is spared: 256 MiB a vector. */
const LARGE = 2 ** 26;

/**
 * @param sparing default: from 2^26 parameters on; changes no bit
 * @throws when size is not a count
 */
export function createWorkspace(size: number, sparing: boolean = size >= LARGE): Workspace {
  nonNegativeInteger("size", size);
  const buffers: Float32Array[] = [];
  let gradient: Float32Array | null = null;
  return {
    size,
    sparing,
    get gradient() {
      return (gradient ??= new Float32Array(size));
    },
    // Shared memory goes to an engine's thread as it is, without a copy on the way.
    buffer: (index) => (buffers[index] ??= sharedVector(size)),
  };
}
