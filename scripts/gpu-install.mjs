// npm run gpu:install: fetches what ONNX Runtime needs to compute on an NVIDIA card (provider: "cuda"). Linux on x64.
//   npm run gpu:install -- --undo            takes it away again, to the last file
//   npm run gpu:install -- --wheels FOLDER   takes the packages from a folder, without a network
// Not run where there is a card: what is tested is that the files come and go.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { lastLines, removeFolder, runChild } from "./child.mjs";
import { onlyOne } from "./only-one.mjs";
import { Problem, isEntry, main, root, say } from "./report.mjs";
import { venvPython } from "./set-up-python.mjs";

/** The runtime's own libraries, put beside its Node binding. */
const PROVIDER = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];
/** What the provider asks the system for. */
const NEEDED = ["libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcudart.so.13", "libcudnn.so.9"];
const RUNTIME = "onnxruntime-gpu";

/** The places of an installation in a project. */
const placesOf = (project) => ({
  binding: path.join(project, "node_modules/onnxruntime-node/bin/napi-v6/linux/x64"),
  runtime: path.join(project, "node_modules/onnxruntime-node/package.json"),
  kept: path.join(project, ".cache/cuda"),
  begun: path.join(project, ".cache/cuda.begun"),
  alone: path.join(project, ".cache/cuda.lock"),
});

/** Lines "name==version --hash=sha256:... # N MB" of a lock file. */
function lockedPackages(text) {
  return text.split("\n").flatMap((line) => {
    const found = /^(\S+)==(\S+) (--hash=sha256:[0-9a-f]{64})(?: # (\d+) MB)?$/.exec(line.trim());
    return found === null
      ? []
      : [{ name: found[1], version: found[2], hash: found[3], megabytes: Number(found[4] ?? 0) }];
  });
}

/** Whether the system finds all that the provider asks for. */
function systemHasCuda() {
  const { stdout } = spawnSync("ldconfig", ["-p"], { encoding: "utf8" });
  return NEEDED.every((name) => (stdout ?? "").includes(`\t${name} `));
}

/** The files of a folder and those within, as paths. */
const filesIn = (folder) =>
  fs.existsSync(folder)
    ? fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const file = path.join(folder, entry.name);
        return entry.isDirectory() ? filesIn(file) : [file];
      })
    : [];

/** Which packages' files are kept; undefined where none are, or where the record says nothing. */
function keptLock({ kept }) {
  try {
    return JSON.parse(fs.readFileSync(path.join(kept, "installed.json"), "utf8")).lock;
  } catch {
    return undefined;
  }
}

/** Whether a file beside the binding is this command's: the one that is kept. */
function isOurs({ binding, kept }, name) {
  const own = path.join(kept, "provider", name);
  return fs.existsSync(own) && fs.readFileSync(own).equals(fs.readFileSync(path.join(binding, name)));
}

const besideOf = (file) => `${file}.begun`;

function refuseOthers(places) {
  for (const name of PROVIDER) {
    const file = path.join(places.binding, name);
    if (fs.existsSync(file) && !isOurs(places, name))
      throw new Problem(`${file} is not from this command: move it away first. Nothing was changed.`);
  }
}

async function fetchPackages(packages, folder, { python, wheels }) {
  const list = path.join(folder, "requirements.txt");
  fs.writeFileSync(list, packages.map(({ name, version, hash }) => `${name}==${version} ${hash}\n`).join(""));
  const tags = ["2_28", "2_27", "2_17", "2_12", "2_5"].flatMap((tag) => ["--platform", `manylinux_${tag}_x86_64`]);
  const from = wheels === undefined ? [] : ["--no-index", "--find-links", path.resolve(wheels)];
  const options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--python-version", "3.11", ...tags];
  const args = ["-m", "pip", "download", "--disable-pip-version-check", "-q", ...options, ...from];
  const { status, text } = await runChild(python, [...args, "-d", folder, "-r", list]);
  if (status === 0) return;
  throw new Problem(
    `pip could not fetch the packages, or they are not the locked ones; nothing was installed: ${lastLines(text, 3).join(" ")}`,
  );
}

/** The folders that runs which were killed have begun. */
function begunOnes({ begun }) {
  const folder = path.dirname(begun);
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return names.filter((name) => name.startsWith(path.basename(begun))).map((name) => path.join(folder, name));
}

/** Fetches and unpacks into a folder that counts only once it has its final name; nobody else works in it. */
async function fetchAll(packages, places, lock, how) {
  for (const left of begunOnes(places)) await removeFolder(left);
  const begun = `${places.begun}-${process.pid}`;
  try {
    await fetchInto(begun, packages, how);
    fs.writeFileSync(path.join(begun, "installed.json"), `${JSON.stringify({ lock }, null, 2)}\n`);
    // What an earlier one has put there goes first: what tells that it is ours is about to be replaced.
    removeProvider(places);
    await removeKept(places);
    fs.renameSync(begun, places.kept);
  } finally {
    await removeFolder(begun);
  }
}

async function fetchInto(begun, packages, how) {
  const wheels = path.join(begun, "wheels");
  for (const name of ["provider", "libraries", "wheels"]) fs.mkdirSync(path.join(begun, name), { recursive: true });
  await fetchPackages(packages, wheels, how);
  for (const wheel of fs.readdirSync(wheels).filter((name) => name.endsWith(".whl"))) {
    const unpacked = path.join(wheels, "unpacked");
    const { status, text } = await runChild(how.python, ["-m", "zipfile", "-e", path.join(wheels, wheel), unpacked]);
    if (status !== 0) throw new Problem(`${wheel} could not be unpacked: ${lastLines(text, 1).join(" ")}`);
    const runtime = wheel.startsWith(RUNTIME.replaceAll("-", "_"));
    for (const file of filesIn(unpacked)) {
      const name = path.basename(file);
      if (runtime ? PROVIDER.includes(name) : /\.so(\.\d+)*$/.test(name))
        fs.renameSync(file, path.join(begun, runtime ? "provider" : "libraries", name));
    }
    await removeFolder(unpacked);
    fs.rmSync(path.join(wheels, wheel));
  }
  await removeFolder(wheels);
}

async function install(places, how) {
  if (how.platform !== "linux" || how.arch !== "x64")
    throw new Problem(
      `CUDA's provider is for Linux on x64, and this is ${how.platform} on ${how.arch}. Nothing was changed.`,
    );
  if (!fs.existsSync(places.runtime))
    throw new Problem("the project is not set up: run npm start -- --set-up-only first.");
  const { version } = JSON.parse(fs.readFileSync(places.runtime, "utf8"));
  const text = fs.readFileSync(how.lock, "utf8");
  const all = lockedPackages(text);
  const runtime = all.find(({ name }) => name === RUNTIME);
  if (runtime?.version !== version)
    throw new Problem(
      `onnxruntime-node is ${version}, and the lock file has ${RUNTIME} ${runtime?.version}: they must be equal. Nothing was changed.`,
    );
  refuseOthers(places);
  const packages = how.hasCuda() ? [runtime] : all;
  const lock = createHash("sha256")
    .update(packages.map(({ hash }) => hash).join())
    .digest("hex");
  if (keptLock(places) !== lock) {
    if (!fs.existsSync(how.python))
      throw new Problem(`no Python at ${how.python}: run npm start -- --set-up-only first.`);
    const size = packages.reduce((sum, { megabytes }) => sum + megabytes, 0);
    const names = packages.map(({ name, version: of }) => `${name} ${of}`).join(", ");
    say(how.wheels === undefined ? `fetching ${names}: ${size} MB in all` : `taking ${names} from ${how.wheels}`);
    say(
      packages.length === 1
        ? "the system has CUDA 13: NVIDIA's packages are not needed"
        : "the system has no CUDA 13 of its own: NVIDIA's packages come along",
    );
    say(`they are unpacked in ${places.kept}; ${PROVIDER.join(" and ")} go to ${places.binding}`);
    await fetchAll(packages, places, lock, how);
  }
  for (const name of PROVIDER) {
    const file = path.join(places.binding, name);
    if (fs.existsSync(file)) continue;
    fs.copyFileSync(path.join(places.kept, "provider", name), besideOf(file));
    fs.renameSync(besideOf(file), file);
  }
  say(
    'installed. In a cell: openAdapter(model, spec, { provider: "cuda" }); to take it away: npm run gpu:install -- --undo',
  );
  return 0;
}

/** Takes away what was put beside the binding, and what a killed run has begun there. */
function removeProvider(places) {
  for (const name of PROVIDER) {
    const file = path.join(places.binding, name);
    if (fs.existsSync(file) && isOurs(places, name)) fs.rmSync(file);
    fs.rmSync(besideOf(file), { force: true });
  }
}

/** Takes away what is kept, whole or not at all where it is killed: what is left of it has another name. */
async function removeKept({ kept, begun }) {
  const old = `${begun}-old`;
  if (!fs.existsSync(kept)) return;
  await removeFolder(old);
  fs.renameSync(kept, old);
  await removeFolder(old);
}

async function undo(places) {
  const known = [places.kept, ...begunOnes(places)].filter((folder) => fs.existsSync(folder));
  removeProvider(places);
  await removeKept(places);
  for (const folder of begunOnes(places)) await removeFolder(folder);
  say(
    known.length === 0
      ? "there is nothing to take away"
      : `removed ${known.join(", ")} and what had gone to ${places.binding}`,
  );
  return 0;
}

/** Installs or takes away; resolves to the exit status. `how` says where and with what, for tests. */
export async function gpuInstall(args, how = {}) {
  const at = args.indexOf("--wheels");
  const wheels = at < 0 ? undefined : args[at + 1];
  if (at >= 0 && !(wheels !== undefined && fs.statSync(wheels, { throwIfNoEntry: false })?.isDirectory()))
    throw new Problem(`--wheels ${wheels ?? ""}: expected a folder with the packages, got none of that name.`);
  const rest = at < 0 ? args : args.filter((_, i) => i !== at && i !== at + 1);
  const unknown = rest.find((arg) => arg !== "--undo");
  if (unknown !== undefined)
    throw new Problem(`${unknown}: unknown option. npm run gpu:install -- [--undo] [--wheels FOLDER]`);
  const places = placesOf(how.project ?? root);
  const given = {
    platform: process.platform,
    arch: process.arch,
    python: venvPython,
    lock: path.join(root, "src/notebook/cuda.lock.txt"),
    hasCuda: systemHasCuda,
    wheels,
    ...how,
  };
  return onlyOne(places.alone, "installing or taking away CUDA's files", () =>
    rest.includes("--undo") ? undo(places) : install(places, given),
  );
}

if (isEntry(import.meta.url)) await main(gpuInstall);
