// A cell's `process.exit()` ends the cell, not the kernel with all that other cells have made.
const { framesAbove } = require("./owners.cjs");

const exit = process.exit.bind(process);
/** Ends the kernel. */
exports.exit = exit;

/** @param {(frames: NodeJS.CallSite[]) => boolean} hasSource whether code of a cell is among some frames */
exports.guardExit = function guardExit(hasSource) {
  process.exit = function guarded(code) {
    if (!hasSource(framesAbove(guarded))) return exit(code);
    const error = new Error(
      `process.exit(${code ?? ""}): a cell ends here, the kernel goes on; to end that, too, shut it down or restart it from the menu`,
    );
    error.name = "Exit";
    throw error;
  };
};
