import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fail } from "../check/check";
import type { Hearing, OpenTransport } from "./transport";
import { lineSplitter } from "./line-splitter";

export interface RayWorkers {
  /** Of the cluster's head, "10.0.0.1:6379"; "auto" for the one of this machine. */
  readonly address: string;
  readonly count: number;
  /** Cores that Ray sets aside for each. */
  readonly cores: number;
  /** The program of one worker, and its words, in the project's folder. */
  readonly command: readonly string[];
  /** Python with Ray; default: the one of `npm run ray:install`. */
  readonly python?: string;
}

/** Where `npm run ray:install` puts Python with Ray. */
export const RAY_PYTHON = process.platform === "win32" ? ".cache/ray/Scripts/python.exe" : ".cache/ray/bin/python";

/** Says whether Ray was installed for this project. */
export function hasRay(python: string = RAY_PYTHON): boolean {
  return existsSync(python);
}

/** Gives Python with Ray. @throws when it was not installed, saying how it is */
export function rayPython(python: string = RAY_PYTHON): string {
  return hasRay(python) ? resolve(python) : fail("Ray", `${python}, which npm run ray:install makes`, "no such file");
}

/** Milliseconds between two starts of the bridge, and starts in vain after which it is given up. */
const AGAIN_MS = 1000;
const VAIN = 3;

/** What the bridge says. */
interface Said {
  readonly there?: string;
  readonly error?: string;
  readonly up?: string;
  readonly place?: string;
  readonly from?: string;
  readonly line?: string;
  readonly lost?: string;
  readonly why?: string;
}

/**
 * Opens workers on a Ray cluster, one actor each, through a bridge in Python: Ray places them, and places them again where a machine dies. A bridge that
 * dies is started again.
 * @throws when Ray was not installed
 */
export function rayWorkers({ address, count, cores, command, python }: RayWorkers): OpenTransport {
  const program = rayPython(python);
  const options = JSON.stringify({ address, count, cores, command, folder: resolve(".") });
  return (hearing) => {
    let bridge: ChildProcess | null = null;
    let closed = false;
    let vain = 0;
    /** Whether the cluster was there once. */
    let reached = false;
    const start = (): void => {
      if (closed) return;
      const child = spawn(program, ["src/cluster/bridge.py", options], {
        stdio: ["pipe", "pipe", "ignore"],
        detached: true,
      });
      bridge = child;
      const seen = new Set<string>();
      let error = "";
      child.stdout.setEncoding("utf8").on(
        "data",
        lineSplitter((text) => {
          const said = readSaid(text);
          if (closed || said === null) return;
          if (said.there !== undefined) [vain, reached] = [0, true];
          if (said.error !== undefined) error = said.error;
          if (said.up !== undefined) seen.add(said.up);
          pass(hearing, said);
        }),
      );
      child.stdin.on("error", () => undefined); // it is gone, which its end tells
      let over = false;
      const ended = (why: string): void => {
        if (over || closed) return;
        over = true;
        for (const worker of seen) hearing.lost(worker, `the bridge to Ray ${why}`);
        vain++;
        if (error !== "") hearing.tell(error);
        if (vain >= VAIN || (error !== "" && !reached))
          hearing.failed(error === "" ? `the bridge to Ray ${why}, ${VAIN} times` : error);
        else setTimeout(start, AGAIN_MS).unref();
      };
      child.on("error", (found) => ended(`does not start: ${found.message}`));
      child.on("exit", (status, signal) =>
        ended(signal === null ? `ended with status ${status}` : `was ended by ${signal}`),
      );
    };
    const write = (message: object): void => void bridge?.stdin?.write(`${JSON.stringify(message)}\n`);
    start();
    return {
      send: (worker, line) => write({ to: worker, line }),
      replace: (worker) => write({ replace: worker }),
      async close() {
        closed = true;
        const child = bridge;
        if (child === null || child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise<void>((done) => child.once("exit", () => done()));
        child.stdin?.end();
        // Ray is not always quick to let go; what it placed ends with the bridge's connection.
        const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
        await gone;
        clearTimeout(patience);
      },
    };
  };
}

function pass(hearing: Hearing, said: Said): void {
  if (said.there !== undefined) hearing.tell(said.there);
  if (said.up !== undefined) hearing.up(said.up, said.place ?? "");
  if (said.from !== undefined && said.line !== undefined) hearing.line(said.from, said.line);
  if (said.lost !== undefined) hearing.lost(said.lost, said.why ?? "");
}

function readSaid(text: string): Said | null {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null ? said : null;
  } catch {
    return null;
  }
}
