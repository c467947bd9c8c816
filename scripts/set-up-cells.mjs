// What notebooks import, compiled before the first kernel needs it.
import { createRequire } from "node:module";
import { root, say } from "./report.mjs";

/** Compiles the files of src that have changed since they were compiled; says so where there are any. */
export function ensureCells() {
  const require = createRequire(import.meta.url);
  const { compileAhead } = require("../src/notebook/kernel/compile-ahead.cjs");
  const errors = compileAhead(root, () => say("compiling src for notebooks ..."));
  if (errors > 0) say(`src has ${errors} type errors: npm run types shows them.`);
}
