import { messageOf } from "../check/error-words";
import { openFollower } from "./follower";
import type { Followed, Follower } from "./follower";
import { numbersOf, readRequest, stepOf, writeReply } from "./messages";
import type { OpenRequest, QueryRequest, Reply } from "./messages";
import { differing, runFingerprint } from "./run-fingerprint";
import type { SourceHashes } from "../train/sources";

/** What a worker has besides what it is asked. */
export interface WorkerSurroundings {
  /** Opens what an order names: model, texts, adapter, session. @throws when it is not there */
  open(order: unknown): Promise<Followed<unknown>>;
  /** Hashes of the project's files that decide the numbers here; null outside the project. */
  readonly sources: SourceHashes | null;
  /** Processor, cores, instruction set. */
  readonly machine: string;
  /** Milliseconds from any origin. */
  readonly clock: () => number;
}

/** Runs that a worker remembers: one is in use, and one just was. */
const REMEMBERED = 2;

/**
 * Answers requests, one after another: a line in, a line out. It runs no code that it is sent: an order holds names and settings, and is refused where
 * it comes out as another run than the coordinator's.
 * @returns a function that gives the reply to a line; null where the line is no request
 */
export function worker({
  open,
  sources,
  machine,
  clock,
}: WorkerSurroundings): (line: string) => Promise<string | null> {
  const runs = new Map<string, { readonly follower: Follower; readonly stepsPerEpoch: number }>();

  const opened = async ({ ticket, run, order, fingerprint }: OpenRequest): Promise<Reply> => {
    runs.delete(run);
    for (const [oldest] of [...runs].slice(0, Math.max(0, runs.size + 1 - REMEMBERED))) runs.delete(oldest);
    const options = await open(order);
    const parts = differing(fingerprint, runFingerprint(options, sources));
    if (parts.length > 0) return { kind: "refused", ticket, run, differing: parts };
    const follower = await openFollower(options);
    const [loss] = await options.objective.losses([options.start], await options.batchAt(0));
    runs.set(run, { follower, stepsPerEpoch: options.settings.stepsPerEpoch });
    return { kind: "opened", ticket, run, machine, loss };
  };

  const answered = async (request: QueryRequest): Promise<Reply> => {
    const { ticket, run, from, steps, changes, step, known, wanted } = request;
    const begin = clock();
    const found = runs.get(run);
    if (found === undefined) return { kind: "behind", ticket, run, has: -1 };
    const { follower, stepsPerEpoch } = found;
    const has = follower.steps();
    // A request that was repeated elsewhere may come late: what has been walked is not walked back.
    if (has < from) return { kind: "behind", ticket, run, has };
    const since = steps.map((wire) => stepOf("step", wire, stepsPerEpoch)).filter(({ step: at }) => at > has);
    try {
      await follower.follow(since, changes);
    } catch (error) {
      // Whatever has been walked by then is not known: the run is opened again.
      runs.delete(run);
      throw error;
    }
    if (follower.steps() !== step) return { kind: "behind", ticket, run, has: -1 };
    const before = known.map((answer) => numbersOf("known", answer));
    const answers = await follower.answer(before, wanted);
    return { kind: "answer", ticket, run, step, answers, milliseconds: clock() - begin };
  };

  return async (line) => {
    let ticket = 0;
    let run = "";
    try {
      const request = readRequest(line);
      if (request === null) return null;
      ({ ticket, run } = request);
      return writeReply(await (request.kind === "open" ? opened(request) : answered(request)));
    } catch (error) {
      return writeReply({ kind: "failed", ticket, run, message: messageOf(error) });
    }
  };
}
