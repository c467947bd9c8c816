// node child-guard.mjs PROGRAM ARGUMENT...: runs a program, and ends it, with all that it has started, once standard input ends.
import { spawn } from "node:child_process";

const windows = process.platform === "win32";
const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, {
  stdio: ["ignore", "inherit", "inherit"],
  // A group of its own can be ended as a whole; Windows has none, and runs .cmd files by its shell alone.
  detached: !windows,
  shell: windows && program.endsWith(".cmd"),
});

function end() {
  if (child.pid === undefined) return;
  if (windows) spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
  else
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
}

process.stdin.on("error", end).on("end", end).resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
child.on("error", (error) => {
  process.stderr.write(`${program}: ${error.message}\n`);
  process.exitCode = 127;
  process.stdin.destroy();
});
child.on("exit", (status) => process.exit(status ?? 1));
