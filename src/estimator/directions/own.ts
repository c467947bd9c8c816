import { fail, sameLength } from "../../check/check";
import { plainData } from "../../check/plain-data";
import { normals } from "../../random/normals";
import { randomKey } from "../../random/key";
import type { Layout } from "../../tree/layout";
import { drawStored, type DirectionKind, type Here } from "../direction";

/** What directions of one's own are drawn from. */
export interface DirectionInput<Settings> {
  readonly settings: Settings;
  readonly step: number;
  readonly query: number;
  /** Names, shapes and places of the trainable tensors. */
  readonly layout: Layout;
  /** theta [d]; only to be read. */
  readonly point: Float32Array;
  /** Standard normals of this query, or of this block of steps with `block`; each `tensor` (a count) has its own. */
  normals(size: number, tensor: number, block?: number): Float32Array;
}

/** How directions of one's own are written. */
export interface OwnDirectionsDefinition<Settings> {
  /** Their name in records. */
  readonly name: string;
  /** Their constants: plain data, written to records. */
  readonly settings: Settings;
  /** z [d] of a query: the same numbers whenever it is asked, so that the run can be walked again. */
  draw(asked: DirectionInput<Settings>): Float32Array;
}

/** Under a symbol, the same in every copy of this module: records, which are JSON, do not see the function. */
const drawOf: unique symbol = Symbol.for("adazeta.directions.draw") as never;

/** What own directions have beside their kind. */
export interface OwnDirectionSettings {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The function's text: directions that were changed make another run, never a record's continuation. */
  readonly source: string;
  /** Absent in a specification that was read from a record. */
  readonly [drawOf]?: (asked: DirectionInput<never>) => Float32Array;
}

/** Directions that are not of this project's kinds: plain data, and a function beside it. */
export interface OwnDirections extends OwnDirectionSettings {
  readonly kind: "own";
}

/**
 * Makes directions of one's own, for a method: `{ ...mezo(), directions: ownDirections({ ... }) }`. Probe, schedule, update, record and comparison
 * are those of every other method; a replay needs the function: `replay(trajectory, start, layout, undefined, method)`. Constants belong in
 * `settings`. A run's record has the function's text and its first direction, so that another function is another run.
 * For example `ownDirections({ name: "halved", settings: { by: 0.5 }, draw: ({ layout, normals, settings }) => normals(layout.size, 0).map((z) => settings.by * z) })`.
 * @throws when the name is empty or the settings are not plain data
 */
export function ownDirections<Settings extends Readonly<Record<string, unknown>>>(
  definition: OwnDirectionsDefinition<Settings>,
): OwnDirections {
  const { name, settings } = definition;
  if (typeof definition.draw !== "function") fail("directions.draw", "a function that gives z", definition.draw);
  const draw = (asked: DirectionInput<never>): Float32Array => definition.draw(asked);
  const spec = { name, settings, source: String(definition.draw) };
  own.check("directions", spec);
  return { kind: "own", ...spec, [drawOf]: draw };
}

/** Own directions as a row of the table. */
export const own: DirectionKind<OwnDirectionSettings> = {
  check(what, { name, settings, source }) {
    if (typeof name !== "string" || name === "") fail(`${what}.name`, "a name", name);
    if (typeof settings !== "object" || settings === null)
      fail(`${what}.settings`, "an object of plain data", settings);
    plainData(`${what}.settings`, settings);
    if (typeof source !== "string") fail(`${what}.source`, "the function's text (ownDirections writes it)", source);
  },
  open: (spec, here) =>
    drawStored((query, out) => {
      out.set(drawOnce(spec, here, query));
    }),
  sample(spec, here) {
    const [z, again] = [0, 1].map(() => drawOnce(spec, here, 0).slice());
    const at = z.findIndex((value, i) => !Object.is(value, again[i]));
    if (at >= 0)
      fail(
        `directions ${spec.name}`,
        "the same numbers whenever a query is asked (take them from `normals`)",
        `${z[at]}, then ${again[at]} at place ${at}`,
      );
    return z;
  },
};

/** z of a query, checked; the function gets a copy of theta, made when it looks. */
function drawOnce(spec: OwnDirectionSettings, { seed, step, layout, point }: Here, query: number): Float32Array {
  const what = `directions ${spec.name}`;
  const draw = spec[drawOf];
  if (draw === undefined) return fail(what, "their function (run the cell that defines them)", "a record of them");
  let copy: Float32Array | null = null;
  const z: unknown = draw({
    settings: spec.settings as never,
    step,
    query,
    layout,
    get point() {
      return (copy ??= point.slice());
    },
    normals: (size, tensor, block) =>
      normals(
        block === undefined ? randomKey(seed, "own", step, query, tensor) : randomKey(seed, "own", block, tensor),
        size,
      ),
  });
  if (!isFloat32(z)) return fail(what, `a Float32Array of ${layout.size} numbers`, z);
  sameLength(what, z.length, layout.size);
  const at = z.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) fail(what, "finite numbers", `${z[at]} at place ${at} of query ${query} in step ${step}`);
  return z;
}

/** By name: a notebook cell lives in another realm, with a Float32Array of its own. */
function isFloat32(z: unknown): z is Float32Array {
  return Object.prototype.toString.call(z) === "[object Float32Array]";
}
