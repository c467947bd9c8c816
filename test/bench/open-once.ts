// Opens SmolLM2 with tensor-train adapters in this process, takes a step of each kind, and prints what it took (JSON).
import { openModel } from "../../src/notebook/open";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { residentMemory } from "./memory";
import { llamaTrain, THREADS } from "./subject";

const [cacheDirectory = ".cache/onnx"] = process.argv.slice(2);
const since = (started: number): number => performance.now() - started;
const before = residentMemory().now;
const modelStarted = performance.now();
const { model } = await openModel("smollm2");
const modelOpened = since(modelStarted);

const plainStarted = performance.now();
const adapter = makeAdapter(llamaTrain, model);
const session = await onnxSession(model, adapter, { threads: THREADS, cacheDirectory });
const plainOpened = since(plainStarted);

const batch = {
  ids: Array.from({ length: 16 }, (_, i) => Array.from({ length: 8 + (i % 8) }, (__, t) => 1000 + 7 * t + i)),
};
const point = adapter.initial(0);
const firstStarted = performance.now();
for (let i = 0; i < 8; i++) await session.features([point], batch);
const passes = since(firstStarted) / 8;
const plain = residentMemory();

const call = async (): Promise<number> => {
  const started = performance.now();
  await session.tangents(point, [point], batch);
  return since(started);
};
const withOpening = await call();
const dualOpened = withOpening - (await call());
const dual = residentMemory();
console.log(JSON.stringify({ before, modelOpened, plainOpened, passes, plain, dualOpened, dual }));
process.exit(0);
