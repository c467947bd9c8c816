import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reachedFigure } from "../../src/plot/memory";
import { throwsWith } from "../support/throws";

const test = suite("plot/memory");

const ways = [
  { name: "large", score: 0.9, peakMiB: 1500, seconds: 60 },
  { name: "worse & dearer", score: 0.6, peakMiB: 1000, seconds: 50 },
  { name: "small", score: 0.7, peakMiB: 300, seconds: 80 },
];

test("each way is a point of its own; the front joins those that nothing beats for less", () => {
  const { data } = reachedFigure(ways, "peakMiB");
  assert.equal(
    [data[0]!.x, data[0]!.y],
    [
      [300, 1500],
      [0.7, 0.9],
    ],
  );
  assert.equal(
    data.slice(1).map(({ name, x, y }) => [name, x, y]),
    [
      ["large", [1500], [0.9]],
      ["worse &amp; dearer", [1000], [0.6]],
      ["small", [300], [0.7]],
    ],
  );
  const coloured = (by: "peakMiB" | "seconds") => reachedFigure(ways, by).data.map(({ name, marker }) => [name, marker?.color]); // prettier-ignore
  assert.equal(coloured("peakMiB"), coloured("seconds"));
  assert.equal(reachedFigure(ways, "seconds").data[0]!.x, [50, 60]);
  throwsWith(() => reachedFigure([], "seconds"), "reached: expected at least one way of training");
});

test.run();
