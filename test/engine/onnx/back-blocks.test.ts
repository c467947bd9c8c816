import { suite } from "uvu";
import * as assert from "uvu/assert";
import { blocksOf, cutBack, joinedPieces } from "../../../src/engine/onnx/back-blocks";
import type { Node } from "../../../src/engine/onnx/graph";

const test = suite("engine/onnx/back-blocks");

const node = (output: string, ...inputs: readonly string[]): Node => ({
  type: "Op",
  inputs,
  outputs: [output],
  bytes: new Uint8Array(0),
  domain: "",
});
const names = (nodes: readonly Node[]): string => nodes.map(({ outputs }) => outputs.join()).join(" ");

// y = f(b, V), b = f(a, W), a = f(x): states a and b; V and W are views of trained tensors.
const forward = [
  node("a", "x"),
  node("W", "theta:W"),
  node("i", "a", "W"),
  node("b", "i"),
  node("V", "theta:V"),
  node("j", "b", "V"),
  node("y", "j"),
];
const states = [
  { value: "a", at: 0 },
  { value: "b", at: 3 },
];
const pulled = [
  node("dj", "cotangent", "j"),
  node("dV", "dj", "b"),
  node("db", "dj", "V"),
  node("di", "db", "i"),
  node("dW", "di", "a"),
  node("da", "di", "W"),
  node("dx", "da"),
];
const labels: Readonly<Record<string, string>> = { dV: "layer 1", dW: "layer 0", dx: "table" };
const cut = (recompute: boolean) =>
  cutBack(pulled, {
    forward,
    states,
    free: (value) => ["W", "V"].includes(value),
    steady: (value) => ["W", "V"].includes(value),
    recompute,
    label: (value) => labels[value] ?? null,
  });

test("a way back is cut at the states and after each label's last derivative; views are made again, never kept", () => {
  assert.equal(
    cut(false).map(({ label, nodes, kept, carried }) => [label, names(nodes), kept.join(" "), carried.join(" ")]),
    [
      ["layer 1", "dj dV", "j b", "dj"],
      [null, "V db", "", "db"],
      ["layer 0", "di dW", "i a", "di"],
      ["table", "W da dx", "", ""],
    ],
  );
});

test("with recomputation each piece makes again what lies between its states", () => {
  assert.equal(
    cut(true).map(({ nodes, kept }) => [names(nodes), kept.join(" ")]),
    [
      ["V j dj dV", "b"],
      ["V db", ""],
      ["W i di dW", "a"],
      ["W da dx", ""],
    ],
  );
});

test("pieces that follow each other are one, with what the later ones read of it", () => {
  const [first, second, ...later] = cut(true);
  const joined = joinedPieces([first!, second!], later);
  assert.equal(
    [joined.label, names(joined.nodes), joined.kept, joined.carried],
    ["layer 1", "V j dj dV db", ["b"], ["db"]],
  );
});

test("pieces of one label are one block; a piece without a label goes with the next, the last ones with the block before", () => {
  assert.equal(blocksOf(["norm", null, "layer 0", "layer 0", null, null]), [
    { name: "norm", from: 0, to: 1 },
    { name: "layer 0", from: 1, to: 6 },
  ]);
  assert.equal(blocksOf([null, null]), [{ name: "all", from: 0, to: 2 }]);
  assert.equal(blocksOf([]), []);
});

test.run();
