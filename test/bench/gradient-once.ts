// Takes gradients by LoRA on a real model in this process; prints its peak of resident memory, and that of losses alone before (JSON).
// Arguments: minilm or smollm2; keep or recompute.
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { classifierObjective } from "../../src/task/classifier";
import { residentMemory } from "./memory";
import { lora, minilmTexts, smollm2Texts, THREADS } from "./subject";

const [model, how] = process.argv.slice(2);
const STEPS = 3;
const BATCH = 8;

async function main(): Promise<object> {
  const texts = model === "minilm" ? await minilmTexts(BATCH) : await smollm2Texts("phrases", BATCH);
  const adapter = makeAdapter(lora, texts.loaded.model.sites);
  const recompute = how === "recompute";
  const session = await onnxSession(texts.loaded.model, adapter, { threads: THREADS, keep: "one", recompute });
  const objective = classifierObjective(session, texts.problem.readout);
  const point = adapter.initial(0);
  if (how === "losses") for (let round = 0; round < STEPS; round++) await objective.losses([point], texts.batch(round));
  else for (let round = 0; round < STEPS; round++) await objective.gradient!(point, texts.batch(round));
  const { peak } = residentMemory();
  await session.dispose();
  return { peak };
}

main().then(
  (found) => console.log(JSON.stringify(found)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
