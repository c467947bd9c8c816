// The Node side of the set-up: the right Node, and node_modules as package-lock.json says.
import fs from "node:fs";
import path from "node:path";
import { runChild } from "./child.mjs";
import { onlyOne } from "./only-one.mjs";
import { Problem, root, say } from "./report.mjs";

/** tslab loads ES modules with require, which needs Node ^20.19 or >= 22.12. */
export function nodeIsNewEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

export function checkNode(version = process.versions.node) {
  if (!nodeIsNewEnough(version))
    throw new Problem(`Node ${version} is too old: install Node 20.19 or later of line 20, or 22.12 or later.`);
}

const readLock = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
};

/** Whether node_modules holds exactly the versions of package-lock.json (npm keeps its own lock file inside). */
export function packagesAreInstalled(folder = root) {
  const wanted = readLock(path.join(folder, "package-lock.json"));
  const installed = readLock(path.join(folder, "node_modules", ".package-lock.json"));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) =>
      name === "" ||
      (installed[name]?.version === version && fs.existsSync(path.join(folder, name))) ||
      (optional === true && !fs.existsSync(path.join(folder, name))),
  );
}

/** Whoever installs what the project needs holds this. */
export const setUpLock = path.join(root, ".cache/set-up.lock");

/** Runs `npm ci` when node_modules is missing or differs from the lock file. */
export async function ensurePackages() {
  checkNode();
  if (!packagesAreInstalled()) await onlyOne(setUpLock, "setting up", installPackages);
}

async function installPackages() {
  if (packagesAreInstalled()) return;
  say("installing the npm packages (npm ci) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status } = await runChild(npm, ["ci", "--include=dev", "--no-audit", "--no-fund"], { show: true });
  if (status === 127) throw new Problem("npm was not found: it comes with Node, check your PATH.");
  if (status !== 0)
    throw new Problem("npm ci failed: its message is above. Run the command again once that is solved.");
  if (!packagesAreInstalled())
    throw new Problem("npm ci left out packages of package-lock.json: look for omit or ignore in npm config ls.");
}
