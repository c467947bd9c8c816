import { nearestHint } from "../check/nearest";
import { MODELS, type KnownModel } from "./known-models";

/**
 * Gives the model of that name; a hub repository's name ("FacebookAI/roberta-large") finds its model too.
 * @throws when there is none, with the names that are spelled most like it
 * @example knownModel("roberta-large").published // "355M"
 */
export function knownModel(name: string): KnownModel {
  const found = findKnownModel(name);
  if (found !== null) return found;
  throw new Error(unknownModel(name));
}

/** Gives what is said of a name that no model has: those there are, and the nearest. */
export function unknownModel(name: string): string {
  const names = MODELS.map((model) => model.name);
  return `model: expected one of ${names.join(", ")}, got ${JSON.stringify(name)}${nearestHint(name, names)}`;
}

/** Finds the model of a name, as `knownModel` does; null where there is none. */
export function findKnownModel(name: string): KnownModel | null {
  const wanted = name.toLowerCase();
  const called = ({ name: own, source }: KnownModel): boolean =>
    own === wanted || source.repository.toLowerCase() === wanted;
  return MODELS.find(called) ?? null;
}
