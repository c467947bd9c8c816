// Words for any value that a cell makes. What a cell throws or shows may answer every question with an error, so nothing here throws, and
// what comes back is bounded: one value can neither end the kernel nor fill a notebook. (A description may run code of the value, which may
// never end: it is made while Stop still watches the cell, see cells.cjs.)
const { inspect, types } = require("node:util");

const { Array: Lists, Object: Objects, Reflect: Mirror } = globalThis; // as they are before a cell changes them
const MOST_CHARACTERS = 100_000;
/** Node's `inspect` bounds lists and texts, not the keys of an object. */
const MOST_KEYS = 200;
const DEPTH = 2;

/**
 * A text of at most `most` characters: the middle of a longer one is left out.
 * @param {string} text
 */
function cut(text, most = MOST_CHARACTERS) {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2);
  return `${text.slice(0, half)}\n... ${text.length - 2 * half} characters left out ...\n${text.slice(-half)}`;
}
exports.cut = cut;

/**
 * What `ask` gives, or `otherwise` where it throws.
 * @template T
 * @param {() => T} ask
 * @param {T} otherwise
 */
const safely = (ask, otherwise) => {
  try {
    return ask();
  } catch {
    return otherwise;
  }
};
exports.safely = safely;

/**
 * A property of anything, or undefined where there is none or it cannot be read.
 * @param {any} value
 * @param {PropertyKey} key
 */
const read = (value, key) => safely(() => (value === null || value === undefined ? undefined : value[key]), undefined);
exports.read = read;

/**
 * Whether a value is an error, or looks like one of another realm.
 * @param {unknown} value
 */
exports.isError = (value) =>
  types.isNativeError(value) ||
  safely(() => value instanceof Error, false) ||
  (typeof value === "object" && typeof read(value, "stack") === "string");

/** @param {any} value */
const isPlain = (value) => {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype = Mirror.getPrototypeOf(value);
  return prototype === null || prototype === Objects.prototype;
};

/**
 * The value, or where it or what it holds has too many keys to be written, a copy with the first ones.
 * @param {any} value
 * @param {number} [depth]
 * @returns {unknown}
 */
function withFewKeys(value, depth = DEPTH) {
  if (Lists.isArray(value) && !types.isProxy(value)) {
    const few = depth === 0 ? value : value.slice(0, 100).map((each) => withFewKeys(each, depth - 1));
    return few.every((each, at) => each === value[at]) ? value : [...few, ...value.slice(100)];
  }
  if (!isPlain(value)) return value;
  const keys = Objects.keys(value);
  const kept = keys.slice(0, MOST_KEYS);
  let changed = keys.length > kept.length;
  /** @type {Record<string, unknown>} */
  const copy = Objects.create(Mirror.getPrototypeOf(value));
  for (const key of kept) {
    const held = Mirror.getOwnPropertyDescriptor(value, key);
    if (held === undefined) continue;
    const few = depth > 0 && "value" in held ? withFewKeys(held.value, depth - 1) : held.value;
    if (few !== held.value) changed = true;
    Objects.defineProperty(copy, key, "value" in held ? { ...held, value: few } : held);
  }
  if (keys.length > kept.length) copy[`and ${keys.length - kept.length} more`] = { [inspect.custom]: () => "..." };
  return changed ? copy : value;
}

/**
 * A value as Node prints it, bounded; where it cannot be described, what kind of value it is.
 * @param {unknown} value
 * @returns {string}
 */
exports.describe = function describe(value) {
  const shown = safely(() => withFewKeys(value), value);
  for (const customInspect of [true, false]) {
    const text = safely(() => inspect(shown, { depth: DEPTH, customInspect }), undefined);
    if (typeof text === "string") return cut(text);
  }
  const kind = value === null ? "null" : typeof value;
  return `[${kind} that cannot be described]`;
};

/**
 * A name or a message as text: itself where it is one, else described.
 * @param {unknown} value
 * @param {string} otherwise for undefined
 */
exports.asText = (value, otherwise) =>
  value === undefined ? otherwise : cut(typeof value === "string" ? value : exports.describe(value));
