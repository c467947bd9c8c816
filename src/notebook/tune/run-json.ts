import { fail } from "../../check/check";
import type { Trainable } from "../../experiment/problem";
import type { ObjectiveSpec } from "../../task/objective-spec";
import { tasks } from "../../task/tasks";
import type { Budget } from "../../train/settings";
import type { LiveRun } from "../live-runs";
import { checkRunFile } from "./run-file";

/**
 * Writes a notebook's run as the settings file that makes it again: `npm run tune -- FILE` walks to the same bits, and what was changed by hand
 * while it went is changed at the same steps.
 * For example `console.log(runJson(problem, runs[0]))`.
 * @throws when the run holds what a file cannot carry: a task or a part of the method that was written in a cell, a model that was made in memory
 */
export function runJson(
  problem: Trainable<unknown>,
  { arm, result, drift }: Pick<LiveRun, "arm" | "result" | "drift">,
): string {
  const { settings } = result.header;
  const margin = settings.stop.flatMap((rule) => (rule.kind === "diverged" ? [rule.margin] : []))[0];
  const patience = settings.stop.flatMap((rule) => (rule.kind === "patience" ? [rule.evaluations] : []))[0];
  const run = {
    name: arm.name,
    model: problem.loaded.name,
    task: taskOf(problem),
    texts: problem.options,
    adapter: arm.adapter,
    method: arm.method,
    ...objectiveOf(settings.objective),
    budget: budgetOf(arm.budget),
    batchSize: arm.batchSize,
    evaluation: {
      every: settings.evaluateEvery,
      ...(settings.best !== undefined && { best: settings.best }),
      ...(margin !== undefined && { stopMargin: margin }),
      ...(drift !== undefined && { drift: { task: taskOf(drift), texts: drift.options } }),
      ...(patience !== undefined && { patience }),
      ...(settings.averageLast !== undefined && { averageLast: settings.averageLast }),
    },
    seed: settings.seed,
    ...(result.changes.length > 0 && { changes: result.changes.map(({ step, change }) => ({ step, change })) }),
  };
  const text = JSON.stringify(run, null, 2);
  checkRunFile(`${arm.name} as a settings file`, JSON.parse(text));
  return text;
}

function taskOf({ task }: Trainable<unknown>): unknown {
  if (task.own?.declared) return task.kind === "chat" ? { chat: task.own.declared } : task.own.declared;
  if (tasks.some(({ name }) => name === task.name)) return task.name;
  return fail("task", "a published task, a table of your own (tableTask), or conversations (chatTask)", task.name);
}

function objectiveOf(spec: ObjectiveSpec | undefined): { readonly objective?: string } {
  if (spec === undefined) return {};
  if (spec.kind === "metric") return { objective: spec.metric };
  return fail("objective", "the loss or a metric: a reward is a function, which no file holds", `the reward ${spec.name}`); // prettier-ignore
}

function budgetOf(budget: Budget): object {
  return Object.fromEntries(Object.entries(budget).filter(([name]) => name !== "kind"));
}
