import { fail } from "../check/check";
import { factorPlaces } from "../tree/factor-layout";
import type { FactorLayout, FactorPlace } from "../tree/factor-layout";
import type { Direction, Draw, Kept } from "./direction";
import type { OuterPart, TensorPart } from "./tensor-part";

/** Which factor of its outer products a direction moves; the other one stands in the point. */
export type Moving = "left" | "right";

/** How directions lie in a point of factors. */
export interface Factoring {
  readonly layout: FactorLayout;
  readonly moving: Moving;
  /** Every query has columns of its own, since it draws both factors; otherwise all have the first ones. */
  readonly apart: boolean;
}

/** Gives how directions that keep these factors from query to query lie in a point of factors. @param kept absent: none */
export function factoringOf(layout: FactorLayout, kept: Kept | undefined): Factoring {
  return { layout, moving: kept === "left" ? "right" : "left", apart: kept === undefined };
}

/**
 * Gives the directions of a step in a vector of factors: theta + a z is W + (left + a U) V^T where V stands in the point (`withFixedFactors`),
 * so that outer products are added to, and never formed.
 */
export function factoredDraw(draw: Draw, factoring: Factoring): Draw {
  const places = factorPlaces(factoring.layout);
  return (query, memory) => {
    const parts = partsOf(draw(query, memory));
    const each = (use: (at: number, value: number) => void): void =>
      parts.forEach((part, tensor) => {
        if (part.kind === "dense") {
          const { offset } = denseAt(places[tensor], part);
          part.values.forEach((value, i) => use(offset + i, value));
        } else {
          const from = columnsAt(places[tensor], part, factoring.moving, factoring, query);
          const [values, { rank }] = [part[factoring.moving], part];
          for (let i = 0; i < values.length; i += rank)
            for (let k = 0; k < rank; k++) use(from + (i / rank) * factoring.layout.factors.rank + k, values[i + k]);
        }
      });
    const direction: Direction = {
      parts,
      addInPlace: (out, a) => each((at, value) => (out[at] += a * value)),
      spreadInto(plus, minus, a, point) {
        plus.set(point);
        minus.set(point);
        each((at, value) => {
          plus[at] = point[at] + a * value;
          minus[at] = point[at] - a * value;
        });
      },
    };
    return direction;
  };
}

/**
 * Gives the point with nothing changed in its matrices, and with the factors that the step's directions do not move: where they are drawn
 * anew, once the change so far is in the weights. Vectors keep their change.
 * @param queries how many of them have columns of their own
 * @throws when the point has not so many columns
 */
export function withFixedFactors(point: Float32Array, draw: Draw, factoring: Factoring, queries: number): Float32Array {
  const places = factorPlaces(factoring.layout);
  const out = point.slice();
  for (const place of places)
    if (place.kind === "outer")
      for (const { offset, size } of [place.left, place.right]) out.fill(0, offset, offset + size);
  const fixed = factoring.moving === "left" ? "right" : "left";
  for (let query = 0; query < (factoring.apart ? queries : 1); query++)
    partsOf(draw(query, () => new Float32Array(factoring.layout.factors.whole.size))).forEach((part, tensor) => {
      if (part.kind === "dense") return;
      const from = columnsAt(places[tensor], part, fixed, factoring, query);
      const [values, { rank }] = [part[fixed], part];
      for (let i = 0; i < values.length; i += rank)
        out.set(values.subarray(i, i + rank), from + (i / rank) * factoring.layout.factors.rank);
    });
  return out;
}

function partsOf({ parts }: Direction): readonly TensorPart[] {
  return parts ?? fail("directions", "outer products (low-rank), to be kept as factors", "others");
}

function denseAt(place: FactorPlace, { entry }: TensorPart): { readonly offset: number } {
  return place.kind === "dense" ? place.at : fail(`direction of ${entry.name}`, "an outer product", "all numbers");
}

/** Where the first of a query's columns stands in the first row of a factor. */
function columnsAt(
  place: FactorPlace,
  { entry, rows, columns, rank }: OuterPart,
  side: Moving,
  { apart, layout }: Factoring,
  query: number,
): number {
  if (place.kind === "dense" || place.rows !== rows || place.columns !== columns)
    return fail(`direction of ${entry.name}`, "an outer product of the tensor's own rows and columns", `${rows} x ${columns}`); // prettier-ignore
  const first = apart ? query * rank : 0;
  if (first + rank > layout.factors.rank)
    return fail("factors", `at least ${first + rank}, the columns of the step's directions`, layout.factors.rank);
  return place[side].offset + first;
}
