import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import type { WorkerOptions } from "node:worker_threads";
import type { Computing, Reply } from "./computing";
import { BUSY, ENDING } from "./work.cjs";

/** How long a thread without work may take to end by itself. */
const CLOSING_MS = 3000;
/** How long a process that ends waits for a computation. */
const COMPUTING_MS = 5000;

/**
 * A worker thread that computes for an open model; requests are answered in order.
 *
 * Native code that comes back to an ended thread, or to a process that is ending, aborts the whole process. So the thread is ended between
 * computations only, and `process.exit` waits for the one in progress: the thread says that it is at work, and hears that it shall
 * begin no other, through memory that both share (work.cjs).
 */
export class WorkerThread implements Computing {
  readonly copies = false;
  private readonly state = new Int32Array(new SharedArrayBuffer(8));
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private next = 0;
  /** Requests that the worker still has. */
  private owed = 0;
  private whenIdle: () => void = () => undefined;
  private whenGone: () => void = () => undefined;
  private gone: Error | null = null;
  private ending: Promise<void> | null = null;
  /** The thread is no more: by itself, or because it was ended. */
  private hasExited = false;

  /**
   * @param path the worker's script, from the project's root: the compiled form of a notebook's imports has no file of its own
   * @param name what goes before the worker's own error messages
   */
  constructor(path: string, name: string, options: WorkerOptions = {}) {
    this.worker = new Worker(resolve(path), { ...options, workerData: { state: this.state } });
    this.worker.unref();
    process.setMaxListeners(Math.max(process.getMaxListeners(), process.listenerCount("exit") + 10)); // one for each open model
    process.on("exit", this.beforeExit);
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
      this.hasExited = true;
      process.off("exit", this.beforeExit);
      this.whenGone();
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

  hasEnded(): boolean {
    return this.gone !== null;
  }

  /** Rejects what is waited for and ends the thread, once it has done what it was asked for and closed what it holds. */
  end(): Promise<void> {
    return (this.ending ??= this.finish());
  }

  private async finish(): Promise<void> {
    this.fail(new Error("the model was closed"));
    if (this.owed > 0) await new Promise<void>((idle) => (this.whenIdle = idle));
    // No message reaches a thread that has ended by itself, and it does not exit again.
    if (this.hasExited) return;
    const gone = new Promise<void>((done) => (this.whenGone = done));
    this.worker.postMessage({ id: this.next++, action: "end" });
    const timer = setTimeout(() => void this.worker.terminate(), CLOSING_MS);
    this.worker.ref();
    await gone;
    clearTimeout(timer);
  }

  /** Lets no computation begin, and waits for the one in progress; the process of one that takes long is ended without its own clean-up. */
  private readonly beforeExit = (): void => {
    Atomics.store(this.state, ENDING, 1);
    if (Atomics.load(this.state, BUSY) === 1 && Atomics.wait(this.state, BUSY, 1, COMPUTING_MS) === "timed-out")
      process.kill(process.pid, "SIGKILL");
  };

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
