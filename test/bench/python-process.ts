import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A script of Python that answers each line of JSON with another. */
export interface PythonProcess {
  /** Its next answer. @throws when it ends before, with what it printed */
  answer<T>(): Promise<T>;
  tell(request: object): void;
  end(): void;
}

/** Starts a script of the benchmarks. */
export function startPython(python: string, script: string, args: readonly string[]): PythonProcess {
  const child = spawn(python, [`test/bench/${script}`, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-4000)));
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", (status) => reject(new Error(`${script} ended with ${status}: ${log.trim()}`)));
  });
  ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async answer<T>() {
      const line = await Promise.race([lines.next(), ended]);
      // Its output is over: what it printed before it ended says why.
      if (line.done === true) return ended;
      return JSON.parse(line.value) as T;
    },
    tell: (request) => void child.stdin.write(`${JSON.stringify(request)}\n`),
    end: () => child.stdin.end(),
  };
}
