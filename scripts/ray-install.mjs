// npm run ray:install: makes .cache/ray, a Python environment with Ray for runs over several machines.
//   npm run ray:install -- --remove      takes it away again
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { lastLines, removeFolder, runChild } from "./child.mjs";
import { onlyOne } from "./only-one.mjs";
import { Problem, isEntry, main, root, say } from "./report.mjs";
import { findPython } from "./set-up-python.mjs";

/** All machines of a cluster need this very version, and the same minor version of Python. */
export const RAY = "ray==2.60.0";
const lock = path.join(root, ".cache/ray.lock");
const folder = path.join(root, ".cache/ray");
const python = path.join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/** Written last: an environment without it is half-made, also where Ray can be imported. */
const stamp = path.join(folder, "adazeta.stamp");

function isThere() {
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8").trim() !== RAY) return false;
  return spawnSync(python, ["-c", "import ray"]).status === 0;
}

async function step(title, program, args) {
  say(`${title} ...`);
  const { status, text } = await runChild(program, args);
  if (status === 0) return;
  throw new Problem(`${title} failed:\n${lastLines(text, 3).join("\n")}\nRun the command again once that is solved.`);
}

async function installRay() {
  if (isThere()) return;
  await removeFolder(folder);
  await step("making the Python environment .cache/ray", findPython(), ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", RAY];
  await step(`installing ${RAY}`, python, pip);
  fs.writeFileSync(stamp, `${RAY}\n`);
}

async function install(args) {
  const unknown = args.find((arg) => arg !== "--remove");
  if (unknown !== undefined) throw new Problem(`${unknown}: unknown option. npm run ray:install -- [--remove]`);
  if (args.includes("--remove")) {
    await onlyOne(lock, "installing Ray", () => removeFolder(folder));
    say(".cache/ray is removed");
    return 0;
  }
  if (!isThere()) await onlyOne(lock, "installing Ray", installRay);
  say(`${RAY} is there. One machine: .cache/ray/bin/ray start --head; then npm run experiment -- NAME --ray auto`);
  return 0;
}

if (isEntry(import.meta.url)) await main(install);
