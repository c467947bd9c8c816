import type { Computing } from "../computing";
import { WorkerThread } from "../worker-thread";
import type { FeedTensor } from "./feeds";

/** What a run gives back: the fetched outputs in order, and how long the engine itself was busy. */
export interface RunReply {
  readonly outputs: readonly { readonly data: Float32Array; readonly dims: readonly number[] }[];
  readonly milliseconds: number;
}

/** An output of a run that is an input of the next one at the same place; it never leaves the worker. */
export interface CarriedOutput {
  readonly input: string;
  readonly output: string;
  /** The output is written into the input's own memory. */
  readonly inPlace: boolean;
}

/** The rows of a batch's texts, each text computed alone and kept by its key. */
export interface TextRows {
  readonly session: string;
  readonly output: string;
  readonly width: number;
  /** In the batch's order; without feeds: kept from before. */
  readonly texts: readonly { readonly key: string; readonly feeds: ReadonlyMap<string, FeedTensor> | null }[];
  /** Afterwards. */
  readonly forget: readonly string[];
}

interface RunAnswer extends RunReply {
  /** The run's `given` memory, back. */
  readonly lent: readonly Float32Array[];
}

/** How many arrays are kept for later runs: points and directions of two calls. */
const SPARE = 4;

/** The script that owns ONNX Runtime sessions, and what its errors begin with. */
export const WORKER = ["src/engine/onnx/worker.cjs", "ONNX Runtime"] as const;

/** A worker thread, or a process, that owns ONNX Runtime sessions. */
export class EngineWorker {
  private spare: Float32Array[] = [];

  /** @param thread where it computes; default: a thread of this process */
  constructor(private readonly thread: Computing = new WorkerThread(...WORKER)) {}

  async create(session: string, path: string, options: object): Promise<void> {
    await this.thread.request({ action: "create", session, path, options });
  }

  /** Closes one session; its memory is free again. */
  async release(session: string): Promise<void> {
    await this.thread.request({ action: "release", session });
  }

  /**
   * Keeps a batch's inputs under a name, in place of those that were there. The prefix graph computes further inputs from them, the
   * trunk's rows one of those that the prefix takes; all that never leaves the worker.
   * @param more zeros: further inputs by their shapes
   * @returns milliseconds that the engine was busy
   */
  async hold(
    place: string,
    feeds: ReadonlyMap<string, FeedTensor>,
    prefix: { readonly session: string; readonly outputs: readonly string[] } | null,
    more: { readonly zeros?: ReadonlyMap<string, readonly number[]>; readonly trunk?: TextRows | null } = {},
  ): Promise<number> {
    const { zeros = new Map<string, readonly number[]>(), trunk = null } = more;
    const texts = trunk?.texts.map(({ key, feeds: given }) => ({ key, feeds: given && listed(given) }));
    const message = {
      action: "hold",
      place,
      feeds: listed(feeds),
      prefix,
      zeros,
      trunk: trunk && { ...trunk, texts },
    };
    return (await this.thread.request<{ readonly milliseconds: number }>(message)).milliseconds;
  }

  /** Keeps weights as the inputs of all runs; their memory goes over to the worker. */
  async keepBase(name: string, data: Float32Array, dims: readonly number[]): Promise<void> {
    const feeds = [{ name, type: "float32", data, dims }];
    await this.thread.request({ action: "keep", place: "base", feeds }, [data.buffer as ArrayBuffer]);
  }

  /** Gives weights back that were kept; null where there are none of that name. */
  async takeBase(name: string): Promise<Float32Array | null> {
    return (await this.thread.request<{ readonly data: Float32Array | null }>({ action: "lend", place: "base", name }))
      .data;
  }

  /** Forgets what is held at a place. */
  async drop(place: string): Promise<void> {
    await this.thread.request({ action: "drop", place });
  }

  /** Memory for a run's `given` inputs: that of an earlier run where there is some of this length. Its content is arbitrary. */
  memory(length: number): Float32Array {
    const found = this.spare.findIndex((array) => array.length === length);
    return found < 0 ? new Float32Array(length) : (this.spare.splice(found, 1)[0] as Float32Array);
  }

  /**
   * Runs the session on the batch that is held at a place.
   * @param kept small inputs that the caller uses again: copied
   * @param given inputs whose memory, from `memory`, goes over to the worker and comes back when the run is done; shared memory is read in place
   * @param carried outputs that stay at the place, as inputs of its next run
   * @param forget of what is held there, what is not needed afterwards
   */
  async run(
    session: string,
    place: string,
    kept: ReadonlyMap<string, FeedTensor>,
    given: ReadonlyMap<string, FeedTensor>,
    fetches: readonly string[],
    carried: readonly CarriedOutput[] = [],
    forget: readonly string[] = [],
  ): Promise<RunReply> {
    const { copies } = this.thread;
    const moved = listed(given);
    const owned = moved.filter(({ data }) => !(data.buffer instanceof SharedArrayBuffer));
    const buffers = owned.map(({ data }) => data.buffer as ArrayBuffer);
    // A copy is made of the plain kind of memory alone.
    const sent = copies
      ? moved.map((feed) => (owned.includes(feed) ? feed : { ...feed, data: feed.data.slice() }))
      : moved;
    const message = {
      action: "run",
      session,
      place,
      feeds: [...listed(kept), ...sent],
      fetches,
      carried,
      forget,
      lent: copies ? [] : owned.map(({ name }) => name),
    };
    const { lent, ...reply } = await this.thread.request<RunAnswer>(message, buffers);
    const back = copies ? owned.map(({ data }) => data as Float32Array) : lent;
    this.spare = [...back, ...this.spare].slice(0, SPARE);
    return reply;
  }

  hasEnded(): boolean {
    return this.thread.hasEnded();
  }

  end(): Promise<void> {
    return this.thread.end();
  }
}

function listed(feeds: ReadonlyMap<string, FeedTensor>): readonly (FeedTensor & { readonly name: string })[] {
  return [...feeds].map(([name, feed]) => ({ name, ...feed }));
}
