import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { SideSpec } from "../../src/adapter/adapter";
import { sideModule } from "../../src/adapter/side";
import { reversibleReference } from "../../src/engine/reference/reversible";
import { tensor } from "../../src/engine/reference/tensor";
import type { Tensor } from "../../src/engine/reference/tensor";
import { dual } from "../../src/ops/dual";
import type { Ops } from "../../src/ops/ops";
import { plain } from "../../src/ops/plain";
import { garbageCollected, record, run } from "../../src/ops/program";
import type { Memory } from "../../src/ops/program";
import { reverse } from "../../src/ops/reverse";
import { layoutOf, view } from "../../src/tree/layout";
import type { Layout } from "../../src/tree/layout";
import { flat, type Tensors } from "../support/golden";
import { moduleTraces } from "../support/golden-methods";
import { near } from "../support/near";
import { readJson } from "../support/tiny-models";

/** The side network of SHERL alone, on hidden states that are drawn: what it gives, and every derivative of it. */
const test = suite("common/golden-sherl");

interface ModuleTrace {
  readonly parameters: Tensors;
  readonly features: readonly Tensors[string][];
  readonly last: Tensors[string];
  readonly output: Tensors[string];
  readonly cotangent: Tensors[string];
  readonly gradient: Tensors;
  readonly featureGradient: readonly Tensors[string][];
}
const recorded = readJson(`test/fixtures/golden/${moduleTraces[0]}.json`) as {
  readonly hyper: Readonly<Record<"width" | "hidden" | "features", number>>;
  readonly t5: ModuleTrace;
  readonly bert: ModuleTrace;
};
const { width, hidden, features: count } = recorded.hyper;
const places = Array.from({ length: count }, (_, place) => place);
const spec = (form: SideSpec["form"]): SideSpec => ({ kind: "side", width: hidden, aggregation: "anti-redundancy", form }); // prettier-ignore

/** What a reference's tensor is called here; its matrices are transposed. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^hor_block\.(\d)\.(fc1|fc\.0)\.(weight|bias)$/, "side.$1.down.$3"],
  [/^hor_block\.(\d)\.fc2\.(weight|bias)$/, "side.$1.value.$2"],
  [/^hor_block\.(\d)\.fc3\.(weight|bias)$/, "side.$1.gate.$2"],
  [/^hor_block\.(\d)\.fc\.1\.(weight|bias)$/, "side.$1.norm.$2"],
  [/^guide_block\.fc_attn\.(weight|bias)$/, "side.score.$1"],
  [/^fc_out\.2\.(weight|bias)$/, "side.out.norm.$1"],
  [/^fc_out(\.1)?\.(weight|bias)$/, "side.out.$2"],
  [/^gate_params$/, "side.skip"],
];
function nameOf(theirs: string): string {
  const [pattern, ours] = NAMES.find(([known]) => known.test(theirs)) ?? [];
  if (pattern === undefined) throw new Error(`${theirs}: expected a tensor of the module`);
  return theirs.replace(pattern, ours!);
}

/** The numbers of a reference's tensors by our names, matrices from the left. */
function ours(tensors: Tensors): ReadonlyMap<string, readonly number[]> {
  return new Map(
    Object.entries(tensors).map(([name, nested]) => {
      const rows = nested as readonly (readonly number[])[];
      const numbers = Array.isArray(rows[0]) ? rows[0].flatMap((_, column) => rows.map((row) => row[column]!)) : flat(nested); // prettier-ignore
      return [nameOf(name), numbers];
    }),
  );
}

/** The module's tensors and, to be differentiated too, the hidden states of 2 x 2 tokens and what is replaced. */
function layoutWith(module: Layout): Layout {
  const states = [...places.map((place) => `state.${place}`), "last"];
  return layoutOf([
    ...module.entries.map(({ name, shape, decay }) => ({ name, shape, decay })),
    ...states.map((name) => ({ name, shape: [4, width], decay: false })),
  ]);
}

for (const [form, trace] of [
  ["gated", recorded.t5],
  ["norm", recorded.bert],
] as const) {
  const module = sideModule(spec(form), places, width);
  const layout = layoutWith(module.layout);
  const states = new Map([...trace.features.map((state, i) => [`state.${i}`, flat(state)] as const), ["last", flat(trace.last)]]); // prettier-ignore
  const point = new Float64Array(layout.size);
  const values = new Map([...ours(trace.parameters), ...states]);
  for (const { name, offset, size } of layout.entries) {
    const numbers = values.get(name)!;
    assert.is(numbers.length, size, name);
    point.set(numbers, offset);
  }
  const computed = <T>(ops: Ops<T>): T => {
    const read = (name: string): T => ops.pick(ops.parameters([name]), 0);
    return module.bind(ops)(
      places.map((place) => read(`state.${place}`)),
      read("last"),
    );
  };
  const pass = { batch: { ids: [[0, 0], [0, 0]] }, layout, points: [point], directions: [] }; // prettier-ignore

  test(`${form}: every tensor of the reference is one of ours, and none is left`, () => {
    assert.equal([...ours(trace.parameters).keys()].sort(), module.layout.entries.map(({ name }) => name).sort());
  });

  test(`${form}: output, and the gradient by every parameter and hidden state, are the reference's`, () => {
    const recording = reverse(
      record((low) => [computed(plain(low))]),
      layout,
    );
    const low = reversibleReference(pass, () => tensor([1, 4, width], flat(trace.cotangent)));
    const found = run(recording, low, garbageCollected as Memory<Tensor>);
    near(found.get(recording.results[0]!)!.data, flat(trace.output), 1e-12, "output");
    const expected = new Map([...ours(trace.gradient), ...trace.featureGradient.map((state, i) => [`state.${i}`, flat(state)] as const)]); // prettier-ignore
    const seen = new Set<string>();
    for (const { names, place } of recording.derivatives) {
      const all = found.get(place)!.data;
      names!.forEach((name, i) => {
        if (!expected.has(name)) return;
        seen.add(name);
        const size = all.length / names!.length;
        near(all.subarray(i * size, (i + 1) * size), expected.get(name)!, 1e-9, name);
      });
    }
    assert.equal([...seen].sort(), [...expected.keys()].sort());
  });

  test(`${form}: tangents are the gradient's`, () => {
    const direction = Float32Array.from(point, (_, i) => Math.sin(i));
    const { primal, tangents } = computed(dual(reversibleReference({ ...pass, directions: [direction] }, (x) => x)));
    near(primal.data, flat(trace.output), 1e-12);
    const parts = [...ours(trace.gradient), ...trace.featureGradient.map((state, i) => [`state.${i}`, flat(state)] as const)]; // prettier-ignore
    const along = parts.reduce((sum, [name, numbers]) => sum + numbers.reduce((all, g, i) => all + g * view(layout, direction, name)[i]!, 0), 0); // prettier-ignore
    const ofLast = view(layout, direction, "last");
    const open = Math.tanh(values.get("side.skip")![0]! / 0.1);
    const through = flat(trace.cotangent).reduce((sum, g, i) => sum + g * open * ofLast[i]!, 0);
    const got = flat(trace.cotangent).reduce((sum, g, i) => sum + g * tangents!.data[i]!, 0);
    near([got], [along + through], 1e-6);
  });
}

test.run();
