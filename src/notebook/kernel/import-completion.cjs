// Completion between the braces of an import whose `from "..."` is not written yet: TypeScript cannot know the module then. Proposed are the
// names of the project's own doors, the files that lie in src itself.
const fs = require("node:fs");
const path = require("node:path");

const BEFORE = /(?:^|[\n;])\s*import\s+(type\s+)?(?:[\w$]+\s*,\s*)?\{([^{}"'`;]*)$/;
const FROM = /^[^{};]*\}\s*from\s*["'][^"']/;
const LAST_NAME = /[\p{ID_Continue}$]*$/u;
const NEXT_NAME = /^[\p{ID_Continue}$]*/u;

/**
 * Where the cursor is in such an import, or undefined: the names that stand before it, and the ends of the one that it is in.
 * @param {string} code
 * @param {number} position
 */
function openImport(code, position) {
  const inside = BEFORE.exec(code.slice(0, position))?.[2];
  if (inside === undefined || FROM.test(code.slice(position))) return undefined;
  const begun = LAST_NAME.exec(inside)?.[0] ?? "";
  const goesOn = NEXT_NAME.exec(code.slice(position))?.[0] ?? "";
  return { names: inside, start: position - begun.length, end: position + goesOn.length };
}

/**
 * Completes the names of an import without `from`.
 * @param {string} root the project's folder
 * @param {(code: string, position: number) => { candidates: readonly string[] }} complete
 * @returns {(code: string, position: number) => { start: number, end: number, candidates: string[] } | undefined}
 */
exports.importCompletion = (root, complete) => (code, position) => {
  const found = openImport(code, position);
  if (found === undefined) return undefined;
  const doors = fs
    .readdirSync(path.join(root, "src"))
    .flatMap((/** @type {string} */ file) => /^(\w[\w-]*)\.ts$/.exec(file)?.[1] ?? []);
  const opening = `import { ${found.names}`;
  const names = doors.flatMap(
    (/** @type {string} */ door) => complete(`${opening} } from "./src/${door}";`, opening.length).candidates,
  );
  return { start: found.start, end: found.end, candidates: [...new Set(names)] };
};
