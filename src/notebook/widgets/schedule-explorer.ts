import { fail } from "../../check/check";
import { knownOptions, namesOf } from "../../check/known-options";
import { scheduleFigure } from "../../plot/schedule";
import {
  forwardPasses,
  passesOverSteps,
  stepsForPasses,
  stepsPerEpoch,
  TWO_SIDED,
} from "../../schedule/forward-passes";
import type { PassCost } from "../../schedule/forward-passes";
import { exponentOf } from "../../schedule/power-law";
import type { CurrentPowerLaw } from "../../schedule/power-law";
import { shown } from "../display";
import { figureBundle } from "../figure-display";
import type { FigureValue } from "../figure-display";
import { figureView } from "./figure-view";
import { dropdown, floatSlider, integerSlider, label } from "./controls";
import { hbox, show, vbox } from "./view";

/** Where the sliders stand. */
export interface ExplorerSettings {
  /** alpha. */
  readonly alpha: number;
  /** beta, or the queries to reach at the end of training, from which it is derived. */
  readonly exponent:
    { readonly kind: "beta"; readonly beta: number } | { readonly kind: "target"; readonly target: number };
  readonly cap: number;
  readonly batchSize: number;
  readonly steps: number;
  /** Training examples. */
  readonly examples: number;
}

/** What a run with a schedule costs, and what one with a constant number of queries buys for the same passes. */
export interface ScheduleCost {
  readonly schedule: CurrentPowerLaw;
  readonly stepsPerEpoch: number;
  readonly beta: number;
  readonly forwardPasses: number;
  /** Queries of a step on average over the run: mean_t Q_t. */
  readonly meanQueries: number;
  /** Passes of as many steps with one query. */
  readonly oneQueryPasses: number;
  /** Steps with one query for as many passes. */
  readonly oneQuerySteps: number;
}

/**
 * Gives the schedule of these settings and its cost in forward passes.
 * @throws when the schedule makes no sense
 * @example scheduleCost({ alpha: 0.85, exponent: { kind: "target", target: 20 }, cap: 15, batchSize: 16, steps: 10000, examples: 1000 }, { once: 0, perQuery: 2 }).beta.toFixed(3) // "0.623"
 */
export function scheduleCost(settings: ExplorerSettings, paid: PassCost = TWO_SIDED): ScheduleCost {
  const { alpha, exponent, cap, batchSize, steps, examples } = settings;
  const epochSteps = stepsPerEpoch(examples, batchSize);
  const epochs = Math.max(steps / epochSteps, 1.01);
  const schedule: CurrentPowerLaw = {
    kind: "power-law",
    form: "current",
    multiplier: alpha,
    exponent: exponent.kind === "beta" ? exponent.beta : { target: Math.max(exponent.target, alpha), epochs },
    cap,
  };
  const passes = forwardPasses(schedule, steps, epochSteps, paid);
  return {
    schedule,
    stepsPerEpoch: epochSteps,
    beta: exponentOf(schedule),
    forwardPasses: passes,
    meanQueries: forwardPasses(schedule, steps, epochSteps, { once: 0, perQuery: 1 }) / steps,
    oneQueryPasses: passesOverSteps(paid, 1, 0, steps),
    oneQuerySteps: stepsForPasses({ kind: "constant", value: 1 }, passes, epochSteps, paid),
  };
}

export interface ExplorerOptions extends Partial<ExplorerSettings> {
  /** d: with it the figure shows the estimator's second moment too. */
  readonly parameters?: number;
  /** What a step costs, for example `passesOf(method)`; default two losses a query. */
  readonly passes?: PassCost;
  /** The rival in the figure, default 1. */
  readonly constantQueries?: number;
}

const OPTIONS = namesOf<ExplorerOptions>({
  alpha: true,
  exponent: true,
  cap: true,
  batchSize: true,
  steps: true,
  examples: true,
  parameters: true,
  passes: true,
  constantQueries: true,
});

/** What the sliders say now. */
export interface ScheduleExplorer {
  readonly [shown]: true;
  readonly settings: ExplorerSettings;
  /** For `adazeta({ ... })` or a method's `queries`. */
  readonly schedule: CurrentPowerLaw;
  readonly cost: ScheduleCost;
  /** Calls `listener` with every new cost until the returned function is called. */
  subscribe(listener: (cost: ScheduleCost) => void): () => void;
}

/**
 * Makes sliders for the query schedule beside a figure of what it spends: queries per step, cumulative forward passes, and the estimator's
 * second moment (d + Q + 1) / Q; a line says what the run costs beside a constant number of queries. The next cell takes `schedule`.
 * Where nobody can move the sliders (headless), it has the values given.
 * For example `const explorer = scheduleExplorer({ alpha: 0.85, cap: 8, steps: 240, examples: 128, batchSize: 8 }); explorer.schedule`.
 * @throws when an option is unknown, or a value is outside its slider
 */
export function scheduleExplorer(options: ExplorerOptions = {}): ScheduleExplorer {
  knownOptions("scheduleExplorer", options, OPTIONS);
  const { alpha = 0.85, cap = 15, batchSize = 16, steps = 10_000, examples = 1000 } = options;
  const { parameters, passes = TWO_SIDED, constantQueries = 1 } = options;
  const exponent = options.exponent ?? { kind: "target", target: 20 };
  const target = exponent.kind === "target" ? exponent.target : 20;
  const beta = exponent.kind === "beta" ? exponent.beta : 0.5;
  const range = (value: number, max: number): number => Math.max(max, Math.ceil(value));
  const sliders = {
    alpha: floatSlider("alpha", { value: alpha, min: Math.min(0.05, alpha), max: range(alpha, 3), step: 0.05 }),
    by: dropdown(
      "beta from",
      ["target at the end", "beta itself"],
      exponent.kind === "beta" ? "beta itself" : "target at the end",
    ),
    target: floatSlider("target", { value: target, min: Math.min(1, target), max: range(target, 64), step: 0.5 }),
    beta: floatSlider("beta", { value: beta, min: Math.min(0, beta), max: range(beta, 2), step: 0.01 }),
    cap: integerSlider("cap", { value: cap, min: 1, max: range(cap, 64) }),
    batchSize: integerSlider("batch size", { value: batchSize, min: 1, max: range(batchSize, 128) }),
    steps: integerSlider("steps", { value: steps, min: Math.min(10, steps), max: range(steps, 20_000), step: 10 }),
    examples: integerSlider("training examples", {
      value: examples,
      min: Math.min(8, examples),
      max: range(examples, 10_000),
      step: 8,
    }),
  };
  const settings = (): ExplorerSettings => ({
    alpha: sliders.alpha.value,
    exponent:
      sliders.by.value === "beta itself"
        ? { kind: "beta", beta: sliders.beta.value }
        : { kind: "target", target: sliders.target.value },
    cap: sliders.cap.value,
    batchSize: sliders.batchSize.value,
    steps: sliders.steps.value,
    examples: sliders.examples.value,
  });
  let cost = scheduleCost(settings(), passes);
  const drawn = ({ schedule, stepsPerEpoch: epochSteps }: ScheduleCost): FigureValue =>
    scheduleFigure(
      [
        { name: "AdaZeta", arm: "adazeta", queries: schedule },
        constantQueries === 1
          ? { name: "MeZO", arm: "mezo", queries: 1 }
          : { name: `constant ${constantQueries}`, queries: constantQueries },
      ],
      {
        steps: sliders.steps.value,
        stepsPerEpoch: epochSteps,
        passes,
        title: "What the schedule spends",
        ...(parameters === undefined ? {} : { parameters }),
      },
    );
  const figure = figureView(drawn(cost));
  const words = label(costText(cost, constantQueries, sliders.steps.value, passes));
  const listeners = new Set<(cost: ScheduleCost) => void>();
  const enable = (): void => {
    sliders.beta.configure({ disabled: sliders.by.value !== "beta itself" });
    sliders.target.configure({ disabled: sliders.by.value === "beta itself" });
  };
  const moved = (): void => {
    cost = scheduleCost(settings(), passes);
    figure.update(drawn(cost));
    words.set(costText(cost, constantQueries, sliders.steps.value, passes));
    for (const listener of [...listeners]) listener(cost);
  };
  enable();
  sliders.by.subscribe(enable);
  for (const slider of Object.values(sliders)) slider.subscribe(moved);
  const { by, cap: c, batchSize: b, steps: s, examples: e } = sliders;
  show(vbox([hbox([vbox([sliders.alpha, by, sliders.target, sliders.beta]), vbox([c, b, s, e])]), words, figure]), {
    ...figureBundle(figure.figure),
    "text/plain": costText(cost, constantQueries, sliders.steps.value, passes),
  });
  return {
    [shown]: true,
    get settings() {
      return settings();
    },
    get schedule() {
      return cost.schedule;
    },
    get cost() {
      return cost;
    },
    subscribe(listener) {
      if (typeof listener !== "function") fail("listener", "a function", listener);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Gives what the run costs, in one line for people. */
export function costText(cost: ScheduleCost, constantQueries: number, steps: number, paid: PassCost): string {
  const count = (value: number): string => Math.round(value).toLocaleString("en");
  const constant = passesOverSteps(paid, constantQueries, 0, steps);
  return (
    `beta ${cost.beta.toFixed(3)}, ${count(cost.stepsPerEpoch)} steps an epoch. ${count(steps)} steps cost ${count(cost.forwardPasses)} forward passes ` +
    `(${cost.meanQueries.toFixed(1)} queries a step on average), ${(cost.forwardPasses / constant).toFixed(1)} times as many as with ` +
    `${constantQueries === 1 ? "one query" : `${constantQueries} queries`} (${count(constant)}). For the same passes one query could take ${count(cost.oneQuerySteps)} steps.`
  );
}
