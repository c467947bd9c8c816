import { WorkerThread } from "../worker-thread";
import type { FeedTensor } from "./feeds";

/** What a run gives back: the fetched outputs in order, and how long the engine itself was busy. */
export interface RunReply {
  readonly outputs: readonly { readonly data: Float32Array; readonly dims: readonly number[] }[];
  readonly milliseconds: number;
}

/** A worker thread that owns ONNX Runtime sessions. */
export class EngineWorker {
  private readonly thread = new WorkerThread("src/engine/onnx/worker.cjs", "ONNX Runtime");

  async create(session: string, path: string, options: object): Promise<void> {
    await this.thread.request({ action: "create", session, path, options });
  }

  /**
   * @param kept inputs that the caller uses again: copied to the worker
   * @param given inputs whose memory goes over to the worker; a view of a larger array is copied
   */
  run(
    session: string,
    kept: ReadonlyMap<string, FeedTensor>,
    given: ReadonlyMap<string, FeedTensor>,
    fetches: readonly string[],
  ): Promise<RunReply> {
    const moved = [...given].map(([name, feed]) => ({ name, ...feed, data: owned(feed.data) }));
    const feeds = [...[...kept].map(([name, feed]) => ({ name, ...feed })), ...moved];
    const buffers = new Set(moved.map((feed) => feed.data.buffer as ArrayBuffer));
    return this.thread.request({ action: "run", session, feeds, fetches }, [...buffers]);
  }

  end(): Promise<void> {
    return this.thread.end();
  }
}

function owned<A extends Float32Array | Int32Array | BigInt64Array>(data: A): A {
  return data.byteLength === data.buffer.byteLength ? data : (data.slice() as A);
}
