// What a cell's last value shows itself as: text always, and HTML where something knows the kind of value.
const { describe, safely } = require("./describe.cjs");

/**
 * The representations of a value by type.
 * @param {unknown} value
 * @param {{ bundleOf?: (value: unknown) => Record<string, unknown> | undefined }} registry code of src says how its own values look
 * @returns {Record<string, unknown>}
 */
exports.bundleOf = function bundleOf(value, registry) {
  const own = safely(() => registry.bundleOf?.(value), undefined);
  return { ...own, "text/plain": typeof own?.["text/plain"] === "string" ? own["text/plain"] : describe(value) };
};
