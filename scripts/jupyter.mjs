// How JupyterLab is started for this project: its kernel, its plot renderer and its settings, and none of the user's own.
import fs from "node:fs";
import path from "node:path";
import { root } from "./report.mjs";
import { venvPython } from "./set-up-python.mjs";

export function jupyterCommand(options, environment = process.env) {
  const ours = path.join(root, "src/notebook/jupyter");
  // What JupyterLab writes itself (workspaces, user settings) stays out of the source tree.
  const state = path.join(root, ".cache/jupyter");
  fs.mkdirSync(state, { recursive: true });
  return {
    command: venvPython,
    args: ["-m", "jupyterlab", ...options, `--ServerApp.root_dir=${root}`],
    cwd: root,
    env: {
      ...environment,
      JUPYTER_PATH: ours,
      JUPYTER_CONFIG_PATH: path.join(ours, "config"),
      JUPYTER_CONFIG_DIR: state,
      // The kernel runs on this same Node.
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${environment.PATH ?? ""}`,
    },
  };
}
