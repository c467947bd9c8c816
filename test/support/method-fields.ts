import type { Method } from "../../src/optimizer/method";

/** The place of a number in a method, as messages name it, and the method with another value there. */
export interface NumericField {
  readonly path: string;
  readonly value: number;
  readonly replaced: (value: unknown) => Method;
}

/** Gives every number in a method's data. @example numericFields(mezo()).map(({ path }) => path)[0] // "method.probe.perturbationScale" */
export function numericFields(method: Method): readonly NumericField[] {
  return walk("method", method, (value) => value as Method);
}

function walk(path: string, data: unknown, whole: (value: unknown) => Method): readonly NumericField[] {
  if (typeof data === "number") return [{ path, value: data, replaced: whole }];
  if (Array.isArray(data))
    return data.flatMap((item, i) =>
      walk(`${path}[${i}]`, item, (value) => whole(data.map((other: unknown, k) => (k === i ? value : other)))),
    );
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([name, item]) =>
    walk(`${path}.${name}`, item, (value) => whole({ ...data, [name]: value })),
  );
}
