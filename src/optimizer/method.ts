import { fail, positiveInteger } from "../check/check";
import { kindsInWords } from "../check/kinds";
import { checkCombine, combineKind, type CombineSpec } from "../estimator/combine";
import type { DirectionKind } from "../estimator/direction";
import {
  checkDirections,
  checkDirectionsFit,
  directionKind,
  directionKinds,
  type DirectionSpec,
} from "../estimator/directions";
import type { Objective } from "../estimator/objective";
import { checkProbe, probeKind, type ProbeSpec } from "../estimator/probes";
import type { PassCost } from "../schedule/forward-passes";
import { checkSchedule, type Schedule } from "../schedule/schedule";
import type { Factors, Layout } from "../tree/layout";
import { checkTransforms } from "./chain";
import { checkRounds, passesOfRounds, roundsKind, type RoundsSpec } from "./rounds";
import { transformKind, type TransformSpec } from "./transforms";

/** A method: a composition of parts, as plain data that is written to trajectories and records. */
export interface Method {
  readonly name: string;
  readonly directions: DirectionSpec;
  /** What is measured along the directions; absent where `rounds` ask. */
  readonly probe?: ProbeSpec;
  /** A step that asks more than once; absent where a `probe` asks. */
  readonly rounds?: RoundsSpec;
  /** How the numbers become weights on directions. */
  readonly combine: CombineSpec;
  /** The chain between the gradient and the step, in order. */
  readonly transforms: readonly TransformSpec[];
  /** Q. */
  readonly queries: Schedule;
  /** eta; not divided or multiplied by the number of queries. */
  readonly learningRate: Schedule;
}

const PARTS = ["directions", "combine", "queries", "learningRate"] as const;
const FIELDS: readonly string[] = ["name", "probe", "rounds", "transforms", ...PARTS];

/**
 * Checks a method that came from outside (a cell, a trajectory file).
 * @throws naming the part, for example "method.probe.perturbationScale: expected a positive number, got 0"
 */
export function checkMethod(method: Method): Method {
  if (typeof method !== "object" || method === null) fail("method", "a method {name, directions, ...}", method);
  const unknown = Object.keys(method).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) fail("method", `the fields ${FIELDS.join(", ")}`, unknown);
  for (const part of PARTS)
    if (typeof method[part] !== "object" || method[part] === null)
      fail(`method.${part}`, "a {kind, ...}", method[part]);
  if (typeof method.name !== "string" || method.name === "") fail("method.name", "a name", method.name);
  const { probe, rounds, queries } = method;
  const asks = [probe, rounds].filter((part) => part !== undefined);
  if (asks.length !== 1 || typeof asks[0] !== "object" || asks[0] === null)
    fail("method", "a probe or rounds, one of the two, as a {kind, ...}", { probe, rounds });
  if (probe !== undefined) checkProbe("method.probe", probe);
  if (rounds !== undefined) checkRounds("method.rounds", rounds);
  checkDirections("method.directions", method.directions);
  checkCombine("method.combine", method.combine);
  checkSchedule("method.queries", queries, 0);
  if (queries.kind === "constant") positiveInteger("method.queries", queries.value);
  checkSchedule("method.learningRate", method.learningRate, 0);
  checkTransforms("method.transforms", method.transforms);
  checkTogether(method);
  return method;
}

/** Parts that make no sense beside each other. */
function checkTogether({ directions, probe, rounds, combine, transforms, queries }: Method): void {
  const kind = directionKind("method.directions", directions);
  const curvature = probe !== undefined && probeKind("method.probe", probe).curvature === true;
  if (kind.curvature && !curvature)
    fail("method.probe", `three-point, whose curvatures ${directions.kind} learns from`, (probe ?? rounds)?.kind);
  if (rounds !== undefined && combine.kind !== "mean")
    fail("method.combine", `the mean: ${rounds.kind} makes its weights itself`, combine.kind);
  if (combineKind("method.combine", combine).compares && queries.kind === "constant" && queries.value < 2)
    fail("method.queries", `at least 2, between which ${combine.kind} compares`, queries.value);
  const former = transforms[0];
  const formed = former === undefined ? undefined : transformKind("method.transforms[0]", former);
  const keeps = formed?.keeps;
  if (former !== undefined && keeps !== undefined && !(kind.kept !== undefined && keeps.includes(kind.kept)))
    fail(
      "method.directions",
      `${kindsThat(({ kept }) => kept !== undefined && keeps.includes(kept))}, of whose outer products ${former.kind} is made`,
      directions.kind,
    );
  const again = [
    ...(rounds !== undefined && roundsKind("method.rounds", rounds).again ? [rounds.kind] : []),
    ...(former !== undefined && formed?.again ? [former.kind] : []),
  ];
  if (again.length > 0 && !kind.again)
    fail(
      "method.directions",
      `${kindsThat((row) => row.again === true)}, which ${again.join(" and ")} can draw again`,
      directions.kind,
    );
  if (former !== undefined && formed?.normals === true) {
    if (directions.kind !== "gaussian")
      fail("method.directions", `gaussian, whose moments ${former.kind} learns from`, directions.kind);
    if (probe === undefined) fail("method", `a probe, whose numbers ${former.kind} learns from`, rounds?.kind);
    if (combine.kind !== "mean")
      fail("method.combine", `the mean, whose weights ${former.kind} learns from`, combine.kind);
  }
  if (former !== undefined && formed?.form !== undefined && rounds !== undefined && roundsKind("", rounds).beyond)
    fail(
      "method.transforms[0].kind",
      `none that is made of a step's directions: ${rounds.kind} moves along earlier ones too`,
      former.kind,
    );
  if (probe === undefined || !probeKind("method.probe", probe).exact) return;
  if (combine.kind !== "mean" || directions.kind !== "gaussian")
    fail("method", "no combination and no directions beside an exact gradient", `${combine.kind}, ${directions.kind}`);
  if (former !== undefined && formed?.form !== undefined)
    fail("method.transforms[0].kind", "none that is made of directions, beside an exact gradient", former.kind);
}

/** Names the kinds of directions that have what another part needs. */
function kindsThat(has: (kind: Pick<DirectionKind<never>, "kept" | "again">) => boolean): string {
  return kindsInWords(Object.fromEntries(Object.entries(directionKinds).filter(([, kind]) => has(kind))));
}

/**
 * Checks that a method can train these tensors; in a layout of factors also that all it does can be done in factors.
 * @throws naming the part and the first tensor that it cannot, or what would have to be formed
 */
export function checkMethodFits(method: Method, layout: Layout): void {
  const { directions, rounds } = method;
  if (rounds !== undefined) roundsKind("method.rounds", rounds).fits?.("method.rounds", rounds, layout);
  checkDirectionsFit("method.directions", directions, layout.factors?.whole ?? layout);
  if (layout.factors !== undefined) checkUnformed(method, layout.factors);
}

function checkUnformed({ directions, probe, rounds, transforms, queries }: Method, { rank }: Factors): void {
  const rows: readonly (readonly [string, { readonly outer?: unknown }])[] = Object.entries(directionKinds);
  const kind = directionKind("method.directions", directions);
  const columns = kind.outer?.(directions) ?? null;
  if (columns === null)
    return fail(
      "method.directions",
      `${kindsInWords(Object.fromEntries(rows.filter(([, { outer }]) => outer !== undefined)))}, outer products of each matrix's own rows and columns, to train all weights as factors (without "factors" every method trains them)`,
      directions.kind,
    );
  const most = kind.kept === undefined && queries.kind === "constant" ? columns * queries.value : columns;
  if (most > rank)
    fail("adapter.factors", `at least ${most}, the columns of a step's directions (${directions.kind})`, rank);
  if (kind.kept === undefined && rounds !== undefined && rounds.kind !== "population")
    fail("method.rounds", `population, or a probe, with ${directions.kind} in factors`, rounds.kind);
  const asks = rounds && roundsKind("method.rounds", rounds);
  if (rounds !== undefined && (asks?.again || asks?.beyond || asks?.fits))
    fail("method.rounds", "a probe, or rounds along the step's own directions: the others look at weights that are not formed", rounds.kind); // prettier-ignore
  if (probe !== undefined && probeKind("method.probe", probe).exact)
    fail("method.probe", "losses or directional derivatives, which need no gradient of factors", probe.kind);
  transforms.forEach((spec, i) => {
    const idle = "weightDecay" in spec && spec.weightDecay === 0;
    if (!idle && transformKind("method.transforms", spec).unformed !== true)
      fail(
        `method.transforms[${i}]`,
        "low-rank-momentum, temporal-momentum, orthogonal or a weight decay of 0: a step in factors forms no other",
        spec.kind,
      );
  });
}

/** Checks that an engine can answer what a method asks. @throws naming what it lacks */
export function checkMethodAnswered<Batch>({ probe, rounds }: Method, objective: Objective<Batch>): void {
  if (rounds !== undefined)
    roundsKind("method.rounds", rounds).needs?.("method.rounds", rounds, objective as Objective<never>);
  if (probe !== undefined) probeKind("method.probe", probe).needs?.(probe, objective as Objective<never>);
}

/** Says what a step of a method costs: the one count that budgets, progress bars, tables and records ask. */
export function passesOf({ probe, rounds }: Pick<Method, "probe" | "rounds">): PassCost {
  if (rounds !== undefined) return passesOfRounds(rounds);
  return probe === undefined ? fail("method", "a probe or rounds", "none") : probeKind("probe", probe).passes(probe);
}

/** Says whether a method's gradient is exact: a whole vector, that no record has. */
export function isExact({ probe }: Pick<Method, "probe">): boolean {
  return probe !== undefined && probeKind("probe", probe).exact === true;
}

/** Says whether a run can be walked again from its recorded scalars: not where the gradient is a whole vector of its own. */
export function isReplayable(method: Pick<Method, "probe">): boolean {
  return !isExact(method);
}

/** Gives epsilon of a method, where it may be changed; null where it has none. */
export function perturbationScaleOf({ probe, rounds }: Pick<Method, "probe" | "rounds">): number | null {
  const part = probe ?? rounds;
  return part !== undefined && "perturbationScale" in part ? part.perturbationScale : null;
}

/** Gives the weight of one direction of Q as soon as its number is there, where that is all it takes; null where the gradient is formed later. */
export function weightOf({ combine, transforms }: Method, queries: number): ((p: number) => number) | null {
  const forms = transforms[0] !== undefined && transformKind("transforms", transforms[0]).form !== undefined;
  if (forms) return null;
  return combineKind("combine", combine).weightOf?.(combine, positiveInteger("queries", queries)) ?? null;
}
