// Runs TensorFlow.js off the main thread: its wasm and cpu kernels compute synchronously, and the notebook's kernel must stay
// awake meanwhile. Here TypeScript is loaded by tsx, since a worker thread does not see how its parent loads it.
const { parentPort, workerData } = require("node:worker_threads");
require("tsx/cjs/api").register();

require("./serve.ts").serve(parentPort, workerData.state, require);
