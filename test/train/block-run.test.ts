import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import type { ModelSession } from "../../src/engine/session";
import type { Objective } from "../../src/estimator/objective";
import type { Model } from "../../src/model/model";
import { tokenScorer } from "../../src/model/token-scorer";
import type { Method } from "../../src/optimizer/method";
import { adalomo, firstOrder, lomo, mezoFull } from "../../src/optimizer/recipes";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { classifierObjective } from "../../src/task/classifier";
import { optionBatch, scoredOption } from "../../src/task/option-batch";
import { headReadout } from "../../src/task/readout";
import { optionObjective } from "../../src/task/token-objective";
import { train } from "../../src/train/train";
import type { RunResult, TrainOptions } from "../../src/train/train";
import type { Layout } from "../../src/tree/layout";
import { settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";
import { tinyModel } from "../support/tiny-models";

const test = suite("train/block-run");
const files = scratch();
test.after(() => files.remove());

const words = [3, 5];
const texts = [
  [3, 8],
  [5, 1, 6],
  [4, 9, 2],
  [7, 2],
];
const labelled = { input: { ids: texts }, labels: [0, 1, 1, 0] };
const options = optionBatch(
  texts.map((ids) => ({ options: [scoredOption({ ids: [...ids, 9], from: ids.length })], label: 0 })),
);

/** What is trained: a model, and its objective on a session, of which the batch is known. */
interface Case {
  readonly model: Model;
  objective(session: ModelSession): Objective<number>;
}

function classes(model: Model): Case {
  const rows = normals(randomKey(9, "check"), 2 * model.width);
  const readout = model.head ? headReadout(model.head, words) : { rows, classes: 2, width: model.width, scale: 1 };
  return { model, objective: (session) => onOne(classifierObjective(session, readout), labelled) };
}

function tokens(under: Model): Case {
  return { model: tokenScorer(under), objective: (session) => onOne(optionObjective(session), options) };
}

/** The objective on one batch, whatever the step. */
function onOne<Batch>(objective: Objective<Batch>, batch: Batch): Objective<number> {
  return {
    losses: (points) => objective.losses(points, batch),
    derivatives: (point, directions) => objective.derivatives(point, directions, batch),
    ...(objective.gradient && { gradient: (point) => objective.gradient!(point, batch) }),
    ...(objective.gradientBlocks && {
      gradientBlocks: (point, _step, take) => objective.gradientBlocks!(point, batch, take),
    }),
  };
}

const cases: Readonly<Record<string, Case>> = {
  bert: classes(tinyModel("bert").model),
  "bert with its masked-LM head": classes(tinyModel("bert-masked").model),
  "llama with a head of its own": classes(tinyModel("llama").model),
  "llama, tied": classes(tinyModel("llama-tied").model),
  "scores of tokens, tied": tokens(tinyModel("llama-tied").model),
};
const methods: readonly Method[] = [
  lomo({ learningRate: 0.01, weightDecay: 0.01 }),
  lomo({ learningRate: 0.01, clipNorm: 0.1, name: "lomo, clipped" }),
  adalomo({ learningRate: 0.01 }),
  firstOrder({ rule: "adamw", learningRate: 0.003 }),
];

const bits = (point: Float32Array): Uint32Array => new Uint32Array(point.slice().buffer);

async function ran(
  { model, objective }: Case,
  blocks: boolean,
  recompute: boolean,
  use: (run: (method: Method, changes?: (whole: Objective<number>) => Objective<number>) => Promise<RunResult>, layout: Layout) => Promise<void>, // prettier-ignore
): Promise<void> {
  const adapter = makeAdapter({ kind: "full", layers: "all" }, model);
  const { layout } = adapter;
  const session = await onnxSession(model, adapter, {
    threads: 1,
    cacheDirectory: files.file("cache"),
    recompute,
    tuning: { blocks },
  });
  const whole = objective(session);
  const start = adapter.initial(0);
  const run = (method: Method, changes: (whole: Objective<number>) => Objective<number> = (all) => all) => {
    const set: TrainOptions<number> = {
      settings: settingsOf({ method, budget: { kind: "steps", steps: 4 }, evaluateEvery: 2 }),
      identity: { model: "tiny", adapter: { kind: "full", layers: "all" }, data: "none", plan: null },
      start,
      layout,
      objective: changes(whole),
      batchAt: (step) => step,
      evaluate: async (point) => ({ loss: (await whole.losses([point], 0))[0]!, accuracy: 0.5 }),
      clock: () => 0,
    };
    return train(set);
  };
  try {
    await use(run, layout);
  } finally {
    await session.dispose();
  }
}

for (const [name, given] of Object.entries(cases))
  test(`${name}: a run whose gradient is alive block by block has the points and the losses of the one with all of it`, async () => {
    const expected = new Map<Method, RunResult>();
    await ran(given, false, false, async (run) => {
      for (const method of methods) expected.set(method, await run(method));
    });
    await ran(given, true, false, async (run, layout) => {
      const all = new Set(layout.entries.map((entry) => entry.name));
      for (const method of methods) {
        const alive: number[] = [];
        const found = await run(method, (whole) => ({
          ...whole,
          gradient: () => Promise.reject(new Error("not asked for as a whole")),
          gradientBlocks: (point, batch, take) =>
            whole.gradientBlocks!(point, batch, (block) => {
              alive.push(block.parts.reduce((sum, { gradient }) => sum + gradient.length, 0));
              block.parts.forEach(({ tensor }) => assert.ok(all.has(tensor), tensor));
              return take(block);
            }),
        }));
        const known = expected.get(method)!;
        assert.equal(bits(found.point), bits(known.point), method.name);
        assert.equal(
          found.steps.map(({ loss }) => loss),
          known.steps.map(({ loss }) => loss),
        );
        assert.ok(found.steps[3]!.loss < found.steps[0]!.loss, method.name);
        assert.ok(Math.max(...alive) < 0.6 * layout.size, `${Math.max(...alive)} of ${layout.size} numbers at once`);
      }
    });
  });

test("a derivative that is not finite ends the run after the steps before, with their point, and names the tensor", async () => {
  await ran(cases["llama, tied"]!, true, true, async (run) => {
    const { end, message, steps, point } = await run(adalomo({ learningRate: 0.01 }), (whole) => ({
      ...whole,
      gradientBlocks: (at, step, take) =>
        whole.gradientBlocks!(at, step, (block) => {
          if (step === 2 && block.name === "layer 1") block.parts[0]!.gradient[0] = NaN;
          return take(block);
        }),
    }));
    assert.equal([end.reason, steps.length], ["not-finite", 2]);
    assert.match(
      message,
      /gradient norm \(first in tensor "model\.layers\.1\..*"\): expected a finite number, got NaN in step 3/,
    );
    assert.ok(point.every(Number.isFinite));
  });
});

test("what measures losses alone asks for no block", async () => {
  await ran(cases["bert"]!, true, false, async (run) => {
    const asked = run(mezoFull({ learningRate: 1e-5 }), (whole) => ({
      ...whole,
      gradientBlocks: () => Promise.reject(new Error("asked for blocks")),
    }));
    assert.is((await asked).steps.length, 4);
  });
});

test.run();
