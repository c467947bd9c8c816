import { suite } from "uvu";
import * as assert from "uvu/assert";
import { trainableCounts } from "../../src/adapter/count";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { adapterParameters, publishedAdapters } from "../../src/tt/counts";
import { descriptions } from "../support/descriptions";

const test = suite("adapter/count");
const train = { kind: "tensor-train", rank: 5, bottleneck: 64, scale: 1, modes: null } as const;

test("Llama-2-7B: 96 adapters of 2,200 core numbers and 64 + 4,096 biases", () => {
  const adapter = makeAdapter({ ...train, placement: "llama" }, descriptions["llama-2-7b"]);
  assert.equal(trainableCounts(adapter), { weights: 96 * 2200, biases: 96 * 4160, total: 610_560 });
});

test("an adapter laid out on RoBERTa-large's sites has what the formula counts", () => {
  const { weights, biases, total } = trainableCounts(
    makeAdapter({ ...train, placement: "roberta" }, descriptions["roberta-large"]),
  );
  assert.equal({ cores: weights, biases, total }, adapterParameters(publishedAdapters["roberta-large"]));
});

test("LoRA has no biases, the frozen model nothing", () => {
  const lora = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] } as const;
  // 64 sites of 2 * 8 * 4,096
  const weights = 64 * 2 * 8 * 4096;
  assert.equal(trainableCounts(makeAdapter(lora, descriptions["llama-2-7b"])), { weights, biases: 0, total: weights });
  assert.is(trainableCounts(makeAdapter({ kind: "none" }, descriptions.minilm)).total, 0);
});

test.run();
