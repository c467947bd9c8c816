import { spawnSync } from "node:child_process";

/**
 * Refuses an environment of Python in which a benchmark's packages are missing.
 * @param python its interpreter
 * @param needed the packages as pip names them (those of the benchmarks are imported by the same name), with a version where one is wanted
 * @throws naming those that are missing and the command that installs them, or that there is no such interpreter
 */
export function requirePackages(python: string, needed: readonly string[]): void {
  const names = needed.map((name) => name.split("==")[0]!);
  const find =
    "import importlib.util, json, sys; print(json.dumps([n for n in sys.argv[1:] if importlib.util.find_spec(n) is None]))";
  const { status, stdout, stderr, error } = spawnSync(python, ["-c", find, ...names], { encoding: "utf8" });
  if (error !== undefined || status !== 0)
    throw new Error(`--python ${python}: expected a Python interpreter, got ${error?.message ?? stderr.trim()}`);
  const missing = JSON.parse(stdout) as readonly string[];
  if (missing.length > 0)
    throw new Error(
      `--python ${python}: the packages ${missing.join(", ")} are missing: ${python} -m pip install ${needed.filter((name) => missing.includes(name.split("==")[0]!)).join(" ")}`,
    );
}
