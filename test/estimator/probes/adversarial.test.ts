import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { referenceDerivatives64, referenceSession } from "../../../src/engine/reference/session";
import { onnxSession } from "../../../src/engine/onnx/session";
import type { ModelSession } from "../../../src/engine/session";
import type { Objective } from "../../../src/estimator/objective";
import type { ProbeHere } from "../../../src/estimator/probe";
import { adversarial, type Adversarial } from "../../../src/estimator/probes/adversarial";
import { NO_STATE } from "../../../src/estimator/state";
import { createWorkspace } from "../../../src/estimator/workspace";
import { scala } from "../../../src/optimizer/recipes/scala";
import { step } from "../../../src/optimizer/step";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { classifierObjective, type LabelledBatch } from "../../../src/task/classifier";
import { labelLoss, type Readout } from "../../../src/task/readout";
import { train } from "../../../src/train/train";
import { layoutOf } from "../../../src/tree/layout";
import { norm } from "../../../src/tree/vector";
import { matrices } from "../../support/method-problems";
import { methodRun } from "../../support/method-runs";
import { near, relativeError } from "../../support/near";
import { scratch } from "../../support/scratch";
import { rejectsWith, throwsWith } from "../../support/throws";
import { tinyModel } from "../../support/tiny-models";

const test = suite("estimator/probes/adversarial");
const folder = scratch();
test.after(() => folder.remove());

const plain: Adversarial = { player: "gradient", radius: 0.5, spread: 0, from: 0 };
const first: ProbeHere = { seed: 3, step: 0, learningRate: 0.1, carried: {} };
const draw = (): never => assert.unreachable("directions are not asked for") as never;

async function measured<Batch>(
  spec: Adversarial,
  objective: Objective<Batch>,
  point: Float32Array,
  batch: Batch,
  at: ProbeHere = first,
) {
  const workspace = createWorkspace(point.length);
  const asked = { queries: 1, draw, batch, weightOf: null, at };
  const estimate = await adversarial.measure(spec, objective, point, asked, workspace);
  return { estimate, gradient: workspace.gradient };
}

/** Two texts of two numbers and one: L = 1/2 sum_b (w . (x_b + d_b))^2 / 2, of which all is known. */
const texts = [[1, 2], [-1]] as const;
const toy: Objective<null> & { readonly offsets: Float32Array[] } = {
  offsets: [],
  losses: () => Promise.reject(new Error("not asked for")),
  derivatives: () => Promise.reject(new Error("not asked for")),
  gradient: (point, batch) => toy.inputs!.gradient(point, batch, new Float32Array(3), "point"),
  inputs: {
    sizes: () => texts.map(({ length }) => length),
    async gradient(point, _batch, offset, by) {
      toy.offsets.push(offset.slice());
      const inputs = [
        [texts[0][0] + offset[0]!, texts[0][1] + offset[1]!],
        [texts[1][0] + offset[2]!, 0],
      ];
      const scores = inputs.map(([a, b]) => a! * point[0]! + b! * point[1]!);
      const byPoint = [0, 1].map((i) => inputs.reduce((sum, x, b) => sum + (scores[b]! * x[i]!) / 2, 0));
      const byOffset = [scores[0]! * point[0]!, scores[0]! * point[1]!, scores[1]! * point[0]!].map((d) => d / 2);
      return {
        loss: scores.reduce((sum, s) => sum + s * s, 0) / 4,
        gradient: Float32Array.from(by === "point" ? byPoint : byOffset),
      };
    },
  },
};

test("each text moves by its own radius where its own loss rises, and the gradient is taken there", async () => {
  toy.offsets.length = 0;
  const { estimate, gradient } = await measured(plain, toy, Float32Array.of(3, 4), null);
  // Scores 11 and -3; uphill (3, 4) / 5 and -1: d = (0.3, 0.4), (-0.5); scores 13.5 and -4.5.
  near(toy.offsets[1]!, [0.3, 0.4, -0.5], 1e-6);
  near(gradient, [(13.5 * 1.3 + 4.5 * 1.5) / 2, (13.5 * 2.4) / 2], 1e-5);
  near([estimate.loss], [(13.5 ** 2 + 4.5 ** 2) / 4], 1e-4);
  assert.equal([estimate.forwardPasses, estimate.backwardPasses], [2, 2]);
  near([estimate.gradientNorm!], [norm(gradient)], 1e-6);
});

test("random noise moves each text as far, for half the passes; another step moves it elsewhere, the same one not", async () => {
  const offsets: Float32Array[] = [];
  for (const at of [first, first, { ...first, step: 1 }, { ...first, seed: 4 }]) {
    toy.offsets.length = 0;
    const { estimate } = await measured({ ...plain, player: "random" }, toy, Float32Array.of(3, 4), null, at);
    assert.equal([estimate.forwardPasses, estimate.backwardPasses, toy.offsets.length], [1, 1, 1]);
    near([norm(toy.offsets[0]!.subarray(0, 2)), norm(toy.offsets[0]!.subarray(2))], [0.5, 0.5], 1e-6);
    offsets.push(toy.offsets[0]!);
  }
  assert.equal(offsets[0], offsets[1]);
  assert.is.not(String(offsets[2]), String(offsets[0]));
  assert.is.not(String(offsets[3]), String(offsets[0]));
});

test("with a spread both players start at the same noise; before `from` the gradient is the plain one", async () => {
  const began = [];
  for (const player of ["gradient", "random"] as const) {
    toy.offsets.length = 0;
    const { estimate } = await measured({ ...plain, player, spread: 0.1 }, toy, Float32Array.of(3, 4), null);
    assert.is(estimate.forwardPasses, player === "gradient" ? 2 : 1);
    began.push([...toy.offsets]);
  }
  const d0 = [0, 1].flatMap((text) => [...normals(randomKey(3, "perturbing", 0, text, 0), texts[text]!.length)]);
  near(
    began[0]![0]!,
    d0.map((value) => 0.1 * value),
    1e-6,
  );
  const moved = began[1]![0]!.map((value, i) => value - 0.1 * d0[i]!);
  near([norm(moved.subarray(0, 2)), norm(moved.subarray(2))], [0.5, 0.5], 1e-6);
  toy.offsets.length = 0;
  const late = { ...plain, from: 2 };
  const { estimate, gradient } = await measured(late, toy, Float32Array.of(3, 4), null, { ...first, step: 1 });
  assert.equal([estimate.forwardPasses, estimate.backwardPasses, toy.offsets], [1, 1, [new Float32Array(3)]]);
  near(gradient, [(11 * 1 + 3) / 2, (11 * 2) / 2], 1e-6);
  assert.is((await measured(late, toy, Float32Array.of(3, 4), null, { ...first, step: 2 })).estimate.forwardPasses, 2);
});

const { model, batch: input } = tinyModel("bert");
const adapter = makeAdapter({ kind: "full", layers: "all" }, model);
const classes = 3;
const readout: Readout = {
  classes,
  width: model.width,
  rows: normals(randomKey(5, "check"), classes * model.width),
  scale: 1,
} as Readout;
const batch: LabelledBatch = { input: { ids: input.ids }, labels: input.ids.map((_, i) => i % classes) };
const point = adapter.initial(0).map((value, i) => value + 0.01 * Math.sin(i));

async function onSession<T>(session: ModelSession, what: (objective: Objective<LabelledBatch>) => Promise<T>) {
  try {
    return await what(classifierObjective(session, readout));
  } finally {
    await session.dispose();
  }
}

/** The batch's mean loss at moved weights and inputs, in float64. */
function loss64(weights: ArrayLike<number>, rows: ArrayLike<number>): number {
  const at = Float64Array.from(weights) as unknown as Float32Array;
  const loss = labelLoss(readout, batch.labels);
  const { losses } = referenceDerivatives64(model, adapter, at, batch.input, loss, { rows, by: "offset" });
  return losses!.reduce((sum, value) => sum + value, 0) / batch.labels.length;
}

test("on a model both gradients at moved inputs are central differences of float64's losses there", async () => {
  await onSession(referenceSession(model, adapter), async ({ inputs }) => {
    const sizes = inputs!.sizes(batch);
    assert.equal(
      sizes,
      batch.input.ids.map(({ length }) => length * model.embeddingWidth),
    );
    const size = sizes.reduce((sum, each) => sum + each, 0);
    const offset = normals(randomKey(6, "check"), size).map((value) => 0.1 * value);
    const shifted = (vector: Float32Array, i: number, by: number): Float64Array =>
      Float64Array.from(vector, (value, k) => (k === i ? value + by : value));
    const step = 1e-5;
    for (const by of ["offset", "point"] as const) {
      const { gradient, loss } = await inputs!.gradient(point, batch, offset, by);
      near([loss], [loss64(point, offset)], 1e-6);
      const largest = Math.max(...gradient.map(Math.abs));
      for (let k = 0; k < 5; k++) {
        const i = Math.floor(((k + 0.5) * gradient.length) / 5);
        const [plus, minus] = [step, -step].map((length) =>
          by === "offset" ? loss64(point, shifted(offset, i, length)) : loss64(shifted(point, i, length), offset),
        );
        const difference = (plus! - minus!) / (2 * step);
        assert.ok(Math.abs(difference - gradient[i]!) < 1e-6 * largest + 1e-9, `${by} ${i}: ${difference}`);
      }
    }
  });
});

test("a batch in parts has the same noise and the same gradient, on both engines", async () => {
  const spec: Adversarial = { ...plain, spread: 0.02 };
  const found: Float32Array[] = [];
  for (const open of [
    () => Promise.resolve(referenceSession(model, adapter)),
    () => onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") }),
  ])
    await onSession(await open(), async (objective) => {
      for (const parts of [1, 2, batch.labels.length, 100]) {
        const { estimate, gradient } = await measured({ ...spec, parts }, objective, point, batch);
        assert.is(estimate.backwardPasses, 2 * Math.min(parts, batch.labels.length));
        found.push(gradient);
      }
    });
  for (const gradient of found) assert.ok(relativeError(gradient, found[0]!) < 2e-4, String(relativeError(gradient, found[0]!))); // prettier-ignore
});

test("a gradient of the offset that is not finite ends the step where it stands, and is named", async () => {
  const bad: Objective<null> = {
    ...toy,
    inputs: {
      ...toy.inputs!,
      gradient: async (...asked) => {
        const found = await toy.inputs!.gradient(...asked);
        return asked[3] === "point" ? found : { ...found, gradient: found.gradient.fill(NaN) };
      },
    },
  };
  const layout = layoutOf([{ name: "w", shape: [2], decay: true }]);
  const here = { seed: 0, step: 0, epoch: 0, layout, batch: null, state: NO_STATE };
  const start = Float32Array.of(3, 4);
  const { estimate, point: after } = await step(scala(), bad, start, here);
  assert.is(estimate.notFinite, "offset of the embeddings");
  assert.is(after, start);
});

test("a run without what it needs is refused before any work; bad settings are named", async () => {
  const { losses, derivatives, gradient, inputs } = matrices.objective;
  const without = { losses, derivatives, gradient: gradient! };
  await rejectsWith(
    train(methodRun(matrices, scala(), {}, { objective: without })),
    "probe: expected an objective whose inputs can be moved",
  );
  const whole = { ...without, inputs: inputs! };
  await rejectsWith(
    train(methodRun(matrices, scala({ parts: 4 }), {}, { objective: whole })),
    "probe.parts: expected 1: this objective's loss is no mean over texts, so its batches are taken whole, got 4",
  );
  throwsWith(() => scala({ radius: 0 }), "method.probe.radius: expected a positive number, got 0");
  throwsWith(() => scala({ spread: -1 }), "method.probe.spread: expected 0 or more, got -1");
  throwsWith(
    () => scala({ player: "nobody" as never }),
    'method.probe.player: expected gradient or random, got "nobody"',
  );
});

test.run();
