import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { signalIfThere } from "../disk/signal";
import { lineSplitter } from "./line-splitter";
import { rayPython } from "./ray-workers";

/** A Ray of several machines on this one. */
export interface SmallCluster {
  readonly address: string;
  /** Adds a machine with so many cores. */
  add(cores: number): Promise<void>;
  /** Ends a machine as a power cut does, by its number from 0; 0 has the head. */
  kill(machine: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a Ray with one raylet a number, each with that many cores, to try what happens on several machines. It ends with this process, however that does.
 * For example `const ray = await smallCluster([2, 2])`, then `runLive(problem, arms, { seed: 0, ray: ray.address })`.
 * @throws when Ray was not installed, or does not start
 */
export async function smallCluster(cores: readonly number[], python?: string): Promise<SmallCluster> {
  // A socket's path may have 107 characters.
  const folder = mkdtempSync("/tmp/ray-");
  const child: ChildProcess = spawn(
    rayPython(python),
    ["src/cluster/small_cluster.py", JSON.stringify({ cores, folder })],
    {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    },
  );
  const waiting: ((said: Readonly<Record<string, unknown>>) => void)[] = [];
  child.stdout!.setEncoding("utf8").on(
    "data",
    lineSplitter((line) => waiting.shift()?.(JSON.parse(line) as Readonly<Record<string, unknown>>)),
  );
  const gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  void gone.then(() => waiting.forEach((each) => each({ error: "the cluster ended" })));
  const said = async (message?: object): Promise<Readonly<Record<string, unknown>>> => {
    const answer = new Promise<Readonly<Record<string, unknown>>>((resolve) => waiting.push(resolve));
    if (message !== undefined) child.stdin!.write(`${JSON.stringify(message)}\n`);
    const found = await answer;
    if (found["error"] !== undefined) throw new Error(String(found["error"]));
    return found;
  };
  const close = async (): Promise<void> => {
    child.stdin!.end();
    const patience = setTimeout(() => {
      // Its raylets are in its group.
      if (child.pid !== undefined) signalIfThere(-child.pid, "SIGKILL");
    }, 15_000);
    await gone;
    clearTimeout(patience);
    // What was ended by a signal may write there for a moment longer.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  try {
    const { address } = await said();
    return {
      address: String(address),
      add: async (more) => void (await said({ add: more })),
      kill: async (machine) => void (await said({ kill: machine })),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
