import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { lineSplitter } from "../../src/cluster/line-splitter";
import { hasRay, RAY_PYTHON } from "../../src/cluster/ray-workers";
import { skipUnless } from "./skip";

/** Python with Ray: the project's own, or the one that is named. */
export const rayPythonHere = process.env["ADAZETA_RAY_PYTHON"] ?? RAY_PYTHON;

export const withRay = skipUnless(hasRay(rayPythonHere), `${rayPythonHere} is not there: npm run ray:install`);

/** A Ray of several machines on this one. */
export interface SmallCluster {
  readonly address: string;
  add(cores: number): Promise<void>;
  kill(machine: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a Ray with one raylet a number, each with that many cores. It ends with this process, however that does. */
export async function smallCluster(cores: readonly number[]): Promise<SmallCluster> {
  // A socket's path may have 107 characters.
  const folder = mkdtempSync("/tmp/ray-");
  const child: ChildProcess = spawn(
    rayPythonHere,
    ["src/cluster/small_cluster.py", JSON.stringify({ cores, folder })],
    {
      stdio: ["pipe", "pipe", process.env["RAY_LOUD"] === undefined ? "ignore" : "inherit"],
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
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, 15_000);
    await gone;
    clearTimeout(patience);
    rmSync(folder, { recursive: true, force: true });
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
