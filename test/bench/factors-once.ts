// Takes steps of one method on SmolLM2 in this process; prints the seconds of each, and its peak of resident memory (JSON).
// Arguments: lora, factors or formed; steps; texts of a batch; steps between two redraws of LOZO's right factors.
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { createWorkspace } from "../../src/estimator/workspace";
import type { Method } from "../../src/optimizer/method";
import { lozo, mezo } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import type { StepOutcome } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import { residentMemory } from "./memory";
import { lora, smollm2Texts, THREADS, tokenCounts } from "./subject";
import { tellParent } from "./tell-parent";

const [how, ...numbers] = process.argv.slice(2);
const [steps, texts, redraw] = numbers.map(Number);

const RATE = 1e-9;
const ways: Readonly<Record<string, readonly [AdapterSpec, Method]>> = {
  lora: [lora, mezo({ learningRate: RATE })],
  factors: [{ kind: "full", layers: "all", factors: 2 }, lozo({ learningRate: RATE, rank: 2, redraw })],
  formed: [
    { kind: "full", layers: "all" },
    { ...mezo({ learningRate: RATE }), directions: { kind: "table", bits: 22 } },
  ],
};

async function main(): Promise<object> {
  const [spec, method] = ways[how];
  const { loaded, problem, batch } = await smollm2Texts("phrases", texts);
  const adapter = makeAdapter(spec, loaded.model);
  const { layout } = adapter;
  const session = await onnxSession(loaded.model, adapter, { threads: THREADS, keep: "one" });
  const objective = classifierObjective(session, problem.readout);
  const workspace = createWorkspace(layout.size);
  const passed: StepOutcome[] = [];
  let outcome: StepOutcome = { point: adapter.initial(0), state: { count: 0, vectors: {} } };
  const seconds: number[] = [];
  const tokens: number[] = [];
  for (let index = 0; index < steps; index++) {
    const here = batch(index);
    const over = passed.length === 2 ? passed.shift() : undefined;
    const started = performance.now();
    const at = { seed: 0, step: index, epoch: 0, layout, batch: here, workspace, state: outcome.state, over };
    outcome = await step(method, objective, outcome.point, at);
    seconds.push((performance.now() - started) / 1000);
    tokens.push(tokenCounts(here).packed);
    passed.push(outcome);
  }
  const { peak } = residentMemory();
  await session.dispose();
  return { seconds, tokens, peak, trainable: layout.size };
}

tellParent(main);
