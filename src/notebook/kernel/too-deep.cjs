// The compiler and its parser call themselves for each level of nesting. Code that is nested more deeply than that can be is the fault of one cell.

/**
 * What `body` gives, with an error in words where its calls go too deep.
 * @template T
 * @param {() => T} body
 * @returns {T}
 */
exports.notTooDeep = function notTooDeep(body) {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = "the code is nested too deeply for the compiler: take it apart into several variables";
    throw Object.assign(new Error(message), { name: "TypeScript", stack: "" });
  }
};
