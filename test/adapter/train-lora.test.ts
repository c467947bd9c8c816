import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TrainLoraSpec } from "../../src/adapter/adapter";
import { trainLora } from "../../src/adapter/train-lora";
import { tensor } from "../../src/engine/reference/tensor";
import { llamaSites } from "../../src/model/llama";
import { view } from "../../src/tree/layout";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";

const test = suite("adapter/train-lora");
const spec: TrainLoraSpec = { kind: "tt-lora", rank: 2, alpha: 4, trainRank: 1, targets: ["value"] };
// value: 4 -> 2
const sites = llamaSites({ layers: 1, hidden: 4, intermediate: 5, heads: 2, kvHeads: 1, headSize: 2 });

test("y + (alpha / rank) (x A) B as worked by hand, both contracted from cores of rank 1", () => {
  const adapter = trainLora(spec, sites);
  assert.equal(
    adapter.layout.entries.map(({ name, shape }) => `${name.replace("layers.0.attention.value.", "")} ${shape.join("x")}`), // prettier-ignore
    ["A.core.0 1x1x1", "A.core.1 1x2x1", "A.core.2 1x2x1", "A.core.3 1x1x1", "A.core.4 1x1x1", "A.core.5 1x2x1", "B.core.0 1x1x1", "B.core.1 1x1x1", "B.core.2 1x2x1", "B.core.3 1x1x1", "B.core.4 1x1x1", "B.core.5 1x2x1"], // prettier-ignore
  );
  const point = new Float32Array(adapter.layout.size).fill(1);
  const set = (name: string, values: readonly number[]): void =>
    view(adapter.layout, point, `layers.0.attention.value.${name}`).set(values);
  set("A.core.1", [1, 2]);
  set("A.core.2", [1, 3]);
  set("A.core.5", [1, 10]);
  set("B.core.2", [1, 2]);
  set("B.core.5", [1, -1]);
  // A = (1, 3, 2, 6)^T (1, 10), x = (1, 1, 1, 1): x A = (12, 120); B = (1, 2)^T (1, -1): (x A) B = 252 (1, -1), times 2, plus y
  const { hooks } = adapter.bind(opsAt(adapter.layout, [point]));
  const [x, y] = [tensor([1, 1, 4], [1, 1, 1, 1]), tensor([1, 1, 2], [1, 1])];
  near(hooks.output("layers.0.attention.value", x, y).data, [505, -503], 1e-12);
  assert.is(hooks.output("layers.0.attention.key", x, y), y);
});

test("at the start B's last core alone is zero: the model is unchanged, and that core has a gradient", () => {
  const { layout, initial } = trainLora({ ...spec, rank: 8, trainRank: 5, targets: ["query"] }, descriptions.minilm);
  const point = initial(0);
  for (const { name } of layout.entries) {
    const values = view(layout, point, name);
    const isLast = name.endsWith(".B.core.5");
    assert.is(values.some((value) => value !== 0), !isLast, name); // prettier-ignore
  }
});

test("numbers out of range and targets that fit nothing are errors", () => {
  throwsWith(() => trainLora({ ...spec, trainRank: 0 }, sites), "trainRank: expected");
  throwsWith(() => trainLora({ ...spec, rank: 1.5 }, sites), "rank: expected");
  throwsWith(() => trainLora({ ...spec, rank: 1e9 }, sites), /^rank: expected at most \d+, the smaller side of /);
  throwsWith(
    () => trainLora({ ...spec, targets: ["q_proj"] }, sites),
    "targets: expected words that end a site's name",
  );
});

test.run();
