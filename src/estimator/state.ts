/** Vectors of a method's part by name. */
export type Vectors = Readonly<Record<string, Float32Array>>;

/** What a method carries from step to step, whatever its parts are: how many steps it has taken, and vectors by name. Plain data. */
export interface State {
  readonly count: number;
  readonly vectors: Vectors;
}

/** What a method carries before its first step. */
export const NO_STATE: State = { count: 0, vectors: {} };

/** Gives the vectors that are one part's own. @example Object.keys(ownVectors({ count: 1, vectors: { "adam.first": new Float32Array(2) } }, "adam")) // ["first"] */
export function ownVectors({ vectors }: State, part: string): Vectors {
  return Object.fromEntries(
    Object.entries(vectors).flatMap(([name, vector]) =>
      name.startsWith(`${part}.`) ? [[name.slice(part.length + 1), vector]] : [],
    ),
  );
}

/** Gives vectors the names that they have in the whole method's state. @example Object.keys(namedFor("adam", { first: new Float32Array(2) })) // ["adam.first"] */
export function namedFor(part: string, vectors: Vectors): Vectors {
  return Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [`${part}.${name}`, vector]));
}
