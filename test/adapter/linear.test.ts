import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Adapter, LinearAdapterSpec } from "../../src/adapter/adapter";
import { dropping } from "../../src/adapter/dropping";
import { addedMaps, foldedAfter } from "../../src/adapter/folded-map";
import { linearAdapter } from "../../src/adapter/linear";
import { tensor } from "../../src/engine/reference/tensor";
import { referenceFeatures64, referenceGradient64 } from "../../src/engine/reference/session";
import { bertSites } from "../../src/model/bert";
import type { Model } from "../../src/model/model";
import type { FrozenMatrix } from "../../src/ops/ops";
import { view } from "../../src/tree/layout";
import type { Layout } from "../../src/tree/layout";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";
import { readJson } from "../support/tiny-models";

const test = suite("adapter/linear");

const SITE = "layers.0.mlp.down";
const sites = [{ name: "layers.0.attention.output", inputs: 4, outputs: 4 }, { name: SITE, inputs: 3, outputs: 4 }]; // prettier-ignore
const spec: LinearAdapterSpec = { kind: "linear", placement: "roberta", rank: "full" };

type Rows = readonly (readonly number[])[];
interface Parameters {
  readonly s: readonly number[];
  readonly "f.weight": Rows;
}
/** Recorded from the source's own module, merge and average (test/fixtures/golden/README.md). */
const golden = readJson("test/fixtures/golden/r-adapter.json") as {
  readonly adapter: Readonly<Record<"input" | "train" | "cotangent" | "eval" | "inputGradient", readonly Rows[]>> & {
    readonly parameters: Parameters;
    readonly gradient: Parameters;
  };
  readonly merge: {
    readonly original: { readonly weight: Rows; readonly bias: readonly number[] };
    readonly adapter: Parameters;
    readonly merged: { readonly weight: Rows; readonly bias: readonly number[] };
  };
};

/** A point with the source's F, stored for products from the left, and s at the second site; the first is left alone. */
function pointOf({ layout }: Pick<Adapter, "layout">, { s, "f.weight": f }: Parameters): Float64Array {
  const point = new Float64Array(layout.size);
  set(layout, point, "linear.map", f.map((_, i) => f.map((row) => row[i]!)).flat()); // prettier-ignore
  set(layout, point, "linear.scale", s);
  return point;
}

function set({ entries }: Layout, point: Float64Array, part: string, values: readonly number[]): void {
  point.set(values, entries.find(({ name }) => name === `${SITE}.${part}`)!.offset);
}

/** A model that is one layer's place: the rows of a table come out of it, one text each. */
function place(rows: Rows): {
  readonly model: Model;
  readonly batch: { readonly ids: readonly (readonly number[])[] };
} {
  const table: FrozenMatrix = {
    name: "table",
    shape: [rows.length, 4],
    // Kept in float64: the judge's numbers are.
    read: () => Float64Array.from(rows.flat()) as unknown as Float32Array,
    rows: (ids) => Float64Array.from([...Array.from(ids)].flatMap((id) => rows[id]!)) as unknown as Float32Array,
  };
  const model = {
    sites,
    width: 4,
    vocabulary: rows.length,
    context: 1,
    reading: "pooled",
    forward: (ops, hooks) => {
      const x = ops.embed(table, "token");
      return ops.meanPool(hooks.output(SITE, x, x));
    },
  } as Pick<Model, "sites" | "width" | "vocabulary" | "context" | "reading" | "forward"> as Model;
  return { model, batch: { ids: rows.map((_, i) => [i]) } };
}

test("what goes out, with all kept in training and half of it at the end, and the gradients are the source's", () => {
  const { input, train, eval: evaluated, cotangent, parameters, gradient, inputGradient } = golden.adapter;
  const adapter = dropping(linearAdapter(spec, sites));
  const { model, batch } = place(input.flat());
  const point = pointOf(adapter, parameters);
  const kept = (factor: number) => ({ ...batch, keep: new Map([[SITE, factor]]) });
  near(referenceFeatures64(model, adapter, [point], kept(1 / 0.8)).data, train.flat(2), 1e-12);
  near(referenceFeatures64(model, adapter, [point], kept(0.5)).data, evaluated.flat(2), 1e-12);
  const slope = Float64Array.from(cotangent.flat(2)) as unknown as Float32Array;
  const found = referenceGradient64(model, adapter, point as unknown as Float32Array, kept(1 / 0.8), () => slope);
  near(found, pointOf(adapter, gradient), 1e-6);
  // By the input: that of h + k s F h is the cotangent's own row and k s F^T of it.
  const [s] = parameters.s as [number];
  const by = cotangent.flat().flatMap((dy) => dy.map((value, j) => value + (s / 0.8) * dy.reduce((sum, d, i) => sum + d * parameters["f.weight"][i]![j]!, 0))); // prettier-ignore
  near(by, inputGradient.flat(2), 1e-12);
});

test("the merged weight and bias are the source's to the last places of float64, and compute what the adapter does", () => {
  const { original, adapter: parameters, merged } = golden.merge;
  const adapter = linearAdapter(spec, sites);
  const point = pointOf(adapter, parameters);
  const half = Float64Array.from(point);
  set(adapter.layout, half, "linear.scale", [0.5 * parameters.s[0]!]);
  const [, { map, site }] = addedMaps(spec, sites, adapter.layout, half as unknown as Float32Array) as [
    unknown,
    { readonly map: Float64Array; readonly site: string },
  ];
  assert.is(site, SITE);
  near(foldedAfter(map, original.weight.flat(), 3), merged.weight.flat(), 1e-14);
  near(foldedAfter(map, original.bias, 1), merged.bias, 1e-14);
});

test("a rank is U D as worked by hand, starts as nothing, and is refused where it is no rank below the width", () => {
  const of = (rank: number) => linearAdapter({ ...spec, rank }, bertSites({ layers: 1, hidden: 3, intermediate: 5 }));
  const adapter = of(1);
  const h = tensor([1, 1, 3], [1, 2, 3]);
  const out = (point: Float32Array) => adapter.bind(opsAt(adapter.layout, [point])).hooks.output(SITE, h, h).data;
  const start = adapter.initial(2);
  near(out(start), [1, 2, 3], 0);
  assert.is(view(adapter.layout, start, `${SITE}.linear.scale`)[0], Math.fround(0.1));
  const bound = Math.sqrt(6 / 4);
  const down = view(adapter.layout, start, `${SITE}.linear.down`);
  assert.ok(down.every((value) => value !== 0 && Math.abs(value) <= bound));
  // D h = 1 + 2 * 2 = 5, U = (1, 0, -1), s = 0.5
  down.set([1, 2, 0]);
  view(adapter.layout, start, `${SITE}.linear.up`).set([1, 0, -1]);
  view(adapter.layout, start, `${SITE}.linear.scale`).set([0.5]);
  near(out(start), [3.5, 2, 0.5], 1e-12);
  const maps = addedMaps(of(1).spec as LinearAdapterSpec, bertSites({ layers: 1, hidden: 3, intermediate: 5 }), adapter.layout, start); // prettier-ignore
  near(maps[1]!.map, [0.5, 1, 0, 0, 0, 0, -0.5, -1, 0], 1e-12);
  throwsWith(() => of(3), 'rank: expected a rank below the width 3 of layers.0.attention.output, or "full", got 3');
  throwsWith(() => of(0), "rank: expected a positive integer, got 0");
  throwsWith(() => linearAdapter({ ...spec, rank: "half" as "full" }, sites), "rank: expected a positive integer");
  throwsWith(() => linearAdapter({ ...spec, scale: 0 }, sites), "scale: expected a positive number, got 0");
  for (const scale of [1e-50, 1e39])
    throwsWith(() => linearAdapter({ ...spec, scale }, sites), "scale: expected a factor from 1e-6 to 1e6 (0.1 and 1 are usual)"); // prettier-ignore
});

test("a model without the places, and a point that is not finite, are named", () => {
  throwsWith(() => linearAdapter(spec, [sites[0]!]), 'placement "roberta": expected a model with sites that end in ".mlp.down"'); // prettier-ignore
  const adapter = linearAdapter(spec, descriptions.minilm);
  const point = adapter.initial(0);
  view(adapter.layout, point, "layers.2.mlp.down.linear.map")[7] = NaN;
  throwsWith(() => addedMaps(spec, descriptions.minilm, adapter.layout, point), "layers.2.mlp.down.linear.map[7]: expected a finite number (did the run diverge?), got NaN"); // prettier-ignore
  throwsWith(() => addedMaps(spec, descriptions.minilm, adapter.layout, point.subarray(1)), "point");
});

test.run();
