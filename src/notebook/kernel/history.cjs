// The inputs of this session, as JupyterLab's and a console's arrow keys ask for them. Earlier sessions are not kept.

/**
 * Whether a text fits a pattern with `*` and `?`.
 * @param {string} pattern
 * @param {string} text
 */
const fits = (pattern, text) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[\\s\\S]*")
      .replaceAll("?", "[\\s\\S]")}$`,
  ).test(text);

/** @typedef {{ readonly count: number, readonly code: string, value: string | null }} Input and its printed value */

/**
 * Of equal texts only the newest.
 * @param {readonly Input[]} entries
 */
const distinct = (entries) =>
  entries.filter(({ code }, at) => !entries.slice(at + 1).some((later) => later.code === code));

exports.createHistory = function createHistory() {
  /** @type {Input[]} newest last */
  const entries = [];
  /** @param {import("./protocol.cjs").HistoryQuestion} question */
  const chosen = ({ hist_access_type: kind, n, start = 0, stop, session = 0, pattern = "*", unique = false }) => {
    if (kind === "tail") return entries.slice(-(n ?? 100));
    if (kind === "range")
      return session === 0 || session === -1
        ? entries.filter(({ count }) => count >= start && count < (stop ?? Infinity))
        : [];
    const found = entries.filter(({ code }) => fits(pattern, code));
    return (unique ? distinct(found) : found).slice(n === undefined ? 0 : -n);
  };
  return {
    /**
     * Remembers an input; its printed value, if it has one, may be set later.
     * @param {number} count
     * @param {string} code
     */
    add(count, code) {
      /** @type {Input} */
      const entry = { count, code, value: null };
      entries.push(entry);
      return entry;
    },
    /**
     * [session, count, input], or with `output` [session, count, [input, value]].
     * @param {import("./protocol.cjs").HistoryQuestion} question
     */
    answer: (question) =>
      chosen(question).map(({ count, code, value }) => [0, count, question.output === true ? [code, value] : code]),
  };
};
