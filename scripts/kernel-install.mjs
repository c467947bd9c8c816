// npm run kernel:install: makes the kernel known to other front ends of this user (VS Code, an existing Jupyter).
//   npm run kernel:install -- --remove      takes it away again
//   npm run kernel:install -- --to FOLDER   another folder of kernels than the user's own
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Problem, isEntry, main, root, say } from "./report.mjs";
import { ensurePackages } from "./set-up-node.mjs";

/** Where Jupyter looks for a user's kernels. */
export function kernelsFolder({ platform = process.platform, env = process.env, home = os.homedir() } = {}) {
  if (env.JUPYTER_DATA_DIR) return path.join(env.JUPYTER_DATA_DIR, "kernels");
  if (platform === "darwin") return path.join(home, "Library/Jupyter/kernels");
  if (platform === "win32") return path.join(env.APPDATA ?? path.join(home, "AppData/Roaming"), "jupyter/kernels");
  return path.join(env.XDG_DATA_HOME || path.join(home, ".local/share"), "jupyter/kernels");
}

/** The project's own kernelspec with this Node and this folder written out: it is no longer beside the kernel. */
export function kernelSpec(node = process.execPath) {
  const ours = path.join(root, "src/notebook/jupyter/kernels/tslab/kernel.json");
  const spec = JSON.parse(fs.readFileSync(ours, "utf8"));
  const argv = [node, path.join(root, "src/notebook/kernel.cjs"), "{connection_file}"];
  return { ...spec, argv, display_name: "TypeScript (AdaZeta)" };
}

function folderOf(args) {
  const at = args.indexOf("--to");
  if (at >= 0 && args[at + 1] === undefined) throw new Problem("--to: expected a folder.");
  const rest = at < 0 ? args : args.filter((_, i) => i !== at && i !== at + 1);
  const unknown = rest.find((arg) => arg !== "--remove");
  if (unknown !== undefined)
    throw new Problem(`${unknown}: unknown option. npm run kernel:install -- [--remove] [--to FOLDER]`);
  return path.join(at < 0 ? kernelsFolder() : path.resolve(args[at + 1]), "adazeta");
}

/** Installs or removes the kernel; resolves to the exit status. */
export async function installKernel(args) {
  const folder = folderOf(args);
  if (args.includes("--remove")) {
    const known = fs.existsSync(folder);
    fs.rmSync(folder, { recursive: true, force: true });
    say(known ? `removed ${folder}` : `there is no kernel at ${folder}`);
    return 0;
  }
  await ensurePackages();
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "kernel.json"), `${JSON.stringify(kernelSpec(), null, 2)}\n`);
  say(`"TypeScript (AdaZeta)" is at ${folder}: choose it in VS Code or in your Jupyter.`);
  say("It runs on this Node and in this folder; run the command again when either moves.");
  say("To remove it: npm run kernel:install -- --remove");
  return 0;
}

if (isEntry(import.meta.url)) await main(installKernel);
