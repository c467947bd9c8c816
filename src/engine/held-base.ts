import type { BaseWeight } from "../adapter/adapter";
import { sameLength } from "../check/check";
import { addChangeInPlace, factorPlaces } from "../tree/factor-layout";
import type { FactorLayout } from "../tree/factor-layout";
import type { HeldBase } from "./session";

/** Where an engine's weights are: lends one's memory for a moment, to be read or written. */
export type Lend = (name: string, use: (values: Float32Array) => void) => Promise<void>;

/**
 * Makes the weights that changes are folded into, wherever they lie.
 * @param base the model's own, in the order of the layout's whole
 */
export function heldBase(layout: FactorLayout, base: readonly BaseWeight[], lend: Lend): HeldBase {
  const { whole } = layout.factors;
  const places = factorPlaces(layout);
  const matrices = base.filter((_, i) => places[i].kind === "outer");
  /** Rows that were asked for since the last change. */
  const seen = new Map<string, Float32Array>();
  return {
    async fold(point) {
      sameLength("point", point.length, layout.size);
      seen.clear();
      for (const [i, place] of places.entries())
        if (place.kind === "outer")
          await lend(whole.entries[i].name, (values) => addChangeInPlace(values, layout, place, point));
    },
    async reset() {
      seen.clear();
      for (const { name, read } of matrices) await lend(name, (values) => values.set(read()));
    },
    async rows(name, rows) {
      const matrix = matrices.find((each) => each.name === name);
      if (matrix === undefined) return null;
      const key = `${name} ${rows.join()}`;
      const known = seen.get(key);
      if (known !== undefined) return known;
      let taken = new Float32Array(0);
      await lend(name, (values) => {
        const columns = matrix.shape[matrix.shape.length - 1];
        taken = new Float32Array(rows.length * columns);
        rows.forEach((row, i) => taken.set(values.subarray(row * columns, (row + 1) * columns), i * columns));
      });
      seen.set(key, taken);
      return taken;
    },
    async formed(point) {
      sameLength("point", point.length, layout.size);
      const all = new Float32Array(whole.size);
      for (const [i, place] of places.entries()) {
        const { name, offset, size } = whole.entries[i];
        const part = all.subarray(offset, offset + size);
        if (place.kind === "outer") await lend(name, (values) => part.set(values));
        else part.set(base[i].read());
        addChangeInPlace(part, layout, place, point);
      }
      return all;
    },
  };
}

/** Keeps the weights in this thread: each is copied when it is first wanted. @returns their values as they are now, and how they are lent */
export function baseInMemory(base: readonly BaseWeight[]): {
  readonly values: (name: string) => Float32Array | null;
  readonly lend: Lend;
} {
  const own = new Map(base.map((matrix) => [matrix.name, matrix]));
  const copies = new Map<string, Float32Array>();
  const values = (name: string): Float32Array | null => {
    const matrix = own.get(name);
    if (matrix === undefined) return null;
    const known = copies.get(name) ?? matrix.read().slice();
    copies.set(name, known);
    return known;
  };
  return {
    values,
    lend: async (name, use) => {
      const found = values(name);
      if (found !== null) use(found);
    },
  };
}
