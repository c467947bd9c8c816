import { nonNegativeInteger } from "../check/check";

/** Memory that estimates reuse from step to step. One estimate at a time may use a workspace. */
export interface Workspace {
  /** d. */
  readonly size: number;
  /** After an estimate: the gradient g [d], until the next estimate. */
  readonly gradient: Float32Array;
  /** The i-th scratch vector [d], made when first asked for. */
  buffer(index: number): Float32Array;
}

/** @throws when size is not a count */
export function createWorkspace(size: number): Workspace {
  nonNegativeInteger("size", size);
  const buffers: Float32Array[] = [];
  return {
    size,
    gradient: new Float32Array(size),
    // Shared memory goes to an engine's thread as it is, without a copy on the way.
    buffer: (index) => (buffers[index] ??= new Float32Array(new SharedArrayBuffer(4 * size))),
  };
}
