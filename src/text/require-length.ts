/**
 * Gives the ids again, when the model can read them all. Nothing is ever cut off silently.
 * @param context the most tokens the model can read
 * @param where for example "train.jsonl:17"; it begins the message
 * @throws when there are more, or none at all
 * @example requireLength([101, 7592, 102], 2, "train.jsonl:17") // throws "train.jsonl:17: expected a text of 1 to 2 tokens, got 3; ..."
 */
export function requireLength(ids: readonly number[], context: number, where = "text"): readonly number[] {
  if (ids.length >= 1 && ids.length <= context) return ids;
  const advice = ids.length === 0 ? "leave it out" : "shorten it";
  throw new Error(`${where}: expected a text of 1 to ${context} tokens, got ${ids.length}; ${advice}`);
}
