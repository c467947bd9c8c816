// Runs a TypeScript entry on a fresh clone: node scripts/run-ts.mjs src/notebook/run-notebook.ts ARGUMENTS
import { spawn } from "node:child_process";
import { Problem, main, root } from "./report.mjs";
import { ensurePackages } from "./set-up-node.mjs";

main(async (args) => {
  const [entry, ...rest] = args;
  if (entry === undefined) throw new Problem("run-ts: expected the path of a TypeScript file.");
  await ensurePackages();
  const child = spawn(process.execPath, ["--import", "tsx", entry, ...rest], { cwd: root, stdio: "inherit" });
  // Ctrl-C of the terminal reaches the child by itself, so an interrupt is not passed on: it would count as a second one. What ends a process is.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on("exit", (status) => resolve(status ?? 1)));
});
