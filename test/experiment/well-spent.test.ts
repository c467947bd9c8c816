import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readChoice } from "../../src/experiment/frozen-choice";
import { WELL_SPENT, wellSpent } from "../../src/experiment/well-spent";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("experiment/well-spent");
const choice = readChoice();
const frozen = skipUnless(choice !== null, "no choice is frozen yet (data/frozen-choice.json)");

test("encoders and models with label words have an adapter, a method and a start each, at the chosen rate or another", () => {
  const [encoder, masked, language] = (["pooled", "masked", "causal"] as const).map((reading) => wellSpent({ reading }, 800)); // prettier-ignore
  assert.equal([encoder.readout, masked.readout, language.readout], [WELL_SPENT.pooled.start, WELL_SPENT.words.start, WELL_SPENT.words.start]); // prettier-ignore
  assert.equal(masked, language);
  const { learningRate } = wellSpent({ reading: "pooled" }, 800, 0.25).method;
  assert.is(learningRate.kind === "constant" ? learningRate.value : 0.25, 0.25);
  assert.equal(wellSpent({ reading: "pooled" }, 100).adapter, encoder.adapter);
});

test("what openModel gives in place of its model, and passes that are no number, are refused", () => {
  const loaded = { name: "minilm", model: { reading: "pooled" } };
  throwsWith(() => wellSpent(loaded as never, 800), "model.reading: expected pooled, masked, causal: wellSpent takes a model, as in (await openModel(\"minilm\")).model, got undefined"); // prettier-ignore
  for (const none of [undefined, null])
    throwsWith(() => wellSpent(none as never, 800), "model.reading: expected pooled, masked, causal: wellSpent takes a model, as in (await openModel(\"minilm\")).model, got undefined"); // prettier-ignore
  throwsWith(() => wellSpent({ reading: "toString" as never }, 800), "model.reading: expected pooled, masked, causal");
  for (const passes of [-1, 0.5, NaN, Infinity, "800" as never])
    throwsWith(() => wellSpent({ reading: "causal" }, passes), "passes: expected a non-negative integer");
  assert.equal(wellSpent({ reading: "causal" }, 0), wellSpent({ reading: "causal" }, 800));
});

frozen(test, "what is named is what was chosen on dev and frozen, on each model", () => {
  for (const [row, arms] of [
    [WELL_SPENT.pooled, choice!.minilm],
    [WELL_SPENT.words, choice!.smollm2],
  ] as const) {
    const { arm, start, learningRate, adapter, method } = arms.find(({ role }) => role === "chosen")!;
    assert.equal([row.arm, row.start, row.learningRate], [arm, start, learningRate]);
    const made = wellSpent({ reading: row === WELL_SPENT.pooled ? "pooled" : "causal" }, 800);
    assert.equal([made.adapter, made.method], [adapter, method]);
  }
});

test.run();
