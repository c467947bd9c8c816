import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { beginDirections, directionKind, openDirections } from "../../src/estimator/directions";
import { drawInto } from "../../src/estimator/direction";
import type { Objective } from "../../src/estimator/objective";
import { NO_STATE, ownVectors, type State } from "../../src/estimator/state";
import { createWorkspace, type Workspace } from "../../src/estimator/workspace";
import { recordKey } from "../../src/experiment/record-key";
import { checkMethod, isExact, passesOf, perturbationScaleOf, type Method } from "../../src/optimizer/method";
import { inOldForm, readMethod, type OldMethod } from "../../src/optimizer/old-form";
import { mezo } from "../../src/optimizer/recipes";
import { roundsKind } from "../../src/optimizer/rounds";
import { applyRecorded, step, type StepOutcome } from "../../src/optimizer/step";
import { passesPerStep } from "../../src/schedule/forward-passes";
import { queriesAt } from "../../src/schedule/schedule";
import { decodeLine, type StepRecord } from "../../src/train/records";
import { replay, walk } from "../../src/train/replay";
import { passesOfStep } from "../../src/train/settings";
import { train, type RunResult, type TrainOptions } from "../../src/train/train";
import { trainEventsInFile, trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { dot } from "../../src/tree/vector";
import { numericFields } from "./method-fields";
import { finiteProblems, matrices, plainQuadratic, spoiled, type MethodProblem } from "./method-problems";
import { bits, fitting, formsOf, methodRun, stateBits, STEPS, untimed, watched } from "./method-runs";
import type { Asked, MethodForm, MethodRow } from "./method-runs";
import { inFolder } from "./in-folder";
import { relativeError } from "./near";
import { rejectsWith, throwsWith } from "./throws";

/** The batch of a step, as runs here have it. */
const batchAt = (index: number): number => index;

type Property = (row: MethodRow) => Promise<void>;

/** What every method must hold, whatever its parts are. */
export const methodProperties: Readonly<Record<string, Property>> = {
  "is plain data: it survives JSON and takes the same steps": survivesJson,
  "its check names each field that is no number, or out of range": namesFields,
  "is a function of the seed": followsSeed,
  "is walked again from the recorded lines alone, bit for bit": replays,
  "cut off after any step, it goes on to the same bits and lines": goesOn,
  "reused and spared memory change no bit": reusesMemory,
  "costs the forward passes that it says, and keeps the budget": costsWhatItSays,
  "asks many points at once as one by one, each where the probe says": asksWhereItSays,
  "lowers the loss": lowersLoss,
  "a loss that is not finite moves nothing and loses no step": stopsWhereNotFinite,
  "its old form has the same key and reads back": keepsItsKey,
  "another method's file and snapshot are not gone on with": refusesOthers,
  "what cannot work is refused before any work, and leaves no file": refusesEarly,
};

async function survivesJson(row: MethodRow): Promise<void> {
  await eachForm(row, async (problem, { method }) => {
    const read = checkMethod(JSON.parse(JSON.stringify(method)) as Method);
    assert.equal(read, method);
    sameRun(await train(methodRun(problem, read)), await train(methodRun(problem, method)));
  });
}

/** Numbers of a method that may be null. */
const MAY_BE_NULL = /^method\.probe\.chunk$/;

async function namesFields(row: MethodRow): Promise<void> {
  for (const { method } of formsOf(row, matrices.layout)) {
    for (const part of Object.keys(method).filter((name) => name !== "name"))
      for (const bad of [null, undefined, "x", 5, [null], { kind: "x" }, { kind: null }])
        throwsWith(() => checkMethod({ ...method, ...({ [part]: bad } as object) }), /^method\b/);
    for (const { path, replaced } of numericFields(method))
      for (const bad of ["x", "0.5", NaN, Infinity, -1, null, undefined, [0.5], {}]) {
        if (bad === null && MAY_BE_NULL.test(path) && method.probe?.kind === "directional") continue;
        throwsWith(() => checkMethod(replaced(bad)), new RegExp(`^${path.replace(/[[\].]/g, "\\$&")}\\b`));
      }
  }
}

async function followsSeed(row: MethodRow): Promise<void> {
  await eachForm(row, async (problem, { method }) => {
    const [one, again, other] = await Promise.all([5, 5, 6].map((seed) => train(methodRun(problem, method, { seed }))));
    sameRun(again, one);
    assert.is(bits(other.point) === bits(one.point), isExact(method) && !drawsItself(method), "another seed");
  });
}

/** Whether an exact gradient is taken where noise leads. */
function drawsItself({ probe }: Method): boolean {
  if (probe?.kind === "adversarial") return probe.player === "random" || probe.spread > 0;
  return probe?.kind === "extrapolated-gradients" && probe.direction === "noise";
}

async function replays(row: MethodRow): Promise<void> {
  await eachForm(row, async (problem, { method }) => {
    const run = methodRun(problem, method);
    const [points, states]: [string[], unknown[]] = [[], []];
    const lines: string[] = [];
    const sink = { append: (line: string) => void lines.push(line), close: () => undefined };
    const { header, point } = await train({ ...run, sink }, (event) => {
      if (event.kind !== "step") return;
      points.push(bits(event.point));
      states.push(stateBits(event.state));
    });
    const records = lines.map((line) => decodeLine("line", JSON.parse(line)));
    const steps = records.filter((record): record is StepRecord => record.kind === "step");
    const nothing = { sources: null, stepEnds: [], goodBytes: 0, recovered: null, unchecked: null };
    const trajectory = { header, steps, evaluations: [], changes: [], end: null, ...nothing };
    if (isExact(method)) {
      throwsWith(() => replay(trajectory, run.start, run.layout), "go on from a snapshot instead");
      return;
    }
    const walked = [...walk(trajectory, { step: 0, point: run.start }, run.layout)].map(({ state }) => state);
    assert.is(walked.length, STEPS);
    let at = 0;
    for (const waypoint of walk(trajectory, { step: 0, point: run.start }, run.layout)) {
      assert.is(bits(waypoint.point), points[at], `point after step ${at + 1}`);
      assert.equal(stateBits(waypoint.state), states[at++], `state after step ${at}`);
    }
    assert.is(bits(replay(trajectory, run.start, run.layout)), bits(point));
    assert.is(bits(replay(trajectory, run.start, run.layout, 4)), points[3], "part of the way");
  });
}

async function goesOn(row: MethodRow): Promise<void> {
  const problem = matrices;
  // In short: all that it carries changes on the way. Where its numbers come from makes no difference here.
  for (const { what, method } of formsOf(row, problem.layout).slice(1, 2)) {
    const expected = await train(methodRun(problem, method));
    for (const snapshotEvery of [0, 3])
      for (let steps = 0; steps < STEPS; steps++)
        await inFolder({}, async (folder) => {
          const path = `${folder}/run.jsonl`;
          const options = { ...methodRun(problem, method), path, snapshotEvery };
          for await (const event of trainEventsInFile(options))
            if (event.kind === (steps === 0 ? "evaluation" : "step") && event.record.step === steps) break;
          const resumed = await trainInFile(options);
          sameRun(resumed, expected, `${what}, cut after step ${steps}, snapshots every ${snapshotEvery}`);
          assert.is(bits(resumed.best!.point), bits(expected.best!.point));
          const read = readTrajectory(path)!;
          assert.equal(untimed(read.steps), untimed(expected.steps));
          assert.equal(untimed(read.evaluations), untimed(expected.evaluations));
        });
  }
}

async function reusesMemory(row: MethodRow): Promise<void> {
  await eachForm(row, async (problem, { method }) => {
    const { layout, objective } = problem;
    const walkWith = async (workspace: Workspace | null, over: boolean) => {
      const passed: StepOutcome[] = [];
      const seen: unknown[] = [];
      let at: StepOutcome = { point: problem.start.slice(), state: NO_STATE };
      for (let index = 0; index < STEPS; index++) {
        const before = [bits(at.point), stateBits(at.state)];
        const where = { seed: 5, step: index, epoch: index, layout, batchAt };
        const from = {
          state: at.state,
          ...(workspace && { workspace }),
          over: over && passed.length === 2 ? passed.shift() : undefined,
        };
        const next = await step(method, objective, at.point, { ...where, ...from, batch: index });
        const { point, state, estimate } = next;
        assert.equal([bits(at.point), stateBits(at.state)], before, "what a step goes on from is only read");
        assert.not.ok(point === at.point, "the next point has memory of its own");
        seen.push([estimate, bits(point), stateBits(state)]);
        if (!isExact(method)) {
          const { projectedGradients, further = [] } = estimate;
          const again = applyRecorded(method, at.point, { ...where, state: at.state, projectedGradients, further });
          assert.equal([bits(again.point), stateBits(again.state)], [bits(point), stateBits(state)], "recorded step");
        }
        at = { point, state };
        passed.push(at);
      }
      return seen;
    };
    const expected = await walkWith(null, false);
    assert.equal(await walkWith(createWorkspace(layout.size, false), true), expected, "reused memory");
    assert.equal(await walkWith(createWorkspace(layout.size, true), true), expected, "spared memory");
    assert.equal(await walkWith(createWorkspace(layout.size, true), false), expected, "a sparing workspace");
  });
}

async function costsWhatItSays(row: MethodRow): Promise<void> {
  await eachForm(row, async (problem, { method }) => {
    let asked = 0;
    const objective = watched(problem.objective, ({ points, directions }) => {
      asked += points.length + directions.length;
    });
    const run = methodRun(problem, method, {}, { objective });
    const costs: number[] = [];
    const { steps } = await train(run, (event) => {
      if (event.kind !== "step") return;
      costs.push(asked);
      asked = 0;
    });
    const said = steps.map((_, index) => passesOfStep(run.settings, index));
    assert.equal(costs, said, "what the engine was asked");
    assert.equal(
      steps.map(({ forwardPasses }, i) => forwardPasses - (steps[i - 1]?.forwardPasses ?? 0)),
      said,
    );
    steps.forEach(({ queries }, i) => assert.is(said[i], passesPerStep(passesOf(method), Math.max(queries, 1), i)));
    const whole = said.reduce((sum, passes) => sum + passes, 0);
    for (const forwardPasses of [0, said[0] - 1, said[0], whole - 1, whole, whole + 1]) {
      const { end } = await train(methodRun(problem, method, { budget: { kind: "forward-passes", forwardPasses } }));
      assert.is(end.reason, "finished");
      assert.ok(end.forwardPasses <= forwardPasses, `${end.forwardPasses} of ${forwardPasses}`);
      assert.ok(end.forwardPasses + passesOfStep(run.settings, end.step) > forwardPasses, "no more than it must leave");
    }
  });
}

async function asksWhereItSays(row: MethodRow): Promise<void> {
  await eachForm(row, async (problem, { method }) => {
    const expected = await askedBy(problem, method);
    if (method.probe !== undefined && "chunk" in method.probe)
      for (const chunk of [1, 2, 4]) {
        const found = await askedBy(problem, { ...method, probe: { ...method.probe, chunk } });
        assert.equal(found.bits, expected.bits, `${chunk} queries in a call`);
        if (method.probe.kind !== "directional") assert.equal(found.points, expected.points);
      }
  });
}

/** Takes 4 steps, and checks that each point that was asked is theta, or theta moved along the step's directions. */
async function askedBy(
  problem: MethodProblem,
  method: Method,
): Promise<{ readonly bits: unknown; readonly points: unknown }> {
  const { layout } = problem;
  const epsilon = perturbationScaleOf(method);
  const [moved, points]: [unknown[], unknown[]] = [[], []];
  const drawn: string[] = [];
  let at: { readonly point: Float32Array; readonly state: State } = { point: problem.start, state: NO_STATE };
  for (let index = 0; index < 4; index++) {
    const calls: Asked[] = [];
    const objective = watched(problem.objective, (asked) => calls.push(asked));
    const next = await step(method, objective, at.point, {
      ...{ seed: 5, step: index, epoch: index, layout, batch: index, batchAt },
      state: at.state,
    });
    const own = { ...at.state, vectors: ownVectors(at.state, "directions") };
    const here = { seed: 5, step: index, layout, point: at.point, state: own };
    const draw = openDirections(method.directions, beginDirections(method.directions, here));
    const zs = Array.from({ length: next.queries }, (_, query) => {
      const z = new Float32Array(layout.size);
      drawInto(draw, query, z);
      return z;
    });
    drawn.push(...zs.map(bits));
    const { projectedGradients } = next.estimate;
    assert.is(projectedGradients.length, isExact(method) ? 0 : next.queries);
    const theta = at.point;
    const asked = calls.flatMap((call) => call.points);
    points.push(asked.map(bits));
    const along = calls.flatMap(({ directions }) => directions);
    if (method.probe?.kind === "directional") assert.equal(along.map(bits), zs.map(bits), "directions");
    const away = asked.filter((point) => bits(point) !== bits(theta));
    // A probe that looks uphill, or where its workers extrapolate, is held by a test of its own.
    const elsewhere =
      method.probe?.kind === "extrapolated-gradients" ? null : method.probe?.kind === "sharpness-aware" ? 1 : 0;
    if (epsilon === null && elsewhere !== null)
      assert.is(away.length, elsewhere, "an exact derivative is asked at theta alone");
    // Rounds that move or look before they measure are held by tests of their own.
    const apart = method.rounds === undefined || roundsKind("rounds", method.rounds).apart === true;
    // So are gradients that are taken elsewhere.
    const measured = isExact(method)
      ? []
      : method.rounds === undefined
        ? away
        : away.slice(0, apart ? 2 * next.queries : 0);
    const perQuery = measured.length / next.queries;
    measured.forEach((point, i) => {
      const z = zs[Math.floor(i / perQuery)];
      const a =
        dot(
          point.map((value, k) => value - theta[k]),
          z,
        ) / dot(z, z);
      assert.ok(Math.abs(Math.abs(a) - epsilon!) < 1e-3 * epsilon!, `|a| = ${Math.abs(a)}, expected ${epsilon}`);
      const error = relativeError(
        point,
        theta.map((value, k) => value + a * z[k]),
      );
      assert.ok(error < 1e-5, `a point on the line, relative error ${error}`);
    });
    if (!isExact(method) && apart) {
      const { gradient } = await problem.objective.gradient!(theta, index);
      projectedGradients.forEach((p, query) => {
        // What losses in float64 at points in float32 leave: their rounding, the third derivative of the round bowl, and one-sided the second.
        const length = Math.sqrt(dot(zs[query], zs[query]));
        const bent = perQuery === 1 ? (epsilon! * length ** 2 * problem.curvature) / 2 : 0;
        const limit = 1e-6 + 1e-3 * length * (1 + (epsilon ?? 0) * 1e2) + bent;
        const exact = dot(gradient, zs[query]);
        assert.ok(Math.abs(p - exact) <= limit, `p = ${p}, <g, z> = ${exact}, at most ${limit} apart`);
      });
    }
    moved.push([bits(next.point), projectedGradients, stateBits(next.state)]);
    at = next;
  }
  // Random signs of few numbers may well be the same again.
  if (layout.size >= 100) assert.is(new Set(drawn).size, drawn.length, "each query of each step has its own direction");
  return { bits: moved, points };
}

/** Learning rates over the largest second derivative, from the largest on: the first that works is enough. */
const RATES = [0.1, 0.03, 0.01, 0.003, 0.001] as const;

async function lowersLoss(row: MethodRow): Promise<void> {
  for (const problem of finiteProblems) {
    const before = problem.whole(problem.start);
    const found: number[] = [];
    // Directions that keep both factors for the run reach a few dimensions of each matrix and no others.
    const { kept } = directionKind("directions", fitting(row, problem.layout).directions);
    const enough = kept === "both" && problem === matrices ? 0.97 : 0.5;
    for (const rate of RATES) {
      const method = fitting(row, problem.layout, { redraw: 20, learningRate: rate / problem.curvature });
      const budget = { kind: "steps", steps: 300 } as const;
      const { point } = await train(methodRun(problem, method, { budget, evaluateEvery: 0, stepsPerEpoch: 20 }));
      found.push(problem.whole(point) / before);
      if (found.at(-1)! < enough) break;
    }
    assert.ok(found.at(-1)! < enough, `${problem.name}: the loss became ${found.join(", ")} of what it was`);
  }
}

async function stopsWhereNotFinite(row: MethodRow): Promise<void> {
  const problem = plainQuadratic;
  for (const { method } of formsOf(row, problem.layout)) {
    let state: State = NO_STATE;
    const clean = await train(methodRun(problem, method, { budget: { kind: "steps", steps: 3 } }), (event) => {
      if (event.kind === "step") state = event.state;
    });
    // An exact gradient's loss and itself; exact derivatives without their losses, of which only the first is used.
    const numbersOf = (index: number): number => {
      if (isExact(method)) return 2 * passesOfStep(methodRun(problem, method).settings, index);
      if (method.probe?.kind === "directional") return queriesAt(method.queries, { step: index, epoch: index });
      return passesOfStep(methodRun(problem, method).settings, index);
    };
    const before = [0, 1, 2].reduce((sum, index) => sum + numbersOf(index), 0);
    for (const nth of [null, ...Array.from({ length: numbersOf(3) }, (_, i) => i)])
      await inFolder({}, async (folder) => {
        const value = [NaN, Infinity, -Infinity][(nth ?? 0) % 3];
        const what = `number ${nth} of the step is ${value}`;
        const objective = spoiled(problem, before, { nth, value });
        const where = { seed: 5, step: 3, epoch: 3, layout: problem.layout, batch: 3, batchAt, state };
        const alone = await step(method, spoiled(problem, 0, { nth, value }), clean.point, where);
        assert.ok(alone.point === clean.point && alone.state === state, `${what}: nothing moves`);
        const options = { ...methodRun(problem, method, {}, { objective }), path: `${folder}/run.jsonl` };
        const run = await trainInFile(options);
        assert.is(run.end.reason, "not-finite", what);
        assert.is(run.end.step, 3);
        assert.is(bits(run.point), bits(clean.point), what);
        const kept = readTrajectory(options.path)!;
        assert.equal(untimed(kept.steps), untimed(clean.steps), what);
        assert.is(kept.end?.reason, "not-finite");
        const again = await trainInFile({ ...options, objective: nobody });
        assert.equal([again.end.reason, bits(again.point)], ["not-finite", bits(clean.point)]);
      });
  }
}

async function keepsItsKey(row: MethodRow): Promise<void> {
  for (const { method } of formsOf(row, matrices.layout)) {
    const old = inOldForm(method) as Method | OldMethod;
    const read = readMethod(old);
    assert.equal(read, method);
    const settings = { seed: 0, rank: 8, method };
    assert.is(recordKey(settings), recordKey({ ...settings, method: old }));
    assert.is(recordKey(settings), recordKey({ ...settings, method: JSON.parse(JSON.stringify(method)) as Method }));
    for (const { replaced, value } of numericFields(method))
      assert.is.not(recordKey(settings), recordKey({ ...settings, method: replaced(value + 1) }), "another number");
  }
}

async function refusesOthers(row: MethodRow): Promise<void> {
  const problem = matrices;
  const { method } = formsOf(row, problem.layout)[1];
  const other = mezo({ learningRate: 3e-4, queries: 2, name: "other" });
  const short = { budget: { kind: "steps", steps: 3 } } as const;
  await inFolder({}, async (folder) => {
    const [path, others] = [`${folder}/run.jsonl`, `${folder}/other.jsonl`];
    const expected = await trainInFile({ ...methodRun(problem, method), path, snapshotEvery: 3 });
    await trainInFile({ ...methodRun(problem, other, short), path: others, snapshotEvery: 3 });
    const text = readFileSync(others, "utf8");
    await rejectsWith(
      trainInFile({ ...methodRun(problem, method, {}, nothing), path: others }),
      'settings.method.name: recorded "other"',
    );
    assert.is(readFileSync(others, "utf8"), text, "the other's file stays as it was");
    // The other's snapshot beside this run's beginning, as if somebody had copied it there.
    const lines = readFileSync(path, "utf8").split("\n");
    const cut = lines.findIndex((line) => line.includes(`"step":${STEPS},`));
    writeFileSync(path, `${lines.slice(0, cut).join("\n")}\n`);
    writeFileSync(`${path}.snapshot`, readFileSync(`${others}.snapshot`));
    sameRun(await trainInFile({ ...methodRun(problem, method), path, snapshotEvery: 3 }), expected);
  });
}

async function refusesEarly(row: MethodRow): Promise<void> {
  const problem = matrices;
  for (const { method } of formsOf(row, problem.layout)) {
    for (const { path, replaced } of numericFields(method)) {
      await refused(methodRun(problem, replaced("x"), {}, nothing), path);
      if (/\.(rank|redraw|keep|bits|perturbationScale|chunk)$/.test(path))
        await refused(methodRun(problem, replaced(0), {}, nothing), path);
      if (path.endsWith(".rank"))
        await refused(methodRun(problem, replaced(10), {}, nothing), `${path}: expected at most`);
    }
    const without = { losses: problem.objective.losses, derivatives: nobody.derivatives };
    if (isExact(method)) await refused(methodRun(problem, method, {}, { objective: without }), "gives gradients");
    else if (method.probe?.kind === "directional")
      await rejectsWith(train(methodRun(problem, method, {}, { objective: without })), "not to be asked");
  }
}

/** Asserts that a run in a file is refused with these words, and that the file is not there. */
async function refused(options: TrainOptions<number>, words: string): Promise<void> {
  await inFolder({}, async (folder) => {
    await rejectsWith(trainInFile({ ...options, path: `${folder}/run.jsonl`, snapshotEvery: 1 }), words);
    assert.equal(readdirSync(folder), [], "files that are left");
  });
}

const refuse = async (): Promise<never> => {
  throw new Error("not to be asked");
};
/** An engine that must not be asked. */
const nobody: Objective<number> = {
  losses: refuse,
  derivatives: refuse,
  gradient: refuse,
  split: matrices.objective.split!,
  inputs: { sizes: () => [], gradient: refuse },
};
/** Neither an engine nor an evaluation that may be asked. */
const nothing = { objective: nobody, evaluate: refuse };

/** Tries a property with each form of a row on each finite problem. */
async function eachForm(
  row: MethodRow,
  check: (problem: MethodProblem, form: MethodForm) => Promise<void>,
): Promise<void> {
  for (const problem of finiteProblems)
    for (const form of formsOf(row, problem.layout))
      try {
        await check(problem, form);
      } catch (error) {
        if (error instanceof Error) error.message = `${problem.name}, ${form.what}: ${error.message}`;
        throw error;
      }
}

function sameRun(found: RunResult, expected: RunResult, what = "run"): void {
  assert.is(bits(found.point), bits(expected.point), `${what}: last point`);
  assert.equal(untimed(found.steps), untimed(expected.steps), `${what}: steps`);
  assert.equal(untimed(found.evaluations), untimed(expected.evaluations), `${what}: evaluations`);
}
