// Runs ONNX Runtime sessions off the main thread: a session computes synchronously inside its call, and the notebook's
// kernel must stay awake for Stop, completion and live plots meanwhile.
const { parentPort } = require("node:worker_threads");
const { InferenceSession, Tensor } = require("onnxruntime-node");

const sessions = new Map();

const actions = {
  async create({ session, path, options }) {
    sessions.set(session, await InferenceSession.create(path, options));
    return {};
  },
  async run({ session, feeds, fetches }) {
    const tensors = Object.fromEntries(feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]));
    const started = performance.now();
    const results = await sessions.get(session).run(tensors, fetches);
    const outputs = fetches.map((name) => ({ data: results[name].data.slice(), dims: results[name].dims }));
    for (const tensor of Object.values(results)) tensor.dispose?.();
    return { outputs, milliseconds: performance.now() - started };
  },
  async release({ session }) {
    await sessions.get(session)?.release();
    sessions.delete(session);
    return {};
  },
};

parentPort.on("message", async ({ id, action, ...request }) => {
  try {
    const reply = await actions[action](request);
    parentPort.postMessage({ id, ...reply }, reply.outputs?.map((output) => output.data.buffer) ?? []);
  } catch (error) {
    parentPort.postMessage({ id, error: String(error?.message ?? error) });
  }
});
