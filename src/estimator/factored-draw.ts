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
  const { layout, moving } = factoring;
  const places = factorPlaces(layout);
  return (query, memory) => {
    const parts = partsOf(draw(query, memory));
    /** Where runs of numbers are added, from which place of which values. */
    const eachRun = (use: (at: number, values: Float32Array, from: number, count: number) => void): void =>
      parts.forEach((part, tensor) => {
        if (part.kind === "dense") use(denseAt(places[tensor], part).offset, part.values, 0, part.values.length);
        else eachRow(part[moving], part.rank, columnsAt(places[tensor], part, moving, factoring, query), layout, use);
      });
    const direction: Direction = {
      parts,
      addInPlace: (out, a) =>
        eachRun((at, values, from, count) => {
          for (let k = 0; k < count; k++) out[at + k] += a * values[from + k];
        }),
      spreadInto(plus, minus, a, point) {
        plus.set(point);
        minus.set(point);
        eachRun((at, values, from, count) => {
          for (let k = 0, i = at; k < count; k++, i++) {
            const by = a * values[from + k];
            plus[i] = point[i] + by;
            minus[i] = point[i] - by;
          }
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
      const first = columnsAt(places[tensor], part, fixed, factoring, query);
      eachRow(part[fixed], part.rank, first, factoring.layout, (at, values, from, count) =>
        out.set(values.subarray(from, from + count), at),
      );
    });
  return out;
}

/** Goes through a factor's rows of `rank` numbers, which stand in rows of R: all at once where these are as long. */
function eachRow(
  values: Float32Array,
  rank: number,
  first: number,
  { factors }: FactorLayout,
  use: (at: number, values: Float32Array, from: number, count: number) => void,
): void {
  if (rank === factors.rank) use(first, values, 0, values.length);
  else
    for (let from = 0, at = first; from < values.length; from += rank, at += factors.rank) use(at, values, from, rank);
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
