import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelsFolder } from "../../scripts/kernel-install.mjs";
import { hasJupyter, noJupyter, runPython } from "../support/jupyter";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

const test = suite("notebook/start");
const files = scratch();
test.after(() => files.remove());
const withJupyter = skipUnless(hasJupyter, noJupyter);

interface Said {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly seconds: number;
}

/** Runs a script of a project folder with nothing on the PATH but what `bin` holds. */
function script(args: readonly string[], { folder = ".", bin = "" } = {}): Promise<Said> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, ...(bin === "" ? {} : { PATH: bin }) },
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
    child.stderr.setEncoding("utf8").on("data", (more: string) => (text += more));
    child.on("close", (status) =>
      resolve({
        status,
        lines: text.split("\n").filter((line) => line !== ""),
        seconds: (performance.now() - started) / 1000,
      }),
    );
  });
}

let projects = 0;
/** A copy of the project as far as the scripts look at it: node_modules are those of this one, and there is no Python environment. */
function project(): string {
  const folder = files.file(`project-${++projects}`);
  mkdirSync(path.join(folder, "src/notebook"), { recursive: true });
  for (const name of ["scripts", "package.json", "package-lock.json", "src/notebook"])
    cpSync(name, path.join(folder, name), { recursive: true });
  symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
  return folder;
}

/** A folder of programs: a shell script for each name. */
function programs(scripts: Readonly<Record<string, string>>): string {
  const folder = files.file(`bin-${++projects}`);
  mkdirSync(folder);
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(path.join(folder, name), 0o755);
  }
  return folder;
}

const oneLine = ({ status, lines }: Said, expected: RegExp): void => {
  assert.is(status, 1, lines.join("\n"));
  assert.match(lines.at(-1) ?? "", expected);
  assert.not.match(lines.join("\n"), /^\s+at /m, "no stack");
};

test("no Python: one line with what to install and how to go on without it", async () => {
  const said = await script(["scripts/start.mjs"], { folder: project(), bin: programs({}) });
  oneLine(said, /needs Python 3\.11 or later, but no Python was found: install it .*npm run notebook/);
  assert.is(said.lines.length, 1);
});

test("an old Python: one line that names its version", async () => {
  const said = await script(["scripts/start.mjs"], { folder: project(), bin: programs({ python3: "echo 3.9" }) });
  oneLine(said, /only Python 3\.9 was found/);
});

test("a Python without venv: one line with the package to install, and nothing half-made is left", async () => {
  const bin = programs({ python3: 'case "$1" in -c) echo 3.11;; *) echo "No module named venv"; exit 1;; esac' });
  const folder = project();
  oneLine(
    await script(["scripts/start.mjs"], { folder, bin }),
    /-m venv failed \(No module named venv\): .*python3-venv/,
  );
  assert.not(existsSync(path.join(folder, ".venv")));
});

test("a half-finished environment is deleted and made again", async () => {
  const folder = project();
  mkdirSync(path.join(folder, ".venv/bin"), { recursive: true });
  writeFileSync(path.join(folder, ".venv/half"), "");
  const bin = programs({ python3: 'case "$1" in -c) echo 3.11;; *) echo "stopped here"; exit 1;; esac' });
  const said = await script(["scripts/start.mjs"], { folder, bin });
  assert.ok(said.lines.some((line) => line.includes("making the Python environment")));
  assert.not(existsSync(path.join(folder, ".venv/half")));
});

test("an old Node: one line that names both versions", async () => {
  const old =
    'import("./scripts/set-up-node.mjs").then(({ checkNode }) => checkNode("18.20.0")).catch((e) => { console.log(e.message); process.exit(1); })';
  oneLine(await script(["-e", old]), /Node 18\.20\.0 is too old: install Node 20\.19 or later/);
});

test("no npm where packages are missing: one line", async () => {
  const folder = project();
  writeFileSync(path.join(folder, "package-lock.json"), '{ "packages": { "none": { "version": "1.0.0" } } }');
  oneLine(await script(["scripts/start.mjs"], { folder, bin: programs({}) }), /npm was not found/);
});

test("a taken port: one line with another to choose", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const said = await script(["scripts/start.mjs", "--no-browser", "--port", String(port)]);
  server.close();
  oneLine(said, new RegExp(`Port ${port} is taken: choose another one, for example npm start -- --port ${port + 1}`));
});

withJupyter(test, "a second start finds everything there and installs nothing", async () => {
  await script(["scripts/start.mjs", "--set-up-only"]); // files of src that have just been changed are compiled by it
  const { status, lines } = await script(["scripts/start.mjs", "--set-up-only"]);
  assert.is(status, 0);
  assert.equal(lines, ["[adazeta] set up: npm start opens JupyterLab."]);
});

withJupyter(
  test,
  "JupyterLab listens on 127.0.0.1 with a token, asks nobody for news or updates, and offers this kernel",
  () => {
    const asks =
      "import json, sys; from jupyterlab.labapp import LabApp\n" +
      "app = LabApp.initialize_server(argv=['--no-browser', '--port=0']); s = app\n" +
      "print(json.dumps({'ip': s.ip, 'token': len(s.token) > 20, 'kernels': sorted(s.kernel_spec_manager.find_kernel_specs())}))";
    const { status, text } = runPython(["-c", asks]);
    assert.is(status, 0, text);
    assert.equal(JSON.parse(text.split("\n").find((line) => line.startsWith("{")) ?? ""), {
      ip: "127.0.0.1",
      token: true,
      kernels: ["tslab"],
    });
    const overrides = readFileSync("src/notebook/jupyter/config/labconfig/default_setting_overrides.json", "utf8");
    assert.match(overrides, /"fetchNews": "false"[\s\S]*"checkForUpdates": false/);
    assert.match(readFileSync("src/notebook/jupyter/config/jupyter_server_config.json", "utf8"), /NeverCheckForUpdate/);
  },
);

test("kernel:install writes a kernelspec that starts the kernel from anywhere, says how to remove it, and removes it", async () => {
  const to = files.file("kernels");
  const installed = await script(["scripts/kernel-install.mjs", "--to", to]);
  assert.is(installed.status, 0, installed.lines.join("\n"));
  assert.match(installed.lines.join("\n"), /To remove it: npm run kernel:install -- --remove/);
  const spec = JSON.parse(readFileSync(path.join(to, "adazeta/kernel.json"), "utf8")) as Record<string, unknown>;
  assert.equal(spec["argv"], [process.execPath, path.resolve("src/notebook/kernel.cjs"), "{connection_file}"]);
  assert.is(spec["interrupt_mode"], "message");
  assert.is((await script(["scripts/kernel-install.mjs", "--to", to])).status, 0, "twice is no harm");
  assert.match((await script(["scripts/kernel-install.mjs", "--remove", "--to", to])).lines[0] ?? "", /removed/);
  assert.not(existsSync(path.join(to, "adazeta")));
  oneLine(await script(["scripts/kernel-install.mjs", "--too"]), /--too: unknown option/);
});

test("kernels are installed where Jupyter looks for a user's own", () => {
  const home = "/home/a";
  assert.is(kernelsFolder({ platform: "linux", env: {}, home }), "/home/a/.local/share/jupyter/kernels");
  assert.is(kernelsFolder({ platform: "linux", env: { XDG_DATA_HOME: "/d" }, home }), "/d/jupyter/kernels");
  assert.is(kernelsFolder({ platform: "darwin", env: {}, home }), "/home/a/Library/Jupyter/kernels");
  assert.is(kernelsFolder({ platform: "linux", env: { JUPYTER_DATA_DIR: "/j" }, home }), "/j/kernels");
});

test.run();
