import { appendFileSync } from "node:fs";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { openSession } from "../../src/engine/open-session";
import type { ModelSession } from "../../src/engine/session";
import type { Arm } from "../../src/experiment/arm";
import { cellsOf } from "../../src/experiment/cells";
import { fieldGrid } from "../../src/experiment/field-grid";
import { isStill } from "../../src/experiment/plan";
import type { PlannedRun } from "../../src/experiment/plan";
import { armOptions } from "../../src/experiment/run-arm";
import { openModel, openProblem, openTask } from "../../src/notebook/open";
import { commitNow, machineNow } from "../../src/notebook/provenance";
import type { PassTime } from "../../src/table/pass-times";
import { train } from "../../src/train/train";
import type { BenchOptions } from "./options";
import type { Report, Table } from "./report";
import { median } from "./timing";

const path = "data/results/pass-times.jsonl";
/** Steps of a round; the first is not timed. */
const STEPS = 9;

interface Line {
  readonly arm: Arm;
  readonly perPass: number[];
  readonly perStep: number[];
}

/** Seconds of a forward pass and of a step by method, all of a step included, in turn. Appends to the committed records. */
export async function fieldBench({ rounds = 3, dry }: BenchOptions): Promise<Report> {
  const runs = new Map<string, PlannedRun>();
  for (const { settings } of cellsOf(fieldGrid()))
    if (!isStill(settings.arm)) {
      const key = JSON.stringify([settings.model, settings.task, settings.arm.name]);
      if (!runs.has(key)) runs.set(key, settings);
    }
  const tables = [];
  for (const model of new Set([...runs.values()].map((run) => run.model)))
    tables.push(await measure([...runs.values()].filter((run) => run.model === model), rounds, dry)); // prettier-ignore
  return {
    title: "Seconds of a forward pass and of a step, by method",
    tables,
    notes: [`The records behind these tables, one line each: ${path}. One thread, as the runs of the comparison have.`],
  };
}

async function measure(runs: readonly PlannedRun[], rounds: number, dry: boolean): Promise<Table> {
  const [{ model, task, problem: options, threads }] = runs;
  const loaded = await openModel(model);
  const problem = await openProblem(loaded, await openTask(task), { ...options, seed: 0 });
  const sessions = new Map<string, ModelSession>();
  const lines = runs.map(({ arm }): Line => ({ arm: arm as Arm, perPass: [], perStep: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { arm, perPass, perStep } of lines) {
      const adapter = makeAdapter(arm.adapter, problem.sessionModel);
      const key = JSON.stringify(adapter.spec);
      const session = sessions.get(key) ?? (await openSession(problem.sessionModel, adapter, { threads }));
      sessions.set(key, session);
      const ticks: { readonly at: number; readonly passes: number }[] = [];
      const shortened = { ...arm, budget: { kind: "steps", steps: STEPS } } as const;
      const settings = { seed: round, evaluateEvery: 0, stopMargin: null };
      const given = armOptions(shortened, problem, adapter, session, settings);
      const evaluate = () => Promise.resolve({ loss: 1, accuracy: 0 });
      await train({ ...given, evaluate, clock: () => performance.now() }, (event) => {
        if (event.kind === "step") ticks.push({ at: performance.now(), passes: event.record.forwardPasses });
      });
      const [first, last] = [ticks[0], ticks[ticks.length - 1]];
      perPass.push((last.at - first.at) / 1000 / (last.passes - first.passes));
      perStep.push((last.at - first.at) / 1000 / (ticks.length - 1));
    }
    console.error(`${model}: round ${round + 1} of ${rounds}`);
  }
  for (const session of sessions.values()) await session.dispose();
  const made = { machine: machineNow(), commit: commitNow(), date: new Date().toISOString().slice(0, 10) };
  const times = lines.map(({ arm, perPass, perStep }): PassTime => ({
    format: "adazeta-pass-time",
    version: 1,
    ...{ model, task, arm: arm.name, rounds, ...made },
    ...{ secondsPerPass: median(perPass), secondsPerStep: median(perStep) },
  }));
  if (!dry) for (const time of times) appendFileSync(path, `${JSON.stringify(time)}\n`);
  const base = times.find(({ arm }) => arm === "MeZO-LoRA") ?? times[0];
  return {
    caption: `${model} on ${task}, batch ${options.batchSize}, fp32, ${threads} thread: medians of ${rounds} rounds of ${STEPS - 1} steps`,
    head: ["method", "ms a pass", "over MeZO-LoRA's", "ms a step"],
    rows: times.map(({ arm, secondsPerPass, secondsPerStep }) => [
      arm,
      (1000 * secondsPerPass).toFixed(1),
      (secondsPerPass / base.secondsPerPass).toFixed(2),
      (1000 * secondsPerStep).toFixed(1),
    ]),
  };
}
