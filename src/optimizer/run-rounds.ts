import { fail, sameLength } from "../check/check";
import type { Direction, Draw } from "../estimator/direction";
import type { Objective } from "../estimator/objective";
import type { Estimate } from "../estimator/probe";
import type { Workspace } from "../estimator/workspace";
import { roundsKind, type RoundsSpec } from "./rounds";
import type { Ask, RoundsEnd, RoundsHere } from "./rounds/round";

/** What a step of rounds measured: every answer is a further number, in the order in which it was asked. */
export type Rounded = Estimate & Pick<RoundsEnd, "weights" | "carried">;

/** Where the directions of a point's terms come from. */
export interface Terms {
  readonly draw: Draw;
  /** A direction of an earlier step; it may be in the memory of a draw. */
  readonly earlier: (step: number, query: number) => Direction;
}

/**
 * Runs a step's rounds on an objective, on one batch. Points are built one after another where memory is spared.
 * @throws when the objective does not return one loss for each point
 */
export async function answerRounds<Batch>(
  spec: RoundsSpec,
  here: RoundsHere,
  { draw, earlier }: Terms,
  { losses }: Objective<Batch>,
  point: Float32Array,
  batch: Batch,
  workspace: Workspace,
): Promise<Rounded> {
  const answers: number[] = [];
  const rounds = roundsKind("rounds", spec).run(spec, here);
  const ask = async (points: readonly Float32Array[]): Promise<void> => {
    const found = await losses(points, batch);
    sameLength("losses of the objective", found.length, points.length);
    answers.push(...found);
  };
  const place = (terms: Ask[number], at: number): Float32Array => {
    if (terms.length === 0) return point;
    const moved = workspace.buffer(1 + at);
    moved.set(point);
    for (const { by, query, step } of terms)
      (step === undefined ? draw(query, () => workspace.buffer(0)) : earlier(step, query)).addInPlace(moved, by);
    return moved;
  };
  let turn = rounds.next();
  while (turn.done !== true) {
    const begin = answers.length;
    if (workspace.sparing) for (const terms of turn.value) await ask([place(terms, 0)]);
    else await ask(turn.value.map(place));
    turn = rounds.next(answers.slice(begin));
  }
  return { ...turn.value, further: answers, forwardPasses: answers.length };
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
    const asked = turn.value.length;
    if (at + asked > answers.length)
      fail("further", `the answers of each round (${at + asked} and more)`, answers.length);
    turn = rounds.next(answers.slice(at, at + asked));
    at += asked;
  }
  return turn.value;
}
