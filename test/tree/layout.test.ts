import { suite } from "uvu";
import * as assert from "uvu/assert";
import { entryOf, layoutOf, stackAt, view } from "../../src/tree/layout";
import { throwsWith } from "../support/throws";

const test = suite("tree/layout");

const layout = layoutOf([
  { name: "core", shape: [2, 3], decay: true },
  { name: "scale", shape: [], decay: false },
  { name: "bias", shape: [4], decay: false },
]);

test("tensors lie one after another: 6, 1 and 4 elements at 0, 6 and 7", () => {
  assert.is(layout.size, 11);
  assert.equal(
    layout.entries.map(({ offset, size }) => [offset, size]),
    [
      [0, 6],
      [6, 1],
      [7, 4],
    ],
  );
  assert.is(layoutOf([]).size, 0);
});

test("a view shares the point's memory", () => {
  const point = new Float32Array(11);
  view(layout, point, "bias").fill(2);
  assert.equal([...point], [0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]);
});

test("a name given twice, and one that is not there, are refused", () => {
  const twice = { name: "core", shape: [1], decay: true };
  throwsWith(() => layoutOf([twice, twice]), 'name: expected distinct tensor names, got "core"');
  throwsWith(() => entryOf(layout, "head"), 'tensor: expected one of core, scale, bias, ..., got "head"');
});

test("tensors of one shape, one after another, are a stack that begins at the first; others are refused", () => {
  const three = layoutOf(["a", "b", "c"].map((name) => ({ name, shape: [2, 2], decay: true })));
  assert.equal(stackAt(three, ["b", "c"]), entryOf(three, "b"));
  throwsWith(() => stackAt(three, ["a", "c"]), "parameters[1]: expected a's shape 2x2, next in the layout");
  throwsWith(() => stackAt(layout, ["core", "scale"]), "parameters[1]: expected core's shape 2x3");
  throwsWith(() => stackAt(three, []), "parameters: expected at least one name");
});

test.run();
