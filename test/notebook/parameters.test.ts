import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parameters } from "../../src/notebook/parameters";
import { throwsWith } from "../support/throws";

const test = suite("notebook/parameters");
const defaults = { steps: 300, learningRate: 1e-3, task: "trec", seeds: [0, 1], quick: false } as const;

test("without overrides the defaults are the parameters", () => {
  assert.equal(parameters(defaults, {}), { steps: 300, learningRate: 1e-3, task: "trec", seeds: [0, 1], quick: false });
});

test("an override replaces its default and nothing else", () => {
  const { steps, seeds, task }: { steps: number; seeds: readonly number[]; task: string } = parameters(defaults, {
    steps: 5,
    seeds: [7],
  });
  assert.equal([steps, seeds, task], [5, [7], "trec"]);
});

test("a name that was not declared is an error that lists the names", () => {
  throwsWith(
    () => parameters(defaults, { step: 5 }),
    'parameters: expected one of steps, learningRate, task, seeds, quick, got "step"',
  );
});

test("a value of another type is an error that shows the default", () => {
  throwsWith(() => parameters(defaults, { steps: "5" }), 'parameters.steps: expected a number like 300, got "5"');
  throwsWith(() => parameters(defaults, { seeds: 5 }), "parameters.seeds: expected an array like [0,1], got 5");
  throwsWith(() => parameters(defaults, { seeds: [0, "1"] }), 'parameters.seeds[1]: expected a number like 0, got "1"');
  throwsWith(() => parameters(defaults, { quick: null }), "parameters.quick: expected a boolean like false, got null");
});

test.run();
