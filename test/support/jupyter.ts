import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { jupyterCommand } from "../../scripts/jupyter.mjs";

/** The project's own Python, where `npm start` has made it. */
export const python = path.resolve(".venv/bin/python");
export const hasJupyter = existsSync(python) && existsSync(".venv/adazeta.stamp");
export const noJupyter = "the project's Python environment is not there (npm start makes it)";

/** Whether that Python, or another one, has a module. */
export const hasModule = (name: string, of: string = python): boolean =>
  existsSync(of) && spawnSync(of, ["-c", `import ${name}`]).status === 0;

export interface Said {
  readonly status: number | null;
  readonly text: string;
}

/** Runs Python as JupyterLab would be started: with the project's kernel, settings of this run alone, and all its output as text. */
export function runPython(args: readonly string[], of: string = python): Said {
  const runtime = mkdtempSync(path.join(tmpdir(), "adazeta-jupyter-"));
  try {
    const { env } = jupyterCommand([]);
    const { status, stdout, stderr } = spawnSync(of, args, {
      env: { ...env, JUPYTER_RUNTIME_DIR: runtime, IPYTHONDIR: runtime },
      encoding: "utf8",
      timeout: 180_000,
    });
    return { status, text: `${stdout}${stderr}` };
  } finally {
    rmSync(runtime, { recursive: true, force: true });
  }
}
