import { fail } from "../check/check";
import { kindsInWords, type SpecIn } from "../check/kinds";
import { adamwKind, type AdamwState } from "./adamw";
import type { RuleKind, UpdateRule } from "./rule";
import { sgdKind } from "./sgd";

/** The kinds of update rules by name. */
export const ruleKinds = { sgd: sgdKind, adamw: adamwKind } as const;

/** Rules as plain data. */
export type RuleSpec = SpecIn<typeof ruleKinds>;

/** What some rule carries from step to step. */
export type RuleState = null | AdamwState;

/** Gives the rule that a specification describes. @throws from `update` when it is given another rule's state */
export function ruleOf(spec: RuleSpec): UpdateRule<RuleState> {
  return kindOf("rule", spec).rule(spec);
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkRule(what: string, spec: RuleSpec): RuleSpec {
  kindOf(what, spec).check(what, spec);
  return spec;
}

function kindOf(what: string, spec: RuleSpec): RuleKind<RuleSpec, RuleState> {
  if (!Object.hasOwn(ruleKinds, spec.kind)) fail(`${what}.kind`, kindsInWords(ruleKinds), spec.kind);
  return ruleKinds[spec.kind] as RuleKind<RuleSpec, RuleState>;
}
