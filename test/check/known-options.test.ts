import { suite } from "uvu";
import * as assert from "uvu/assert";
import { knownOptions } from "../../src/check/known-options";
import { throwsWith } from "../support/throws";

const test = suite("check/known-options");
const known = ["temperature", "samples"];

test("known options pass, in whatever number", () => {
  for (const options of [{}, { samples: 2 }, { samples: undefined, temperature: 1 }])
    assert.is(knownOptions("writing", options, known), undefined);
});

test("an unknown one is named with its nearest, and what is no object is shown", () => {
  throwsWith(
    () => knownOptions("writing", { sample: 2 }, known),
    'writing: expected the options temperature, samples; nearest: samples, got "sample"',
  );
  for (const [none, shown] of [[undefined, "undefined"], [null, "null"], [[1], "[1]"], ["x", '"x"']] as const) // prettier-ignore
    throwsWith(() => knownOptions("writing", none, known), `writing: expected an object of options, temperature, samples, got ${shown}`); // prettier-ignore
});

test.run();
