import { readFileSync } from "node:fs";
import { startKernel } from "../../src/notebook/kernel-client";
import type { BenchOptions } from "./options";
import type { Report } from "./report";

/** Opens a tiny model in the kernel's registry and lets it compute once. */
const CELL = `
import { tinyModel } from "./test/support/tiny-models";
import { openAdapter } from "./src/notebook/open";
const { model, batch } = tinyModel("bert");
const { adapter, session } = await openAdapter({ name: "bert", model } as any, { kind: "lora", rank: 2, alpha: 4, targets: ["query"] });
await session.features([adapter.initial(0)], batch);`;
/** Answers of the control thread that are on their way when the kernel ends. */
const REQUESTS = 20;
/** Each of them says what was run so far, so it is as long as this cell. */
const LONG_CELL = `// ${"x".repeat(1_000_000)}`;
const AT_ONCE = 3;

/**
 * How kernels end on a busy machine: each opens a model, is asked several things at once, and then to shut down. More than two run at the
 * same time, so that the machine is busy by itself.
 */
export async function exitsBench({ rounds = 200 }: BenchOptions): Promise<Report> {
  const ends = new Map<string, number>();
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < rounds) {
      begun += 1;
      const end = await oneEnd().catch((error: unknown) => String(error).split("\n", 1)[0] ?? "");
      ends.set(end, (ends.get(end) ?? 0) + 1);
      if (end !== "exit code 0") console.error(`${begun} of ${rounds}: ${end}`);
      if (begun % 20 === 0) console.error(`${begun} of ${rounds}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  return {
    title: "How notebook kernels end",
    tables: [
      {
        caption: `${rounds} kernels, ${AT_ONCE} at a time, each with an open model and ${REQUESTS} answers of 1 MB on their way at its end; load average ${load} at the end.`,
        head: ["end", "kernels"],
        rows: [...ends].sort().map(([end, count]) => [end, String(count)]),
      },
    ],
    notes: [],
  };
}

async function oneEnd(): Promise<string> {
  let log = "";
  const kernel = await startKernel({ onLog: (text) => (log += text) });
  const ended = new Promise<string>((resolve) =>
    kernel.process.once("exit", (status, signal) =>
      resolve(signal === null ? `exit code ${status}` : `signal ${signal}`),
    ),
  );
  const { content } = await kernel.execute(CELL);
  if (content["status"] !== "ok") throw new Error(`kernel: ${String(content["ename"])}: ${String(content["evalue"])}`);
  await kernel.execute(LONG_CELL);
  const question = { hist_access_type: "tail", output: false };
  for (let i = 0; i < REQUESTS; i++) kernel.request("history_request", question, "control").catch(() => undefined);
  await kernel.close();
  const said = log.trim().split("\n").at(-1) ?? "";
  return said === "" ? await ended : `${await ended}: ${said}`;
}
