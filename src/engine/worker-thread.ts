import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import type { WorkerOptions } from "node:worker_threads";

/** An answer from the worker: what it was asked for, or why not. */
interface Reply {
  readonly id: number;
  readonly error?: string;
}

/** A worker thread that computes for an open model; requests are answered in order. */
export class WorkerThread {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private next = 0;
  /** Requests that the worker still has. */
  private owed = 0;
  private whenIdle: () => void = () => undefined;
  private gone: Error | null = null;
  private ending: Promise<void> | null = null;

  /**
   * @param path the worker's script, from the project's root: the compiled form of a notebook's imports has no file of its own
   * @param name what goes before the worker's own error messages
   */
  constructor(path: string, name: string, options: WorkerOptions = {}) {
    this.worker = new Worker(resolve(path), options);
    this.worker.unref();
    this.worker.on("message", (reply: Reply) => {
      const waiter = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      this.owed -= 1;
      if (this.owed === 0) this.rest();
      if (reply.error === undefined) waiter?.resolve(reply);
      else waiter?.reject(new Error(`${name}: ${reply.error}`));
    });
    this.worker.on("error", (error) => this.fail(error));
    this.worker.on("exit", () => {
      this.fail(new Error("the engine's worker thread has ended"));
      this.owed = 0;
      this.rest();
    });
  }

  /** @param transfer memory that goes over to the worker */
  request<R>(message: object, transfer: ArrayBuffer[] = []): Promise<R> {
    if (this.gone) return Promise.reject(this.gone);
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (reply) => resolve(reply as R), reject });
      // A process must not end while an answer is owed to it, nor be kept alive by an idle worker.
      this.worker.ref();
      this.owed += 1;
      this.worker.postMessage({ id, ...message }, transfer);
    });
  }

  /**
   * Rejects what is waited for and ends the thread, once it has done what it was asked for: a native computation that comes back
   * to an ended thread takes the whole process with it.
   */
  end(): Promise<void> {
    return (this.ending ??= this.finish());
  }

  private async finish(): Promise<void> {
    this.fail(new Error("the model was closed"));
    if (this.owed > 0) await new Promise<void>((idle) => (this.whenIdle = idle));
    await this.worker.terminate();
  }

  private rest(): void {
    this.worker.unref();
    this.whenIdle();
  }

  private fail(error: Error): void {
    this.gone ??= error;
    for (const { reject } of this.waiting.values()) reject(this.gone);
    this.waiting.clear();
  }
}
