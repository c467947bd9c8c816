import type { Layout } from "../tree/layout";

/** An update rule: state goes in and comes out; no state is `null`. */
export interface UpdateRule<State> {
  init(layout: Layout): State;
  /** The next point and state; `state`, `point` and `gradient` are left as they are. */
  update(state: State, point: Float32Array, gradient: Float32Array, options: UpdateOptions<State>): RuleOutcome<State>;
}

export interface UpdateOptions<State> {
  readonly learningRate: number;
  readonly layout: Layout;
  /** What an earlier update led to and nobody needs any more: its memory is written over. Default: new memory. The bits are the same. */
  readonly over?: RuleOutcome<State> | undefined;
}

/** Where an update leads. */
export interface RuleOutcome<State> {
  readonly point: Float32Array;
  readonly state: State;
}

/** A kind of update rule: what its settings must be, and the rule that they describe. */
export interface RuleKind<Spec, State> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  rule(spec: Spec): UpdateRule<State>;
}
