import { fail, sameLength } from "../check/check";
import type { Direction, Draw } from "../estimator/direction";
import type { Objective } from "../estimator/objective";
import type { Estimate } from "../estimator/probe";
import type { Workspace } from "../estimator/workspace";
import { roundsKind, type RoundsSpec } from "./rounds";
import type { Ask, Place, RoundsEnd, RoundsHere } from "./rounds/round";

/** What a step of rounds measured: every answer is a further number, in the order in which it was asked. */
export type Rounded = Estimate & Pick<RoundsEnd, "weights" | "carried" | "beyond" | "from">;

/** Where the directions of a point's terms come from. */
export interface Terms {
  readonly draw: Draw;
  /** A direction of an earlier step; it may be in the memory of a draw. */
  readonly earlier: (step: number, query: number) => Direction;
}

/**
 * Runs a step's rounds on an objective. Points are built one after another where memory is spared.
 * @param batchAt gives the batch of another step
 * @throws when the objective does not return one loss for each point
 */
export async function answerRounds<Batch>(
  spec: RoundsSpec,
  here: RoundsHere,
  { draw, earlier }: Terms,
  objective: Objective<Batch>,
  point: Float32Array,
  batchAt: (step: number) => Promise<Batch>,
  workspace: Workspace,
): Promise<Rounded> {
  const answers: number[] = [];
  let forwardPasses = 0;
  const rounds = roundsKind("rounds", spec).run(spec, here);
  const ask = async (points: readonly Float32Array[], batch: number): Promise<void> => {
    const found = await objective.losses(points, await batchAt(batch));
    sameLength("losses of the objective", found.length, points.length);
    answers.push(...found);
  };
  /** @param first says how many texts there are */
  const askEach = async (points: readonly Float32Array[], batch: number, first: boolean): Promise<void> => {
    const each = objective.each?.bind(objective) ?? fail("objective", "a number for each text", "one for the batch");
    const found = await each(points, await batchAt(batch));
    sameLength("losses of the objective", found.length, points.length);
    if (first) answers.push(found[0]!.length);
    answers.push(...found.flat());
  };
  const place = ({ terms, from = point }: Place, at: number): Float32Array => {
    if (terms.length === 0) return from;
    const moved = workspace.buffer(1 + at);
    moved.set(from);
    for (const { by, query, step } of terms)
      (step === undefined ? draw(query, () => workspace.buffer(0)) : earlier(step, query)).addInPlace(moved, by);
    return moved;
  };
  let turn = rounds.next();
  while (turn.done !== true) {
    const begin = answers.length;
    objective.expect?.(turn.value.map(() => 1));
    for (const places of alike(turn.value.map(placeOf), here.step, workspace.sparing)) {
      const [{ batch = here.step, each }] = places as [Place];
      forwardPasses += places.length;
      if (each) await askEach(places.map(place), batch, answers.length === begin);
      else await ask(places.map(place), batch);
    }
    turn = rounds.next(answers.slice(begin));
  }
  return { ...turn.value, further: answers, forwardPasses };
}

const placeOf = (asked: Ask[number]): Place => ("terms" in asked ? asked : { terms: asked });

/** Divides places into those of one call: neighbours on one batch, or each of its own. */
function alike(places: readonly Place[], step: number, apart: boolean): readonly (readonly Place[])[] {
  const calls: Place[][] = [];
  for (const place of places) {
    const last = calls.at(-1);
    if (last !== undefined && !apart && (last[0].batch ?? step) === (place.batch ?? step)) last.push(place);
    else calls.push([place]);
  }
  return calls;
}

/**
 * Comes to a recorded step's end from its answers alone.
 * @throws when they are not as many as the rounds ask for
 */
export function answerAgain(spec: RoundsSpec, here: RoundsHere, answers: readonly number[]): RoundsEnd {
  const rounds = roundsKind("rounds", spec).run(spec, here);
  let at = 0;
  let turn = rounds.next();
  while (turn.done !== true) {
    const places = turn.value.map(placeOf);
    const asked = places[0]?.each ? 1 + places.length * answers[at]! : places.length;
    if (at + asked > answers.length)
      fail("further", `the answers of each round (${at + asked} and more)`, answers.length);
    turn = rounds.next(answers.slice(at, at + asked));
    at += asked;
  }
  return turn.value;
}
