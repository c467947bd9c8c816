import type { AdapterSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import { readText } from "../disk/read-text";
import type { Method } from "../optimizer/method";
import { fingerprintData } from "../train/fingerprint";
import { armOf, isArmId } from "./arms";
import type { ArmId } from "./arms";
import { studies } from "./divergence";
import type { StudyName } from "./divergence";
import { isStill } from "./plan";
import { partFrom, STARTS } from "./search-grid";
import type { Start } from "./search-grid";

/** Where the choice is kept, once it is frozen. */
export const CHOICE_PATH = "data/frozen-choice.json";

/** What an arm is there for; "beside" is what stands in the tables without being compared with: the linear probe. */
const ROLES = ["chosen", "rival", "beside", "ceiling", "ablation"] as const;

/** One arm of the held-out runs, with all that was chosen for it. */
export interface FrozenArm {
  readonly arm: ArmId;
  readonly role: (typeof ROLES)[number];
  readonly start: Start;
  /** null of an arm without steps. */
  readonly learningRate: number | null;
  /** What the arm's row makes at that rate, in full: a row that has changed since is told. Absent of an arm without steps. */
  readonly adapter?: AdapterSpec;
  readonly method?: Method;
}

/** What was chosen on dev of TREC and SST-2 before any held-out task was looked at: for each model its arms. */
export type FrozenChoice = Readonly<Record<Model, readonly FrozenArm[]>>;

/** One arm of the search as the choice saw it, at the best of its rates. */
export interface DecidedArm {
  readonly arm: ArmId;
  readonly start: Start;
  readonly learningRate: number | null;
  /** That rate is the lowest or the highest of those tried. */
  readonly atEdge: boolean;
  /** Of the lowest dev losses of its runs, in nats. */
  readonly mean: number;
  readonly losses: readonly number[];
  readonly numbers: number;
  readonly parts: number;
  /** It may be chosen; else it is a rival, or stands beside. */
  readonly candidate: boolean;
  /** Within the noise of the lowest candidate. */
  readonly tied: boolean;
  readonly chosen: boolean;
}

/** What a choice was decided on. */
export interface Decision {
  /** In words. */
  readonly rule: readonly string[];
  /** Of the search, that had a record. */
  readonly runs: number;
  readonly models: readonly {
    readonly model: Model;
    /** As a share of the lowest mean. */
    readonly noise: number;
    /** The lowest first. */
    readonly arms: readonly DecidedArm[];
  }[];
}

type Model = (typeof studies)[StudyName]["model"];
const FORMAT = "adazeta-frozen-choice-1";

/**
 * Writes an arm out as the frozen choice has it, adapter and method in full.
 * For example `frozenArm("minilm-trec", { arm: "xs-15", role: "chosen", start: "probe", learningRate: 0.3 }).adapter`: { kind: "lora-xs", ... }.
 */
export function frozenArm(
  study: StudyName,
  { arm, role, start, learningRate }: Omit<FrozenArm, "adapter" | "method">,
): FrozenArm {
  const made = armOf(arm, partFrom(study, start).settings(learningRate ?? 1));
  const chosen = { arm, role, start, learningRate };
  return isStill(made) ? { ...chosen, learningRate: null } : { ...chosen, adapter: made.adapter, method: made.method };
}

/**
 * Gives the text of the file that holds a choice, and what it was decided on where that is known.
 * For example `choiceText({ minilm: [...], smollm2: [...] }, decision)`, to be written to `CHOICE_PATH` and committed.
 */
export function choiceText(choice: FrozenChoice, decision?: Decision): string {
  return `${JSON.stringify({ format: FORMAT, ...choice, ...(decision && { decision }) }, null, 2)}\n`;
}

/** Reads what the frozen choice was decided on; null where there is none yet, or its file does not say. @throws when the file is no JSON object, or holds no decision by that name */
export function readDecision(path: string = CHOICE_PATH): Decision | null {
  const text = readText(path);
  return text === null ? null : decisionIn(path, parsed(path, text));
}

function decisionIn(path: string, { decision }: Readonly<Record<string, unknown>>): Decision | null {
  if (decision === undefined) return null;
  const { rule, models } = (decision ?? {}) as Partial<Decision>;
  const whole = Array.isArray(rule) && Array.isArray(models) && models.every((each) => Array.isArray(each?.arms));
  return whole ? (decision as Decision) : fail(`${path}: decision`, "{rule, runs, models: [{model, noise, arms}]}", decision); // prettier-ignore
}

/**
 * Reads the frozen choice; null where there is none yet.
 * @throws naming the place, when the file is no such choice, a model has not exactly one chosen arm, with steps, and a rival, an arm is there twice, an
 *   arm's row makes another adapter or method than was frozen, or the chosen arm is not the one that was decided on
 */
export function readChoice(path: string = CHOICE_PATH): FrozenChoice | null {
  const text = readText(path);
  if (text === null) return null;
  const found = parsed(path, text);
  if (found["format"] !== FORMAT) fail(`${path}: format`, FORMAT, found["format"]);
  const decided = decisionIn(path, found);
  const models = Object.entries(studies).map(([study, { model }]) => {
    const arms = found[model];
    if (!Array.isArray(arms)) return fail(`${path}: ${model}`, "a list of arms", arms);
    const checked = arms.map((each, i) => checkedArm(`${path}: ${model}[${i}]`, study as StudyName, each));
    const count = (role: FrozenArm["role"]): number => checked.filter((each) => each.role === role).length;
    if (count("chosen") !== 1) fail(`${path}: ${model}`, "exactly one arm that is chosen", count("chosen"));
    if (count("rival") === 0) fail(`${path}: ${model}`, "at least one rival", 0);
    checked.forEach(({ arm, start }, i) => {
      if (checked.findIndex((other) => other.arm === arm && other.start === start) < i)
        fail(`${path}: ${model}[${i}]`, "an arm once from each start", `${arm} from ${start} again`);
    });
    checkDecided(`${path}: ${model}`, checked.find(({ role }) => role === "chosen")!, decided?.models.find((each) => each.model === model)); // prettier-ignore
    return [model, checked] as const;
  });
  return Object.fromEntries(models) as unknown as FrozenChoice;
}

/** Checks that what stands as chosen is what was decided on: a rate that was changed by hand, in every place but that one, is told. */
function checkDecided(what: string, chosen: FrozenArm, decided: Decision["models"][number] | undefined): void {
  if (chosen.learningRate === null) fail(what, "a chosen arm that makes steps", chosen.arm);
  const said = decided?.arms.find((each) => each.chosen);
  const words = ({ arm, start, learningRate }: Pick<FrozenArm, "arm" | "start" | "learningRate">): string =>
    `${arm} from ${start} at ${learningRate}`;
  if (said !== undefined && words(said) !== words(chosen)) fail(what, `the chosen arm that was decided on, ${words(said)}`, words(chosen)); // prettier-ignore
}

function parsed(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return fail(path, "an object", value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail(path, "JSON", text.slice(0, 80));
  }
}

function checkedArm(what: string, study: StudyName, value: unknown): FrozenArm {
  if (typeof value !== "object" || value === null) return fail(what, "an arm {arm, role, start, learningRate, ...}", value); // prettier-ignore
  const { arm, role, start, learningRate, ...rest } = value as FrozenArm;
  if (!isArmId(arm))
    fail(`${what}.arm`, "an arm that there is (a row that has another name since makes another arm)", arm);
  if (!ROLES.includes(role)) fail(`${what}.role`, ROLES.join(", "), role);
  if (!STARTS.includes(start)) fail(`${what}.start`, STARTS.join(", "), start);
  const isRate = learningRate === null || (typeof learningRate === "number" && learningRate > 0 && Number.isFinite(learningRate)); // prettier-ignore
  if (!isRate) fail(`${what}.learningRate`, "a positive number, or null of an arm without steps", learningRate);
  const made = frozenArm(study, { arm, role, start, learningRate });
  if (made.learningRate !== learningRate) fail(`${what}.learningRate`, "null: this arm makes no steps", learningRate);
  for (const part of ["adapter", "method"] as const)
    if (fingerprintData(rest[part] ?? null) !== fingerprintData(made[part] ?? null))
      fail(`${what}.${part}`, `what ${arm} makes at that rate: ${JSON.stringify(made[part] ?? null)}`, JSON.stringify(rest[part] ?? null)); // prettier-ignore
  return made;
}
