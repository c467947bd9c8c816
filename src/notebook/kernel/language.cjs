// The objects of the language itself, as they were before the first cell. The compiler and the kernel rest on them as much as a cell does: one
// that overwrites `Promise`, `JSON.stringify` or `console`, or adds to `Object.prototype`, would end every later cell. What a cell
// changed of them is put back when it ends. Additions to other objects (`Array.prototype.last`) stay.

const { process, Object: Objects, Reflect: Mirror, String: Texts } = globalThis;
const { getOwnPropertyDescriptor, defineProperty, deleteProperty, getPrototypeOf, setPrototypeOf, ownKeys } = Mirror;
const { is } = Objects;

const NAMES = [
  ["Object", "Function", "Array", "String", "Number", "Boolean", "BigInt", "Symbol", "Promise", "Proxy", "Reflect"],
  ["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"],
  ["Map", "Set", "WeakMap", "WeakSet", "WeakRef", "Date", "RegExp", "JSON", "Math", "Atomics"],
  ["ArrayBuffer", "SharedArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array"],
  ["Uint16Array", "Int32Array", "Uint32Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"],
  ["parseInt", "parseFloat", "isNaN", "isFinite", "queueMicrotask", "globalThis"],
  ["console", "process", "Buffer", "AbortController", "TextDecoder", "TextEncoder", "URL"],
].flat();

/** Objects that have no name of their own: the prototypes of iterators and generators. */
const nameless = () => {
  const prototypes = [[][Symbol.iterator](), new Map().entries(), new Set().values(), ""[Symbol.iterator]()].map(
    (made) => getPrototypeOf(made),
  );
  const functions = [function* () {}, async function () {}, async function* () {}].map((made) => getPrototypeOf(made));
  const iterator = getPrototypeOf(prototypes[0] ?? {});
  return [
    ...prototypes,
    iterator,
    ...functions,
    ...functions.flatMap((made) => (made === null ? [] : (Mirror.get(made, "prototype") ?? []))),
  ];
};

/**
 * Remembers the language's objects as they are now.
 * @returns {() => string[]} puts back what was changed since, and names it
 */
exports.keepLanguage = function keepLanguage() {
  /** @type {{ holder: any, key: PropertyKey, name: string, before: PropertyDescriptor }[]} */
  const kept = [];
  /** @type {{ holder: any, name: string, before: any }[]} */
  const prototypes = [];
  /**
   * @param {any} holder
   * @param {PropertyKey} key
   * @param {string} prefix
   */
  const keep = (holder, key, prefix) => {
    const before = getOwnPropertyDescriptor(holder, key);
    if (before !== undefined) setPrototypeOf(before, null); // what is added to Object.prototype does not reach it
    if (before?.configurable || before?.writable)
      kept.push({ holder, key, name: `${prefix}${typeof key === "symbol" ? `[${Texts(key)}]` : Texts(key)}`, before });
  };
  /**
   * @param {any} holder
   * @param {string} name
   * @param {(value: any) => boolean} [wanted]
   */
  const keepAll = (holder, name, wanted = () => true) => {
    for (const key of ownKeys(holder)) {
      const { value, get } = getOwnPropertyDescriptor(holder, key) ?? {};
      if (wanted(get ?? value)) keep(holder, key, name === "" ? "" : `${name}.`);
    }
    prototypes.push({ holder, name, before: getPrototypeOf(holder) });
  };

  for (const name of NAMES) {
    const value = /** @type {any} */ (globalThis)[name]; // some are made when they are first read
    keep(globalThis, name, "");
    if (value === globalThis) continue;
    // What Node reads of a process is its own affair; its functions are not.
    keepAll(value, name, value === process ? (held) => typeof held === "function" : undefined);
    if (typeof value === "function" && value.prototype) keepAll(value.prototype, `${name}.prototype`);
  }
  for (const each of nameless()) keepAll(each, "an iterator");
  for (const name of ["stdout", "stderr"]) keep(process[/** @type {"stdout"} */ (name)], "write", `process.${name}.`);

  const root = Object.prototype;
  const rootKeys = ownKeys(root);

  return () => {
    // Written with nothing that a cell could have changed: no iterators, no methods.
    const names = [];
    let count = 0;
    const added = ownKeys(root);
    for (let at = 0; at < added.length; at++) {
      let isKnown = false;
      for (let each = 0; each < rootKeys.length; each++) if (rootKeys[each] === added[at]) isKnown = true;
      if (!isKnown && deleteProperty(root, added[at])) names[count++] = `Object.prototype.${Texts(added[at])}`;
    }
    for (let at = 0; at < kept.length; at++) {
      const { holder, key, name, before } = kept[at];
      const now = getOwnPropertyDescriptor(holder, key);
      if (now !== undefined && is(now.value, before.value) && now.get === before.get && now.set === before.set)
        continue;
      if (defineProperty(holder, key, before)) names[count++] = name;
    }
    for (let at = 0; at < prototypes.length; at++) {
      const { holder, name, before } = prototypes[at];
      if (getPrototypeOf(holder) !== before && setPrototypeOf(holder, before)) names[count++] = `prototype of ${name}`;
    }
    return names;
  };
};
