import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import type { FeedTensor } from "./feeds";

/** What a run gives back: the fetched outputs in order, and how long the engine itself was busy. */
export interface RunReply {
  readonly outputs: readonly { readonly data: Float32Array; readonly dims: readonly number[] }[];
  readonly milliseconds: number;
}

interface Reply extends Partial<RunReply> {
  readonly id: number;
  readonly error?: string;
}

/** A worker thread that owns ONNX Runtime sessions; requests are answered in order. */
export class EngineWorker {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private next = 0;
  private gone: Error | null = null;

  constructor() {
    // The compiled form of a notebook's imports has no file of its own, so the worker is found from the project's root.
    this.worker = new Worker(resolve("src/engine/onnx/worker.cjs"));
    this.worker.unref();
    this.worker.on("message", (reply: Reply) => {
      const waiter = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (this.waiting.size === 0) this.worker.unref();
      if (reply.error === undefined) waiter?.resolve(reply);
      else waiter?.reject(new Error(`ONNX Runtime: ${reply.error}`));
    });
    this.worker.on("error", (error) => this.fail(error));
    this.worker.on("exit", () => this.fail(new Error("the engine's worker thread has ended")));
  }

  async create(session: string, path: string, options: object): Promise<void> {
    await this.request({ action: "create", session, path, options }, []);
  }

  /**
   * @param kept inputs that the caller uses again: copied to the worker
   * @param given inputs whose memory goes over to the worker; a view of a larger array is copied
   */
  async run(
    session: string,
    kept: ReadonlyMap<string, FeedTensor>,
    given: ReadonlyMap<string, FeedTensor>,
    fetches: readonly string[],
  ): Promise<RunReply> {
    const moved = [...given].map(([name, feed]) => ({ name, ...feed, data: owned(feed.data) }));
    const feeds = [...[...kept].map(([name, feed]) => ({ name, ...feed })), ...moved];
    const buffers = new Set(moved.map((feed) => feed.data.buffer as ArrayBuffer));
    const reply = await this.request({ action: "run", session, feeds, fetches }, [...buffers]);
    return { outputs: reply.outputs ?? [], milliseconds: reply.milliseconds ?? 0 };
  }

  async end(): Promise<void> {
    this.fail(new Error("the model was closed"));
    await this.worker.terminate();
  }

  private request(message: object, transfer: ArrayBuffer[]): Promise<Reply> {
    if (this.gone) return Promise.reject(this.gone);
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      // A process must not end while an answer is owed to it, nor be kept alive by an idle worker.
      this.worker.ref();
      this.worker.postMessage({ id, ...message }, transfer);
    });
  }

  private fail(error: Error): void {
    this.gone ??= error;
    for (const { reject } of this.waiting.values()) reject(this.gone);
    this.waiting.clear();
  }
}

function owned<A extends Float32Array | Int32Array | BigInt64Array>(data: A): A {
  return data.byteLength === data.buffer.byteLength ? data : (data.slice() as A);
}
