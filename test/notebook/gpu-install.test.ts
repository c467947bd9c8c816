import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gpuInstall } from "../../scripts/gpu-install.mjs";
import type { How } from "../../scripts/gpu-install.mjs";
import { sleep } from "../support/kernel-runs";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";

/** The command on small wheels of the same layout, fetched by the real pip from a folder; the real ones are some 1.5 GB. */
const test = suite("notebook/gpu-install");
const place = scratch();
test.after(() => place.remove());

const python = path.resolve(".venv/bin/python");
const withPython = skipUnless(existsSync(python), "no .venv (npm start -- --set-up-only makes it)");
/** A folder without packages. */
const nothing = place.file("nothing");
mkdirSync(nothing);
const RUNTIME = "onnxruntime-gpu==1.30.0";

/** Writes a wheel with these files and gives its line of a lock file. */
function wheel(
  folder: string,
  name: string,
  version: string,
  tag: string,
  files: Readonly<Record<string, string>>,
): string {
  const base = `${name.replaceAll("-", "_")}-${version}`;
  const at = path.join(folder, `${base}.content`);
  const all = {
    ...files,
    [`${base}.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${base}.dist-info/WHEEL`]: `Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: ${tag}\n`,
    [`${base}.dist-info/RECORD`]: "",
  };
  for (const [file, content] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(at, file)), { recursive: true });
    writeFileSync(path.join(at, file), content);
  }
  const out = path.join(folder, `${base}-${tag}.whl`);
  execFileSync(python, ["-m", "zipfile", "-c", out, ...readdirSync(at)], { cwd: at });
  return `${name}==${version} --hash=sha256:${createHash("sha256").update(readFileSync(out)).digest("hex")} # 1 MB`;
}

interface Made {
  readonly how: How;
  readonly wheels: string;
  readonly binding: string;
  readonly project: string;
  readonly lock: string;
}

/** A project with a binding, and the wheels with their lock file. */
function made(name: string): Made {
  const project = place.file(name);
  const module = path.join(project, "node_modules/onnxruntime-node");
  const binding = path.join(module, "bin/napi-v6/linux/x64");
  const wheels = path.join(project, "wheels");
  for (const folder of [binding, wheels]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(module, "package.json"), '{ "version": "1.30.0" }');
  writeFileSync(path.join(binding, "libonnxruntime.so.1"), "the runtime");
  const lines = [
    wheel(wheels, "onnxruntime-gpu", "1.30.0", "cp311-cp311-manylinux_2_28_x86_64", {
      "onnxruntime/capi/libonnxruntime_providers_cuda.so": "cuda",
      "onnxruntime/capi/libonnxruntime_providers_shared.so": "shared",
      "onnxruntime/capi/libonnxruntime_providers_tensorrt.so": "not wanted",
    }),
    wheel(wheels, "nvidia-cublas", "13.1.0", "py3-none-manylinux_2_27_x86_64", {
      "nvidia/cu13/lib/libcublasLt.so.13": "blas",
      "nvidia/cu13/include/cublas.h": "not wanted",
    }),
  ];
  const lock = path.join(project, "cuda.lock.txt");
  writeFileSync(lock, `# a lock file\n${lines.join("\n")}\n`);
  const how: How = { project, lock, python, platform: "linux", arch: "x64", hasCuda: () => false };
  return { how, wheels, binding, project, lock };
}

/** All files of a project but the wheels, with their contents. */
function contents(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.path, entry.name));
  return Object.fromEntries(files.sort().map((file) => [path.relative(folder, file), readFileSync(file, "utf8")]));
}

/** What the command says. */
async function said(run: () => Promise<number>): Promise<{ readonly status: number; readonly text: string }> {
  const written: string[] = [];
  const own = process.stdout.write.bind(process.stdout);
  process.stdout.write = ((text: string) => written.push(text) > 0) as typeof process.stdout.write;
  try {
    return { status: await run(), text: written.join("") };
  } finally {
    process.stdout.write = own;
  }
}

withPython(
  test,
  "it says what it fetches, puts the provider beside the binding and NVIDIA's libraries in one folder; undo leaves what was there",
  async () => {
    const { how, wheels, binding, project } = made("whole");
    const before = contents(project);
    const { text } = await said(() => gpuInstall(["--wheels", wheels], how));
    assert.match(text, `taking onnxruntime-gpu 1.30.0, nvidia-cublas 13.1.0 from ${wheels}`);
    assert.ok(text.indexOf("taking") < text.indexOf("installed."));
    assert.equal(readdirSync(binding).sort(), [
      "libonnxruntime.so.1",
      "libonnxruntime_providers_cuda.so",
      "libonnxruntime_providers_shared.so",
    ]);
    assert.is(readFileSync(path.join(binding, "libonnxruntime_providers_cuda.so"), "utf8"), "cuda");
    assert.equal(readdirSync(path.join(project, ".cache/cuda/libraries")), ["libcublasLt.so.13"]);
    const installed = contents(project);
    // A second time nothing is fetched.
    const again = (await said(() => gpuInstall(["--wheels", nothing], how))).text;
    assert.not.match(again, "taking onnx");
    assert.equal(contents(project), installed);
    await said(() => gpuInstall(["--undo"], how));
    assert.equal(contents(project), before);
    assert.match((await said(() => gpuInstall(["--undo"], how))).text, "nothing to take away");
  },
);

withPython(
  test,
  "where the system has CUDA, NVIDIA's packages stay away; new node_modules get the provider again without a network",
  async () => {
    const { how, wheels, binding, project } = made("system");
    await said(() => gpuInstall(["--wheels", wheels], { ...how, hasCuda: () => true }));
    assert.equal(readdirSync(path.join(project, ".cache/cuda/libraries")), []);
    execFileSync("rm", [path.join(binding, "libonnxruntime_providers_cuda.so")]);
    await said(() => gpuInstall(["--wheels", nothing], { ...how, hasCuda: () => true }));
    assert.ok(existsSync(path.join(binding, "libonnxruntime_providers_cuda.so")));
  },
);

withPython(
  test,
  "another machine, another runtime, changed packages and files of somebody else are refused, and nothing is changed",
  async () => {
    const { how, wheels, binding, project, lock } = made("refused");
    const before = contents(project);
    const refuse = (words: string, more: How = {}): Promise<void> =>
      rejectsWith(
        said(() => gpuInstall(["--wheels", wheels], { ...how, ...more })),
        words,
      );
    await refuse("for Linux on x64, and this is darwin on arm64", { platform: "darwin", arch: "arm64" });
    assert.equal(contents(project), before);
    const other = path.join(project, "other.txt");
    const text = readFileSync(lock, "utf8");
    writeFileSync(other, text.replace(RUNTIME, "onnxruntime-gpu==1.29.0"));
    await refuse("onnxruntime-node is 1.30.0, and the lock file has onnxruntime-gpu 1.29.0", { lock: other });
    writeFileSync(other, text.replace(/sha256:[0-9a-f]{8}/, "sha256:00000000"));
    await refuse("they are not the locked ones; nothing was installed", { lock: other });
    assert.not(existsSync(path.join(project, ".cache/cuda")));
    await said(() => gpuInstall(["--undo"], how));
    execFileSync("rm", [other]);
    assert.equal(contents(project), before);
    const foreign = path.join(binding, "libonnxruntime_providers_cuda.so");
    writeFileSync(foreign, "mine");
    await refuse("libonnxruntime_providers_cuda.so is not from this command");
    await said(() => gpuInstall(["--undo"], how));
    assert.is(readFileSync(foreign, "utf8"), "mine");
    await rejectsWith(gpuInstall(["--remove"], how), "--remove: unknown option");
    for (const words of [["--wheels"], ["--wheels", ""], ["--wheels", "--undo"], ["--wheels", "no-such-folder"]])
      await rejectsWith(gpuInstall(words, how), `${words.join(" ").trim()}`);
  },
);

/** The command in a process of its own. */
function startInstall({ hasCuda, ...how }: How, wheels: string): ChildProcess {
  const script = JSON.stringify(path.resolve("scripts/gpu-install.mjs"));
  const given = `["--wheels", ${JSON.stringify(wheels)}], { ...${JSON.stringify(how)}, hasCuda: () => ${hasCuda?.()} }`;
  const code = `import { gpuInstall } from ${script}; await gpuInstall(${given});`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "ignore", "inherit"] });
}

const PROVIDER = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so";

/** Both of the runtime's libraries are beside the binding. */
function isInstalled(project: string): void {
  assert.is(readFileSync(path.join(project, PROVIDER), "utf8"), "cuda");
  assert.is(readFileSync(path.join(project, PROVIDER.replace("cuda", "shared")), "utf8"), "shared");
}

withPython(test, "killed at any place, undo at once leaves what was there, and another run goes on", async () => {
  const { how, wheels, project } = made("killed");
  const before = contents(project);
  const cache = path.join(project, ".cache");
  const begun = (): readonly string[] =>
    existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith("cuda.begun")) : [];
  const hasBegun = (place: string) => (): boolean => begun().some((name) => existsSync(path.join(cache, name, place)));
  const places: readonly (() => boolean)[] = [
    hasBegun("wheels"),
    // Files come here one after another: another run, or undo, finds the one that writes them at work.
    ...["unpacked", "unpacked/onnxruntime", "unpacked/nvidia"].map((name) => hasBegun(`wheels/${name}`)),
    hasBegun("libraries/libcublasLt.so.13"),
    () => existsSync(path.join(cache, "cuda/installed.json")),
    () => existsSync(path.join(project, PROVIDER)),
  ];
  for (const isThere of places)
    for (const next of [["--undo"], ["--wheels", wheels]]) {
      const child = startInstall(how, wheels);
      const ended = new Promise((done) => child.on("exit", done));
      while (!isThere() && child.exitCode === null) await sleep(0);
      child.kill("SIGKILL");
      await ended;
      await said(() => gpuInstall(next, how));
      if (next[0] === "--wheels") {
        isInstalled(project);
        await said(() => gpuInstall(["--undo"], how));
      }
      assert.equal(contents(project), before);
      assert.equal(readdirSync(cache), []);
    }
});

withPython(test, "a copy that was cut off in the middle is made again, and undo takes it away", async () => {
  const { how, wheels, project } = made("cut");
  const before = contents(project);
  writeFileSync(path.join(project, `${PROVIDER}.begun`), "cu");
  await said(() => gpuInstall(["--wheels", wheels], how));
  isInstalled(project);
  await said(() => gpuInstall(["--undo"], how));
  assert.equal(contents(project), before);
});

withPython(test, "a damaged record is made again, and undo needs none", async () => {
  const { how, wheels, project } = made("damaged");
  const before = contents(project);
  const record = path.join(project, ".cache/cuda/installed.json");
  await said(() => gpuInstall(["--wheels", wheels], how));
  writeFileSync(record, '{"lock');
  assert.match((await said(() => gpuInstall(["--wheels", wheels], how))).text, "taking onnx");
  writeFileSync(record, "");
  await said(() => gpuInstall(["--undo"], how));
  assert.equal(contents(project), before);
});

withPython(test, "of several at once each waits for the one before, and finds all there", async () => {
  const { how, wheels, project } = made("several");
  const before = contents(project);
  const other = startInstall(how, wheels);
  const ended = new Promise((done) => other.on("exit", done));
  const lock = path.join(project, ".cache/cuda.lock");
  while (!existsSync(lock)) await sleep(1);
  const { text } = await said(() => gpuInstall(["--wheels", nothing], how));
  assert.match(text, `process ${other.pid} is installing or taking away CUDA's files: waiting for it`);
  assert.not.match(text, "taking onnx");
  assert.is(await ended, 0);
  isInstalled(project);
  await said(() => gpuInstall(["--undo"], how));
  assert.equal(contents(project), before);
});

test.run();
