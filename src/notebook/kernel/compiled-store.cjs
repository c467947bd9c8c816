// What was made from each file of the project, in .cache/cells: a new kernel finds there what an earlier one, or npm start, compiled.
const fs = require("node:fs");
const path = require("node:path");
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");
const { PROJECT_OPTIONS } = require("./check-files.cjs");
const { hashOf } = require("./project-files.cjs");

/** What all entries rest on: the compiler, its options, the installed packages, and how entries are made (the files of this folder). */
/** @param {string} root */
const foundation = (root) => {
  /** @param {string} file */
  const text = (file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
  const own = ["project-files", "shown-declarations", "check-files", "compiled-store", "compiled-files"];
  return hashOf(
    ts.version,
    JSON.stringify(PROJECT_OPTIONS),
    text(path.join(root, "node_modules/.package-lock.json")),
    ...own.map((name) => text(path.join(__dirname, `${name}.cjs`))),
  );
};

/**
 * @param {string} root the project's
 * @returns {import("./protocol.cjs").Store}
 */
exports.createStore = function createStore(root) {
  const folder = path.join(root, ".cache/cells");
  const basis = foundation(root);
  /** @param {string} file */
  const placeOf = (file) => path.join(folder, `${path.relative(root, file)}.json`);
  return {
    /** The entry of a file, or undefined where there is none that can be used. */
    read(file) {
      try {
        const { basis: made, ...entry } = JSON.parse(fs.readFileSync(placeOf(file), "utf8"));
        return made === basis ? entry : undefined;
      } catch {
        return undefined;
      }
    },
    /** Keeps an entry; beside first, because other kernels may read it now. A disk that takes nothing is no error. */
    write(file, entry) {
      const place = placeOf(file);
      const beside = `${place}.${process.pid}`;
      try {
        fs.mkdirSync(path.dirname(place), { recursive: true });
        fs.writeFileSync(beside, JSON.stringify({ basis, ...entry }));
        fs.renameSync(beside, place);
      } catch {
        fs.rmSync(beside, { force: true });
      }
    },
    forget: (file) => fs.rmSync(placeOf(file), { force: true }),
  };
};
