// How the scripts run other programs: a program ends with the script, however the script ends, so that nothing goes on in a folder
// that the next run has begun anew. Between the two stands child-guard.mjs, which sees the script's end at its standard input.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { root } from "./report.mjs";

const guard = path.join(root, "scripts/child-guard.mjs");

/**
 * Runs a program to its end. Its two outputs come back as one text, piece by piece to `onText` too, or go to the terminal with `show`.
 * `status` is 127 where there is no such program.
 */
export function runChild(program, args, { cwd = root, show = false, onText = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const out = show ? "inherit" : "pipe";
    const child = spawn(process.execPath, [guard, program, ...args], { cwd, stdio: ["pipe", out, out] });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (piece) => {
        text += piece;
        onText(piece);
      });
    child.stdin.on("error", () => {}); // the guard was ended: its exit says so
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, text }));
  });
}

/** Takes a folder away; what a program that is just ending still puts there goes as well. */
export const removeFolder = (folder) =>
  fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });

/** The last lines that a program wrote, without warnings. */
export const lastLines = (text, count) =>
  text
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("WARNING"))
    .slice(-count);
