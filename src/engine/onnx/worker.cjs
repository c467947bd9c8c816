// Runs ONNX Runtime sessions off the main thread: a session computes synchronously inside its call, and the notebook's
// kernel must stay awake for Stop, completion and live plots meanwhile.
const { parentPort, workerData } = require("node:worker_threads");
const { InferenceSession, Tensor, listSupportedBackends } = require("onnxruntime-node");
const { checkWanted, serveRequests } = require("../work.cjs");

const { state } = workerData;

const sessions = new Map();
/** The inputs of the batches that are held, ready to be run, by the name of their place. */
const held = new Map();

const isShared = ({ buffer }) => buffer instanceof SharedArrayBuffer;

/** ONNX Runtime takes no shared memory: it is copied once, into memory that is kept for the next run. */
const copies = new Map();
function unshared(key, data) {
  if (!isShared(data)) return data;
  if (copies.get(key)?.length !== data.length) copies.set(key, new Float32Array(data.length));
  const copy = copies.get(key);
  copy.set(data);
  return copy;
}

const tensorsOf = (feeds, own = unshared) =>
  Object.fromEntries(feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, own(name, data), dims)]));

const zeroTensor = (dims) => new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

/** Of these tensors those that the session takes. */
const taken = (session, tensors) =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => session.inputNames.includes(name)));

/** Rows of texts, by the text's key. */
const rows = new Map();

/**
 * The rows of a batch's texts one after another, [1, tokens, width]. Each text is computed alone, so that its rows do not depend on
 * the batch that it was first seen in; they are kept until they are to be forgotten. After a failure nothing is kept.
 */
async function gathered({ session, output, width, texts, forget }) {
  try {
    const trunk = sessions.get(session);
    for (const { key, feeds } of texts) {
      if (feeds === null) continue;
      checkWanted(state);
      const made = (await trunk.run(taken(trunk, tensorsOf(feeds)), [output]))[output];
      rows.set(key, made.data.slice());
      made.dispose?.();
    }
    const each = texts.map(({ key }) => rows.get(key));
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
  async create({ session, path, options }) {
    const asked = options.executionProviders ?? [];
    try {
      sessions.set(session, await InferenceSession.create(path, options));
    } catch (error) {
      if (asked.every((name) => name === "cpu")) throw error;
      const known = listSupportedBackends().map(({ name }) => name);
      const needs = "the npm package runs on the CPU by itself; others need their library and a device on this machine";
      throw new Error(
        `providers: expected some of ${known.join(", ")} that work here, got ${asked.join(", ")} (${needs}): ${error.message}`,
      );
    }
    return {};
  },
  async hold({ place, feeds, prefix, zeros, trunk }) {
    held.delete(place);
    // What is held stays as it is while other runs get theirs.
    const tensors = tensorsOf(feeds, (_name, data) => (isShared(data) ? data.slice() : data));
    for (const [name, dims] of zeros) tensors[name] = zeroTensor(dims);
    const started = performance.now();
    if (trunk !== null) tensors[trunk.output] = await gathered(trunk);
    if (prefix !== null) {
      checkWanted(state);
      const before = sessions.get(prefix.session);
      Object.assign(tensors, await before.run(taken(before, tensors), prefix.outputs));
    }
    held.set(place, tensors);
    return { milliseconds: performance.now() - started };
  },
  async drop({ place }) {
    held.delete(place);
    return {};
  },
  async run({ session, place, feeds, fetches, carried, lent }) {
    const engine = sessions.get(session);
    const here = held.get(place);
    const tensors = { ...here, ...tensorsOf(feeds) };
    const started = performance.now();
    const wanted = Object.fromEntries(fetches.map((name) => [name, null]));
    // Memory that is given for an output is written into, also where it is an input's.
    for (const { input, output, inPlace } of carried) wanted[output] = inPlace ? here[input] : null;
    const results = await engine.run(taken(engine, tensors), wanted);
    const outputs = fetches.map((name) => ({ data: results[name].data.slice(), dims: results[name].dims }));
    for (const { input, output, inPlace } of carried) if (!inPlace) here[input] = results[output];
    for (const name of fetches) results[name].dispose?.();
    const milliseconds = performance.now() - started;
    return { outputs, milliseconds, lent: lent.map((name) => tensors[name].data) };
  },
  async release({ session }) {
    held.delete(session);
    await sessions.get(session)?.release();
    sessions.delete(session);
    return {};
  },
};

serveRequests(
  parentPort,
  state,
  async ({ action, ...request }) => {
    const reply = await actions[action](request);
    const arrays = [...(reply.outputs ?? []).map(({ data }) => data), ...(reply.lent ?? [])];
    return { reply, transfer: arrays.map(({ buffer }) => buffer) };
  },
  async () => {
    held.clear();
    for (const session of sessions.values()) await session.release();
  },
);
