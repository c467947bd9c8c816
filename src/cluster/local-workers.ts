import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { OpenTransport } from "./transport";
import { lineSplitter } from "./line-splitter";

export interface LocalWorkers {
  readonly count: number;
  /** The program of one worker, and its words: it reads requests and writes replies, a line each, and says a first line when it is there. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until a worker that ended is started again; null: it is not. Default one second. */
  readonly restartMs?: number | null;
}

/** Starts in vain after which a worker is given up. */
const VAIN = 3;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/**
 * Opens workers as processes of this machine. They are in groups of their own, so that Ctrl-C reaches the coordinator alone; when it ends, however it
 * does, their input ends, and so do they.
 */
export function localWorkers({ count, command, env, restartMs = 1000 }: LocalWorkers): OpenTransport {
  return (hearing) => {
    const children = new Map<string, Child>();
    let closed = false;
    /** Workers that were given up. */
    let given = 0;
    /** Starts in a row after which a worker was never there. */
    const vain = new Map<string, number>();
    const start = (id: string): void => {
      if (closed) return;
      const [program, ...words] = command;
      const child = spawn(program!, words, {
        stdio: ["pipe", "pipe", "inherit"],
        detached: true,
        ...(env && { env: env as NodeJS.ProcessEnv }),
      });
      children.set(id, child);
      let there = false;
      const split = lineSplitter((line) => {
        if (children.get(id) !== child) return;
        if (there) hearing.line(id, line);
        else {
          there = true;
          vain.delete(id);
          hearing.up(id, `process ${child.pid}`);
        }
      });
      child.stdout.setEncoding("utf8").on("data", split);
      child.stdin.on("error", () => undefined); // it is gone, which its end tells
      let over = false;
      const ended = (why: string): void => {
        if (over) return;
        over = true;
        if (children.get(id) === child) children.delete(id);
        if (closed) return;
        if (there) hearing.lost(id, why);
        else vain.set(id, (vain.get(id) ?? 0) + 1);
        if ((vain.get(id) ?? 0) >= VAIN) {
          given++;
          hearing.tell(`worker ${id} does not start (${why}); it is not tried again`);
          if (given === count) hearing.failed(`${command.join(" ")}: expected a worker, got ${why}`);
          return;
        }
        if (restartMs !== null) setTimeout(() => start(id), restartMs).unref();
      };
      child.on("error", (error) => ended(error.message));
      child.on("exit", (status, signal) => ended(signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`)); // prettier-ignore
    };
    for (let i = 0; i < count; i++) start(String(i));
    return {
      send: (id, line) => void children.get(id)?.stdin.write(`${line}\n`),
      replace: (id) => void children.get(id)?.kill("SIGKILL"),
      async close() {
        closed = true;
        const running = [...children.values()].filter((child) => child.exitCode === null && child.signalCode === null);
        const gone = running.map((child) => new Promise<void>((resolve) => child.once("exit", () => resolve())));
        for (const child of running) child.kill("SIGKILL");
        await Promise.all(gone);
      },
    };
  };
}
