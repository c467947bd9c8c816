import { suite } from "uvu";
import * as assert from "uvu/assert";
import { direction } from "../../../src/estimator/directions";
import { ownDirections, type OwnDirections } from "../../../src/estimator/directions/own";
import { layoutOf } from "../../../src/tree/layout";
import { throwsWith } from "../../support/throws";

const test = suite("estimator/directions/own");

const layout = layoutOf([
  { name: "w", shape: [2, 2], decay: true },
  { name: "b", shape: [3], decay: false },
]);
const drawn = (spec: OwnDirections, step: number, query = 0) => direction(spec, { seed: 7, step, query }, layout);

/** Normals in one tensor a step, in turn. */
const inTurn = ownDirections({
  name: "in turn",
  settings: { groups: 2 },
  draw({ layout: { size, entries }, normals, step, settings: { groups } }) {
    const z = new Float32Array(size);
    const moved = entries.filter((_, tensor) => tensor % groups === step % groups);
    moved.forEach((entry, tensor) => z.set(normals(entry.size, tensor), entry.offset));
    return z;
  },
});

test("directions of one's own see step and tensors, and are the same whenever they are asked", () => {
  const [even, odd] = [drawn(inTurn, 0), drawn(inTurn, 1)];
  assert.ok(even.subarray(0, 4).every((z) => z !== 0) && even.subarray(4).every((z) => z === 0));
  assert.ok(odd.subarray(0, 4).every((z) => z === 0) && odd.subarray(4).every((z) => z !== 0));
  assert.equal(drawn(inTurn, 0), even);
  assert.not.equal(drawn(inTurn, 2), even);
  assert.not.equal(drawn(inTurn, 0, 1), even);
});

test("with a block normals are kept for its steps and all queries", () => {
  const draw = (hold: number) =>
    ownDirections({
      name: "held",
      settings: { hold },
      draw: ({ layout: { size }, normals, step, settings }) => normals(size, 0, Math.floor(step / settings.hold)),
    });
  assert.equal(drawn(draw(2), 1, 3), drawn(draw(2), 0));
  assert.not.equal(drawn(draw(2), 2), drawn(draw(2), 0));
});

test("numbers that do not fit, a missing name, and a record of them are refused", () => {
  const written = (name: string, size: number) =>
    ownDirections({ name, settings: {}, draw: () => new Float32Array(size) });
  throwsWith(() => drawn(written("short", 6), 0), "directions short: expected length 7, got 6");
  throwsWith(() => written("", 7), "directions.name: expected a name");
  const read = JSON.parse(JSON.stringify(inTurn)) as OwnDirections;
  throwsWith(() => drawn(read, 0), "directions in turn: expected their function (run the cell that defines them)");
});

test.run();
