// Runs ONNX Runtime sessions off the main thread, or in a process of their own: a session computes synchronously inside its call, and the
// notebook's kernel must stay awake for Stop, completion and live plots meanwhile.
const { InferenceSession, Tensor } = require("onnxruntime-node");
const { checkWanted, endpoint, serveRequests } = require("../work.cjs");

const { port, state } = endpoint();

/** @typedef {import("./worker-protocol.cjs").Feed} Feed */
/** @typedef {import("./worker-protocol.cjs").Tensors} Tensors */

/** @type {Map<string, import("onnxruntime-node").InferenceSession>} */
const sessions = new Map();
/** @type {Map<string, Tensors>} the inputs of the batches that are held, ready to be run, by the name of their place */
const held = new Map();

/** @param {Feed["data"]} data */
const isShared = ({ buffer }) => buffer instanceof SharedArrayBuffer;

/** ONNX Runtime takes no shared memory: it is copied once, into memory that is kept for the next run. */
/** @type {Map<string, Float32Array>} */
const copies = new Map();
/**
 * @param {string} key
 * @param {Feed["data"]} data
 */
function unshared(key, data) {
  if (!isShared(data) || !(data instanceof Float32Array)) return data;
  const known = copies.get(key);
  const copy = known?.length === data.length ? known : new Float32Array(data.length);
  copies.set(key, copy);
  copy.set(data);
  return copy;
}

/**
 * @param {readonly Feed[]} feeds
 * @param {(name: string, data: Feed["data"]) => Feed["data"]} [own] memory that the tensor may keep
 * @returns {Tensors}
 */
const tensorsOf = (feeds, own = unshared) =>
  Object.fromEntries(feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, own(name, data), dims)]));

/** @param {readonly number[]} dims */
const zeroTensor = (dims) => new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

/**
 * Of these tensors those that the session takes.
 * @param {import("onnxruntime-node").InferenceSession} session
 * @param {Tensors} tensors
 */
const taken = (session, tensors) =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => session.inputNames.includes(name)));

/**
 * An open session.
 * @param {string} name
 */
function opened(name) {
  const session = sessions.get(name);
  if (session === undefined) throw new Error(`session: expected an open one, got ${name}`);
  return session;
}

/**
 * One output of a run, which is of 32-bit floats.
 * @param {import("onnxruntime-node").InferenceSession.OnnxValueMapType} results
 * @param {string} name
 */
function float32(results, name) {
  const tensor = results[name];
  if (!(tensor instanceof Tensor) || !(tensor.data instanceof Float32Array))
    throw new Error(`output ${name}: expected 32-bit floats, got ${tensor?.type ?? "none"}`);
  return { tensor, data: tensor.data };
}

/** Rows of texts, by the text's key. */
/** @type {Map<string, Float32Array>} */
const rows = new Map();

/**
 * The rows of a batch's texts one after another, [1, tokens, width]. Each text is computed alone, so that its rows do not depend on
 * the batch that it was first seen in; they are kept until they are to be forgotten. After a failure nothing is kept.
 * @param {import("./worker-protocol.cjs").Trunk} trunk
 */
async function gathered({ session, output, width, texts, forget }) {
  try {
    const trunk = opened(session);
    for (const { key, feeds } of texts) {
      if (feeds === null) continue;
      checkWanted(state);
      const made = float32(await trunk.run(taken(trunk, tensorsOf(feeds)), [output]), output);
      rows.set(key, made.data.slice());
      made.tensor.dispose();
    }
    const each = texts.flatMap(({ key }) => rows.get(key) ?? []);
    const data = new Float32Array(each.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of each) {
      data.set(part, at);
      at += part.length;
    }
    for (const key of forget) rows.delete(key);
    return new Tensor("float32", data, [1, data.length / width, width]);
  } catch (error) {
    rows.clear();
    throw error;
  }
}

const actions = {
  /** @param {import("./worker-protocol.cjs").Create} request */
  async create({ session, path, options }) {
    sessions.set(session, await InferenceSession.create(path, options));
    return {};
  },
  /** @param {import("./worker-protocol.cjs").Hold} request */
  async hold({ place, feeds, prefix, zeros, trunk }) {
    held.delete(place);
    // What is held stays as it is while other runs get theirs.
    const tensors = tensorsOf(feeds, (/** @type {string} */ _name, /** @type {Feed["data"]} */ data) =>
      isShared(data) ? data.slice() : data,
    );
    for (const [name, dims] of zeros) tensors[name] = zeroTensor(dims);
    const started = performance.now();
    if (trunk !== null) tensors[trunk.output] = await gathered(trunk);
    if (prefix !== null) {
      checkWanted(state);
      const before = opened(prefix.session);
      Object.assign(tensors, await before.run(taken(before, tensors), prefix.outputs));
    }
    held.set(place, tensors);
    return { milliseconds: performance.now() - started };
  },
  /** @param {import("./worker-protocol.cjs").Keep} request */
  async keep({ place, feeds }) {
    held.set(place, { ...held.get(place), ...tensorsOf(feeds, (_name, data) => data) });
    return {};
  },
  /** @param {import("./worker-protocol.cjs").Lend} request */
  async lend({ place, name }) {
    const { [name]: tensor, ...left } = held.get(place) ?? {};
    held.set(place, left);
    return { data: tensor === undefined ? null : /** @type {Float32Array} */ (tensor.data) };
  },
  /** @param {{ place: string }} request */
  async drop({ place }) {
    held.delete(place);
    return {};
  },
  /** @param {import("./worker-protocol.cjs").Run} request */
  async run({ session, place, feeds, fetches, carried, forget, lent }) {
    const engine = opened(session);
    const here = held.get(place) ?? {};
    const tensors = { ...held.get("base"), ...here, ...tensorsOf(feeds) };
    const started = performance.now();
    /** @type {Record<string, import("./worker-protocol.cjs").Values[string] | null>} */
    const wanted = Object.fromEntries(fetches.map((name) => [name, null]));
    // Memory that is given for an output is written into, also where it is an input's.
    for (const { input, output, inPlace } of carried) wanted[output] = inPlace ? (here[input] ?? null) : null;
    const results = await engine.run(taken(engine, tensors), wanted);
    const fetched = fetches.map((name) => float32(results, name));
    const outputs = fetched.map(({ tensor, data }) => ({ data: data.slice(), dims: tensor.dims }));
    for (const { input, output, inPlace } of carried)
      if (!inPlace) here[input] = /** @type {Tensors[string]} */ (results[output]);
    const left = Object.entries(here).filter(([name]) => !forget.includes(name));
    if (forget.length > 0) held.set(place, Object.fromEntries(left));
    // What is fetched may be an input of later runs besides.
    const staying = new Set(carried.map(({ output }) => output));
    fetches.forEach((name, i) => {
      if (!staying.has(name)) fetched[i]?.tensor.dispose();
    });
    const milliseconds = performance.now() - started;
    return { outputs, milliseconds, lent: lent.map((name) => float32(tensors, name).data) };
  },
  /** @param {{ session: string }} request */
  async release({ session }) {
    held.delete(session);
    await sessions.get(session)?.release();
    sessions.delete(session);
    return {};
  },
};

/**
 * @param {import("./worker-protocol.cjs").Asked} request
 * @returns {Promise<{ reply: object, transfer?: readonly ArrayBuffer[] }>}
 */
async function answer(request) {
  switch (request.action) {
    case "create":
      return { reply: await actions.create(request) };
    case "hold":
      return { reply: await actions.hold(request) };
    case "keep":
      return { reply: await actions.keep(request) };
    case "lend": {
      const reply = await actions.lend(request);
      return { reply, transfer: reply.data === null ? [] : [/** @type {ArrayBuffer} */ (reply.data.buffer)] };
    }
    case "drop":
      return { reply: await actions.drop(request) };
    case "run": {
      const reply = await actions.run(request);
      const memory = [...reply.outputs.map(({ data }) => data), ...reply.lent];
      return { reply, transfer: memory.map(({ buffer }) => /** @type {ArrayBuffer} */ (buffer)) };
    }
    case "release":
      return { reply: await actions.release(request) };
  }
}

serveRequests(port, state, answer, async () => {
  held.clear();
  for (const session of sessions.values()) await session.release();
});
