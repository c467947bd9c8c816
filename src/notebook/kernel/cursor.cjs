// Jupyter counts a cursor's position in code points, TypeScript in UTF-16 units: an emoji is one of the first and two of the second.

/** The UTF-16 offset of a position in code points. */
exports.toOffset = (/** @type {string} */ text, /** @type {number} */ position) =>
  [...text].slice(0, position).join("").length;

/** The position in code points of a UTF-16 offset. */
exports.toPosition = (/** @type {string} */ text, /** @type {number} */ offset) => [...text.slice(0, offset)].length;
