import { fail } from "../check/check";
import { mean } from "../tree/mean";
import { WITHOUT } from "./ablations";
import type { Candidate } from "./ablations";
import type { ArmId } from "./arms";
import { studies } from "./divergence";
import type { StudyName } from "./divergence";
import { frozenArm } from "./frozen-choice";
import type { Decision, FrozenArm, FrozenChoice } from "./frozen-choice";
import type { PlannedRun } from "./plan";
import type { ExperimentRecord } from "./record";
import { searchedArms } from "./searched";
import type { Searched } from "./searched";

/** How the choice is made, written before any run of the search was. */
export const CHOICE_RULE = [
  "Each arm from each start stands at the rate of its three whose mean over the seeds of the lowest dev loss of a run is lowest; rivals by the same rule.",
  "The noise is what a difference of two such means has as its standard error: the standard deviation of log losses around the sum of an arm's and a seed's own, over all candidates of the model, times sqrt(2 / seeds). A model of one seed has the standard deviation of the other.",
  "Candidates whose mean is above the lowest by no larger share than the noise are tied with it.",
  "A candidate that is tied on both models is chosen for both; where none is, each model has its own.",
  "Of tied ones the one with fewest parts is taken: a fitted start, more than one query, another combination than the mean, a rate that changes, and each further transform are a part each. Then the one with fewer trained numbers, then the lower mean.",
] as const;

/** The best rows of the field beside MeZO-LoRA and AdaZeta at its passes; each where it was searched. */
const RIVALS = ["adazeta-passes", "mezo-lora", "fzoo", "sparse-mezo"] as const satisfies readonly ArmId[];
/** Parts are taken away on the encoder alone: its runs are short. */
const ABLATED: StudyName = "minilm-trec";

/** A choice, and what it was made of. */
export interface Proposal {
  readonly choice: FrozenChoice;
  readonly decision: Decision;
}

/**
 * Chooses by `CHOICE_RULE` from the records of the search, and names who stands beside the chosen on the held-out tasks: the rivals, AdamW's LoRA as the
 * ceiling, the linear probe, and on the encoder what is without one part of the chosen.
 * For example `proposeChoice(records).choice.minilm[0]`: { arm: "xs-15", role: "chosen", start: "probe", learningRate: 0.3, ... }.
 * @throws when a model has no candidate or no rival with all its runs
 */
export function proposeChoice(records: readonly ExperimentRecord<PlannedRun>[]): Proposal {
  const fields = fieldsOf(records);
  const missing = STUDIES.find((study) => fields.every((field) => field.study !== study));
  if (missing !== undefined) fail(`the search on ${studies[missing].model}`, "a candidate with all its runs", "none");
  const choice = fields.map((field) => [studies[field.study].model, armsOf(field)] as const);
  return { choice: Object.fromEntries(choice) as unknown as FrozenChoice, decision: decisionOf(records) };
}

/**
 * Gives what a choice from these records is decided on, of the models that have a candidate with all its runs.
 * For example `decisionOf([]).models`: [].
 */
export function decisionOf(records: readonly ExperimentRecord<PlannedRun>[]): Decision {
  return {
    rule: CHOICE_RULE,
    runs: records.length,
    models: fieldsOf(records).map(({ study, all, candidates, noise, tied, chosen }) => ({
      model: studies[study].model,
      noise,
      arms: [...all]
        .sort((a, b) => a.mean - b.mean)
        .map((each) => ({
          ...{ arm: each.arm, start: each.start, learningRate: each.learningRate, atEdge: each.atEdge },
          ...{ mean: each.mean, losses: [...each.losses.values()], numbers: each.numbers, parts: each.parts },
          candidate: candidates.includes(each),
          tied: tied.includes(each),
          chosen: each === chosen,
        })),
    })),
  };
}

/** One model's search, and what is chosen there. */
interface Field {
  readonly study: StudyName;
  readonly all: readonly Searched[];
  readonly candidates: readonly Searched[];
  readonly noise: number;
  readonly tied: readonly Searched[];
  readonly chosen: Searched;
}

const STUDIES = Object.keys(studies) as readonly StudyName[];

function fieldsOf(records: readonly ExperimentRecord<PlannedRun>[]): readonly Field[] {
  const arms = searchedArms(records);
  const fields = STUDIES.flatMap((study) => {
    const all = arms.filter((each) => each.study === study);
    const candidates = all.filter(({ arm }) => Object.hasOwn(WITHOUT, arm));
    return candidates.length === 0 ? [] : [{ study, all, candidates, deviation: deviationOf(candidates) }];
  });
  const other = fields.find(({ deviation }) => deviation !== null)?.deviation ?? 0;
  const ties = fields.map(({ candidates, deviation }) => tiedOf(candidates, deviation ?? other));
  const shared = (ties[0]?.tied ?? []).filter(({ arm }) =>
    ties.every(({ tied }) => tied.some((each) => each.arm === arm)),
  );
  const one = shared.length === 0 ? null : simplest(shared).arm;
  return fields.map((field, i) => {
    const { tied } = ties[i];
    return { ...field, ...ties[i], chosen: simplest(one === null ? tied : tied.filter(({ arm }) => arm === one)) };
  });
}

/**
 * Gives the standard deviation of log losses that neither an arm nor a seed explains; null of fewer than two arms or seeds:
 *     sum over arms a and seeds s of (x_as - x_a. - x_.s + x_..)^2, over (A - 1)(S - 1)
 */
function deviationOf(candidates: readonly Searched[]): number | null {
  const rows = candidates.map(({ losses }) => [...losses].sort(([a], [b]) => a - b).map(([, loss]) => Math.log(loss)));
  const [first] = rows;
  const degrees = (rows.length - 1) * (first.length - 1);
  if (degrees === 0) return null;
  const ofArm = rows.map((row) => mean(row));
  const ofSeed = first.map((_, s) => mean(rows.map((row) => row[s])));
  const all = mean(ofArm);
  const squares = rows.flatMap((row, a) => row.map((x, s) => (x - ofArm[a] - ofSeed[s] + all) ** 2));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / degrees);
}

function tiedOf(candidates: readonly Searched[], deviation: number) {
  const lowest = Math.min(...candidates.map(({ mean }) => mean));
  const noise = deviation * Math.sqrt(2 / candidates[0].losses.size);
  return { noise, tied: candidates.filter(({ mean }) => mean <= lowest * (1 + noise)) };
}

function simplest(tied: readonly Searched[]): Searched {
  return [...tied].sort((a, b) => a.parts - b.parts || a.numbers - b.numbers || a.mean - b.mean)[0];
}

function armsOf({ study, all, chosen }: Field): readonly FrozenArm[] {
  const found = (arm: ArmId, start: Searched["start"]) => all.find((each) => each.arm === arm && each.start === start);
  const rivals = RIVALS.flatMap((arm) => found(arm, "own") ?? []);
  if (rivals.length === 0) fail(`the search on ${studies[study].model}`, "a rival with all its runs", "none");
  const frozen = (role: FrozenArm["role"], { arm, start, learningRate }: Pick<Searched, "arm" | "start" | "learningRate">) => frozenArm(study, { arm, role, start, learningRate }); // prettier-ignore
  // Where it was searched from several starts, the ceiling begins where the chosen does.
  const exact = found("first-order-lora", chosen.start) ?? found("first-order-lora", "own");
  const probe = found("linear-probe", "own");
  const without = study === ABLATED ? ablationsOf(found, chosen) : [];
  return [
    frozen("chosen", chosen),
    ...rivals.map((each) => frozen("rival", each)),
    ...(probe ? [frozen("beside", probe)] : []),
    ...(exact ? [frozen("ceiling", exact)] : []),
    ...without.map((each) => frozen("ablation", each)),
  ];
}

/** What is without one part of the chosen, each at the rate that was best for it in the search; without its start at the chosen's, where none was searched. */
function ablationsOf(found: (arm: ArmId, start: Searched["start"]) => Searched | undefined, chosen: Searched) {
  const { arm, start, learningRate } = chosen;
  const started = start === "own" ? [] : [found(arm, "own") ?? { arm, start: "own" as const, learningRate }];
  return [...started, ...Object.values(WITHOUT[arm as Candidate]).flatMap((id) => found(id, start) ?? [])];
}
