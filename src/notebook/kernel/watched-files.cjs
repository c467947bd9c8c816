// The compiler hears of a changed file when a cell is about to run, not some time after it was saved: what a cell imports is always
// what is on the disk now, and no timers and no operating system watches run in an idle kernel. Installed packages are taken not to change.
const fs = require("node:fs");
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");

/** @type {Map<string, { stamp: string, callbacks: Set<import("@tslab/typescript-for-tslab").FileWatcherCallback> }>} */
const watched = new Map(); // path -> { stamp, callbacks }

/** @param {string} path */
const stampOf = (path) => {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.mtimeMs} ${found.size}`;
};

/** Takes the place of the compiler's own watch of files; must run before the converter is made. */
exports.watchOnDemand = function watchOnDemand() {
  ts.sys.watchFile = (
    /** @type {string} */ path,
    /** @type {import("@tslab/typescript-for-tslab").FileWatcherCallback} */ callback,
  ) => {
    if (path.includes("/node_modules/")) return { close: () => {} };
    /** @type {NonNullable<ReturnType<typeof watched.get>>} */
    const entry = watched.get(path) ?? { stamp: stampOf(path), callbacks: new Set() };
    watched.set(path, entry);
    entry.callbacks.add(callback);
    return {
      close() {
        entry.callbacks.delete(callback);
        if (entry.callbacks.size === 0) watched.delete(path);
      },
    };
  };
};

/** Tells the compiler of every file that was changed, made or removed since the last look. */
exports.lookForChanges = function lookForChanges() {
  for (const [path, entry] of [...watched]) {
    const stamp = stampOf(path);
    if (stamp === entry.stamp) continue;
    const { Created, Changed, Deleted } = ts.FileWatcherEventKind;
    const kind = stamp === "" ? Deleted : entry.stamp === "" ? Created : Changed;
    entry.stamp = stamp;
    for (const callback of [...entry.callbacks]) callback(path, kind);
  }
};
