import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { adapterParameters, publishedAdapters } from "../../src/tt/counts";
import { descriptions } from "../support/descriptions";

const test = suite("adapter/counts");

const train = (placement: "llama" | "roberta"): AdapterSpec => ({
  kind: "tensor-train",
  placement,
  rank: 5,
  bottleneck: 64,
  scale: 1,
  modes: null,
});
const prefix: AdapterSpec = { kind: "prefix", tokens: 5 };
const xs: AdapterSpec = { kind: "lora-xs", rank: 8, alpha: 16, targets: ["query", "value"] };
const trains: AdapterSpec = { kind: "tt-lora", rank: 8, alpha: 16, trainRank: 5, targets: ["query", "value"] };
const core: AdapterSpec = { kind: "tt-core", rank: 4, inner: 2, alpha: 16, targets: ["query", "value"] };
const linear: AdapterSpec = { kind: "linear", placement: "roberta", rank: "full" };
const narrow: AdapterSpec = { ...linear, rank: 8 };
const lora: AdapterSpec = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] };

// Llama-2-7B: 32 layers x 3 adapters x (1,100 + 1,100 cores + 64 + 4,096 biases) = 610,560
// A prefix of 5: 32 layers x 2 x 5 x 4,096 = 1,310,720
// LoRA, rank 8 on two square projections: 32 layers x 2 x 8 x (4,096 + 4,096) = 4,194,304
// LoRA-XS, rank 8: 8 x 8 at each site, whatever the model's width
// A core of tensor trains, ranks 4 and inner modes 2: (4 x 2) x (2 x 4) at each site
// Linear maps: 12 of 384 x 384 with a number each; of rank 8: 12 x (2 x 8 x 384 + 1)
// A LoRA of tensor trains, rank 8 and 5 between cores, modes 16 16 16 | 2 2 2: 80 + 2 x 400 + 2 x 50 + 10 = 990 for A, as many for B
//   384 = 6 x 8 x 8: A 30 + 200 + 200 + 50 + 50 + 10 = 540, B 10 + 50 + 50 + 150 + 200 + 40 = 500
const table: readonly (readonly [keyof typeof descriptions, AdapterSpec, number])[] = [
  ["llama-2-7b", train("llama"), 610_560],
  ["llama-2-7b", lora, 4_194_304],
  ["llama-2-7b", xs, 64 * 64],
  ["llama-2-7b", trains, 64 * 1_980],
  ["llama-2-7b", prefix, 1_310_720],
  ["roberta-large", train("roberta"), 136_704],
  ["roberta-large", lora, 786_432],
  ["minilm", train("roberta"), 20_496],
  ["minilm", lora, 73_728],
  ["minilm", linear, 1_769_484],
  ["minilm", narrow, 73_740],
  ["minilm", xs, 768],
  ["minilm", core, 768],
  ["minilm", trains, 12 * 1_040],
  ["smollm2", train("llama"), 179_100],
  ["smollm2", lora, 460_800],
  // Grouped queries: 30 layers x 2 x 5 x 3 heads of 64
  ["smollm2", prefix, 57_600],
];

for (const [name, spec, parameters] of table)
  test(`${spec.kind} on ${name} has ${parameters} trainable parameters`, () => {
    const { layout, initial } = makeAdapter(spec, descriptions[name]);
    assert.is(layout.size, parameters);
    if (parameters < 200_000) assert.is(initial(0).length, parameters);
  });

test("the tt room counts the published adapters as the layouts do", () => {
  const { cores, biases, total } = adapterParameters(publishedAdapters["llama-2-7b"]);
  const { layout } = makeAdapter(train("llama"), descriptions["llama-2-7b"]);
  const size = (decay: boolean) =>
    layout.entries.filter((entry) => entry.decay === decay).reduce((sum, entry) => sum + entry.size, 0);
  assert.equal([size(true), size(false), layout.size], [cores, biases, total]);
});

test("no adapter has no parameters", () => {
  assert.is(makeAdapter({ kind: "none" }, descriptions.minilm).layout.size, 0);
});

test.run();
