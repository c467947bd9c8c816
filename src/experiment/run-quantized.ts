import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Adapter } from "../adapter/adapter";
import { makeAdapter } from "../adapter/make-adapter";
import { fail } from "../check/check";
import { makeFolder } from "../disk/make-folder";
import { lowBitsPrecision, openLowBits } from "../engine/open-low-bits";
import type { ModelSession } from "../engine/session";
import type { Objective } from "../estimator/objective";
import { isFiniteEstimate } from "../estimator/estimate";
import { createWorkspace } from "../estimator/workspace";
import { lowBits, lowBitsName } from "../model/low-bits";
import type { Model } from "../model/model";
import { modelAt } from "../model/with-weights";
import { isExact } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { step } from "../optimizer/step";
import type { StepOutcome, StepResult } from "../optimizer/step";
import { accuracy } from "../task/metrics";
import type { LabelledBatch } from "../task/classifier";
import { distillationObjective, divergence, divergenceByOffset, readAt } from "../task/distillation";
import type { Read, TaughtBatch } from "../task/distillation";
import { crossEntropy, predictions, probabilities } from "../task/loss";
import { scores } from "../task/readout";
import type { Readout } from "../task/readout";
import { tokenMixtures } from "../task/token-mixtures";
import type { TokenMixtures } from "../task/token-mixtures";
import { fingerprintPoint } from "../train/fingerprint";
import { firstNotFinite, layoutOf } from "../tree/layout";
import type { Layout } from "../tree/layout";
import { mean } from "../tree/mean";
import { axpy } from "../tree/vector";
import { filterDirection } from "./filter-directions";
import type { Problem, Scores } from "./problem";
import type { QuantizedFindings, QuantizedSettings, TeacherSettings } from "./quantized-settings";
import type { StillResult } from "./record";

/** What opens a model with an adapter for training, on the engine that the run has; its form of weights that no other run has lies in a folder of their own. */
export type OpenTrained = (model: Model, adapter: Adapter, folder?: string) => Promise<ModelSession>;

/** A model that was tuned on a task, open in fp32, and what it says of dev and test. */
export interface Teacher extends Read {
  readonly adapter: Adapter;
  readonly dev: readonly Float64Array[];
  readonly test: readonly Float64Array[];
  readonly backwardPasses: number;
}

/** What a run of this kind is given. */
export interface QuantizedRun {
  readonly seed: number;
  readonly open: OpenTrained;
  /** Where the engine's own form of the student lies for a moment. */
  readonly directory: string;
  readonly threads?: number;
  readonly clock: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** What was found, and how a record takes it. */
export interface QuantizedScores {
  readonly still: StillResult;
  readonly test: Scores;
  readonly quantized: QuantizedFindings;
}

/**
 * Trains a teacher: the problem's model on its labelled training texts, in order of its batches.
 * @throws when a number is not finite, naming the tensor, or the engine has no gradients
 */
export async function trainTeacher(
  { adapter: spec, method, steps, batchSize }: TeacherSettings,
  problem: Problem,
  { seed, open, signal }: Pick<QuantizedRun, "seed" | "open" | "signal">,
): Promise<Teacher> {
  const adapter = makeAdapter(spec, problem.sessionModel);
  const session = await open(problem.sessionModel, adapter);
  try {
    const batches = problem.batches(batchSize);
    const walked = await walk(method, problem.objective(session), adapter.layout, adapter.initial(seed), {
      ...{ seed, steps, signal },
      batchAt: (index) => Promise.resolve(batches.at(index)),
    });
    if (walked.stopped !== null)
      fail("teacher", "finite numbers (take a smaller rate)", `${walked.stopped.tensor ?? "the loss"} at step ${walked.stopped.step}`); // prettier-ignore
    const { point } = walked;
    const all = (batches: readonly LabelledBatch[]) => scoresOf({ session, point }, problem.readout, batches);
    return {
      ...{ session, point, adapter, backwardPasses: walked.backward },
      dev: await all(problem.dev),
      test: await all(problem.test),
    };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

/**
 * Brings a teacher to few bits, and measures what became of it by its definition in fp32 and by the engine that computes with so few bits.
 * A number that is not finite ends the student's steps; what was reached is measured and recorded.
 * @throws when the engine has no such bits, before anything is trained
 */
export async function runQuantized(
  settings: QuantizedSettings,
  problem: Problem,
  teacher: Teacher,
  run: QuantizedRun,
): Promise<QuantizedScores> {
  const begin = run.clock();
  lowBitsPrecision(settings);
  const { readout } = problem;
  const { weights, activations, texts } = settings;
  const bits = { weights, activations };
  const whole = settings.adapter.kind === "full";
  // The teacher's weights are where the student starts: as its point, or frozen below a smaller adapter.
  const tuned = modelAt(problem.sessionModel, teacher.adapter.layout, teacher.point, idAt(problem.sessionModel, teacher.point)); // prettier-ignore
  const model = lowBits(tuned, bits);
  const adapter = makeAdapter(settings.adapter, model);
  const own = new Set(adapter.layout.entries.map(({ name }) => name));
  // Where the point holds all that the teacher has changed, the engine's weights are the untuned model's, which it has already.
  const covered = teacher.adapter.layout.entries.every(({ name }) => own.has(name));
  const folder = join(run.directory, `few-bits-${process.pid}`);
  makeFolder(folder);
  const session = covered
    ? await run.open(lowBits(problem.sessionModel, bits), makeAdapter(settings.adapter, problem.sessionModel))
    : await run.open(model, adapter, folder);
  try {
    const start = adapter.initial(run.seed);
    const taught =
      texts === "none"
        ? { ...NOTHING, point: start }
        : await teach(settings, problem, teacher, { session, point: start }, adapter.layout, run);
    const { point } = taught;
    const at = { session, point };
    const dev = judged(await scoresOf(at, readout, problem.dev), teacher.dev, problem.dev, readout);
    const test = judged(await scoresOf(at, readout, problem.test), teacher.test, problem.test, readout);
    const taughtBy = judged(teacher.test, teacher.test, problem.test, readout);
    const quantized: QuantizedFindings = {
      teacher: { loss: taughtBy.loss, accuracy: taughtBy.accuracy },
      divergence: test.divergence,
      engine: whole ? await byEngine(problem, teacher, modelAt(tuned, adapter.layout, point, idAt(tuned, point)), settings, { folder, threads: run.threads }) : null, // prettier-ignore
      taught: taught.losses,
      climbed: taught.climbed,
      passes: { forward: taught.forward, backward: taught.backward },
      along: whole && texts !== "none" ? await along(at, adapter.layout, problem, teacher, run.seed) : null,
      stopped: taught.stopped,
    };
    const count = problem.test.length;
    const name = lowBitsName(bits);
    const message = taught.stopped
      ? `${name}: ${taught.stopped.tensor ?? "the loss"} was not finite at step ${taught.stopped.step}`
      : `${name}, texts ${texts}: ${test.divergence.toFixed(4)} nats from the teacher on test`;
    return {
      still: {
        model: session.id,
        adapter: adapter.spec,
        data: problem.dataHash,
        parameters: adapter.layout.size,
        dev: { loss: dev.loss, accuracy: dev.accuracy, forwardPasses: problem.dev.length },
        forwardPasses: taught.forward,
        elapsedMs: run.clock() - begin,
        message,
      },
      test: {
        loss: test.loss,
        accuracy: test.accuracy,
        count: test.predicted.length,
        forwardPasses: count,
        metrics: problem.metricsOf("test", test.predicted),
        perExample: test.perExample,
      },
      quantized,
    };
  } finally {
    await session.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Taught {
  readonly point: Float32Array;
  readonly losses: readonly number[];
  readonly climbed: readonly number[];
  readonly forward: number;
  readonly backward: number;
  readonly stopped: QuantizedFindings["stopped"];
}

const NOTHING: Omit<Taught, "point"> = { losses: [], climbed: [], forward: 0, backward: 0, stopped: null };

/** The student's steps; before each of them, with a generator, one of its steps uphill. */
async function teach(
  { texts, mixtures: spec, ascent, method, steps }: QuantizedSettings,
  problem: Problem,
  teacher: Teacher,
  student: Read,
  layout: Layout,
  { seed, signal }: QuantizedRun,
): Promise<Taught> {
  const { readout } = problem;
  const mixtures = tokenMixtures(problem.sessionModel, spec, endsOf(problem.train), seed);
  const real = problem.batches(spec.texts);
  const climbed: number[] = [];
  let [forward, backward] = [0, 0];
  let uphill: Partial<StepOutcome> & { readonly point: Float32Array } = { point: mixtures.initial() };
  const climb = async (index: number, point: Float32Array): Promise<void> => {
    const objective = ascending(mixtures, async (input, offset) => {
      const found = await divergenceByOffset(teacher, { ...student, point }, readout, input, offset);
      climbed.push(found.divergence);
      [forward, backward] = [forward + found.passes, backward + found.passes];
      return found;
    });
    const weights = layoutOf([{ name: "generator", shape: [mixtures.size], decay: false }]);
    const where = { seed, step: index, epoch: 0, layout: weights, batch: 2 * index, state: uphill.state };
    const next = await step(ascent, objective, uphill.point, where);
    uphill = { point: next.point, state: next.state };
  };
  const batchAt = async (index: number, point: Float32Array): Promise<TaughtBatch> => {
    if (texts === "generated") await climb(index, point);
    const noise = mixtures.noise(2 * index + 1);
    const input = texts === "real" ? real.at(index).input : noise.input;
    const offset = texts === "generated" ? mixtures.offset(uphill.point, noise) : undefined;
    const shares = probabilities(await readAt(teacher, readout, input, offset), readout.classes);
    forward++;
    if (offset !== undefined) backward++;
    return { input, shares, ...(offset && { offset }) };
  };
  const objective = distillationObjective(student.session, readout);
  const walked = await walk(method, objective, layout, student.point, { seed, steps, signal, batchAt });
  return { ...walked, climbed, forward: forward + walked.forward, backward: backward + walked.backward };
}

/** Minus the divergence as a function of the generator's weights: its batch is the number of a draw. */
function ascending(
  mixtures: TokenMixtures,
  ask: (
    input: TaughtBatch["input"],
    offset: Float32Array,
  ) => Promise<{ readonly divergence: number; readonly gradient: Float32Array }>,
): Objective<number> {
  const none = (): Promise<never> => Promise.reject(new Error("a generator is trained by its gradient alone"));
  return {
    losses: none,
    derivatives: none,
    async gradient(weights, draw) {
      const noise = mixtures.noise(draw);
      const found = await ask(noise.input, mixtures.offset(weights, noise));
      const gradient = mixtures.pullBack(weights, noise, found.gradient);
      return { loss: -found.divergence, gradient: gradient.map((value) => -value) };
    },
  };
}

interface Walk<Batch> {
  readonly seed: number;
  readonly steps: number;
  readonly signal?: AbortSignal | undefined;
  readonly batchAt: (index: number, point: Float32Array) => Promise<Batch>;
}

/** Takes the steps of a method; numbers that are not finite end them where they stood. */
async function walk<Batch>(
  method: Method,
  objective: Objective<Batch>,
  layout: Layout,
  start: Float32Array,
  { seed, steps, signal, batchAt }: Walk<Batch>,
): Promise<Omit<Taught, "climbed">> {
  const workspace = createWorkspace(layout.size);
  const losses: number[] = [];
  let now: StepOutcome | { readonly point: Float32Array; readonly state?: undefined } = { point: start };
  let [forward, backward] = [0, 0];
  let stopped: Taught["stopped"] = null;
  for (let index = 0; index < steps && stopped === null; index++) {
    signal?.throwIfAborted();
    const batch = await batchAt(index, now.point);
    const at = { seed, step: index, epoch: 0, layout, batch, workspace };
    const result: StepResult = await step(method, objective, now.point, { ...at, state: now.state });
    const { estimate, point, state } = result;
    forward += estimate.forwardPasses;
    backward += estimate.backwardPasses ?? 0;
    if (!isFiniteEstimate(estimate)) {
      const found = estimate.notFinite ?? (isExact(method) ? firstNotFinite(layout, workspace.gradient) : null);
      stopped = { step: index + 1, tensor: found };
    } else losses.push(estimate.loss);
    now = { point, state };
  }
  return { point: now.point, losses, forward, backward, stopped };
}

/** What all texts begin and end with: an encoder's own tokens, none where they differ. */
function endsOf(texts: readonly LabelledBatch[]): {
  readonly first: readonly number[];
  readonly last: readonly number[];
} {
  const ids = texts.flatMap(({ input }) => input.ids);
  const common = (at: number): readonly number[] => {
    const all = new Set(ids.map((text) => text.at(at)!));
    return all.size === 1 && ids.every((text) => text.length > 2) ? [...all] : [];
  };
  return { first: common(0), last: common(-1) };
}

async function scoresOf(
  at: Read,
  readout: Readout,
  batches: readonly LabelledBatch[],
): Promise<readonly Float64Array[]> {
  const found: Float64Array[] = [];
  for (const { input } of batches) found.push(scores(readout, await at.session.features([at.point], input)));
  return found;
}

/** Loss and accuracy on labelled texts, and how far the scores are from a teacher's. */
function judged(
  own: readonly Float64Array[],
  teacher: readonly Float64Array[],
  batches: readonly LabelledBatch[],
  { classes }: Readout,
) {
  const labels = batches.flatMap((batch) => batch.labels);
  const predicted = own.flatMap((at) => predictions(at, classes));
  const perExample = own.flatMap((at, i) => [...crossEntropy(at, classes, batches[i]!.labels).perExample]);
  const apart = own.flatMap((at, i) => [...divergence(teacher[i]!, at, classes).perExample]);
  return {
    loss: mean(perExample),
    accuracy: accuracy(predicted, labels),
    divergence: mean(apart),
    perExample,
    predicted,
  };
}

/** The student as the engine computes it with so few bits. */
async function byEngine(
  problem: Problem,
  teacher: Teacher,
  student: Model,
  { weights, activations }: QuantizedSettings,
  { folder, threads }: { readonly folder: string; readonly threads: number | undefined },
): Promise<QuantizedFindings["engine"]> {
  const options = { cacheDirectory: folder, ...(threads === undefined ? {} : { threads }) };
  const { session, precision } = await openLowBits(student, { weights, activations }, options);
  try {
    const at = { session, point: new Float32Array(0) };
    const found = await scoresOf(at, problem.readout, problem.test);
    const { accuracy: right, divergence: apart } = judged(found, teacher.test, problem.test, problem.readout);
    return { precision, accuracy: right, divergence: apart };
  } finally {
    await session.dispose();
  }
}

/** How far along a direction, as a share of each row's length; the middle is the point itself. */
const DISTANCES = [-0.1, -0.05, 0, 0.05, 0.1] as const;
const DIRECTIONS = 2;

async function along(
  { session, point }: Read,
  layout: Layout,
  problem: Problem,
  teacher: Teacher,
  seed: number,
): Promise<QuantizedFindings["along"]> {
  const values: number[][] = [];
  for (let index = 0; index < DIRECTIONS; index++) {
    const direction = filterDirection(layout, point, seed, index);
    const row: number[] = [];
    for (const distance of DISTANCES) {
      const at = { session, point: axpy(distance, direction, point) };
      row.push(judged(await scoresOf(at, problem.readout, problem.dev), teacher.dev, problem.dev, problem.readout).divergence); // prettier-ignore
    }
    values.push(row);
  }
  return { distances: DISTANCES, values };
}

function idAt({ id }: Model, point: Float32Array): string {
  return `${id} at ${fingerprintPoint(point)}`;
}
