// Trains a real model for some steps in this process; prints its peak of resident memory, what of it is gradients and states, and the
// seconds of each step (JSON). Argument: a BlocksCase as JSON.
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import type { Objective } from "../../src/estimator/objective";
import { createWorkspace } from "../../src/estimator/workspace";
import { adalomo, firstOrder, lomo, mezo } from "../../src/optimizer/recipes";
import type { Method } from "../../src/optimizer/method";
import { step } from "../../src/optimizer/step";
import type { StepOutcome } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import type { GradientMemory } from "../../src/table/gradient-memory";
import { TRAINED } from "./blocks";
import type { BlocksCase } from "./blocks";
import { residentMemory } from "./memory";
import { minilmTexts, smollm2Texts, THREADS } from "./subject";
import { tellParent } from "./tell-parent";

const given = JSON.parse(process.argv[2]) as BlocksCase;

/** So small that all rules see the same weights. */
const RATE = 1e-9;
const methods: Readonly<Record<BlocksCase["rule"], () => Method | null>> = {
  none: () => null,
  SGD: () => firstOrder({ rule: "sgd", learningRate: RATE }),
  LOMO: () => lomo({ learningRate: RATE }),
  AdaLomo: () => adalomo({ learningRate: RATE }),
  AdamW: () => firstOrder({ rule: "adamw", learningRate: RATE }),
  MeZO: () => mezo({ learningRate: RATE }),
};

async function main(): Promise<GradientMemory["measured"]> {
  const { model, batch, steps, trained, alive } = given;
  const texts = model === "minilm" ? await minilmTexts(batch) : await smollm2Texts("phrases", batch);
  const start = residentMemory().now;
  const { adapter: specOf, kept } = TRAINED[trained];
  const adapter = makeAdapter(specOf(model), texts.loaded.model);
  const { layout } = adapter;
  const blocks = alive === "one block's";
  const session = await onnxSession(texts.loaded.model, adapter, {
    threads: THREADS,
    keep: "one",
    recompute: blocks,
    tuning: { blocks, ...(kept ? {} : { prefixCache: 0 }) },
  });
  let most = 0;
  const whole = classifierObjective(session, texts.problem.readout);
  const objective: Objective<Parameters<typeof whole.losses>[1]> = {
    ...whole,
    ...(whole.gradientBlocks && {
      gradientBlocks: (point, on, take) =>
        whole.gradientBlocks!(point, on, (block) => {
          most = Math.max(most, block.parts.reduce((sum, { gradient }) => sum + gradient.byteLength, 0)); // prettier-ignore
          return take(block);
        }),
    }),
  };
  const method = methods[given.rule]();
  const workspace = createWorkspace(layout.size);
  const passed: StepOutcome[] = [];
  let outcome: StepOutcome = { point: adapter.initial(0), state: { count: 0, vectors: {} } };
  const seconds: number[] = [];
  // What is kept of a text is made when it is first seen: an epoch before the one that is timed.
  for (let index = kept ? -steps : 0; index < steps; index++) {
    const here = texts.batch((index + steps) % steps);
    const started = performance.now();
    if (method === null) await objective.losses([outcome.point], here);
    else {
      const over = passed.length === 2 ? passed.shift() : undefined;
      const at = {
        seed: 0,
        step: Math.max(index, 0),
        epoch: 0,
        layout,
        batch: here,
        workspace,
        state: outcome.state,
        over,
      };
      outcome = await step(method, objective, outcome.point, at);
      passed.push(outcome);
    }
    if (index >= 0) seconds.push((performance.now() - started) / 1000);
  }
  const { peak } = residentMemory();
  await session.dispose();
  const stateBytes = Object.values(outcome.state.vectors).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const exact = method?.probe?.kind === "backpropagation";
  return {
    peakMiB: peak,
    startMiB: start,
    trainable: layout.size,
    gradientBytes: exact ? most || 4 * layout.size : 0,
    stateBytes,
    seconds,
  };
}

tellParent(main);
