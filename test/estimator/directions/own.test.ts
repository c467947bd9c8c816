import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { direction } from "../../../src/estimator/directions";
import { ownDirections, type OwnDirections } from "../../../src/estimator/directions/own";
import { layoutOf } from "../../../src/tree/layout";
import { mezo } from "../../../src/optimizer/recipes";
import { replay } from "../../../src/train/replay";
import { train } from "../../../src/train/train";
import { trainEventsInFile, trainInFile } from "../../../src/train/train-in-file";
import { readTrajectory } from "../../../src/train/trajectory";
import { matrices } from "../../support/method-problems";
import { methodRun } from "../../support/method-runs";
import { scratch } from "../../support/scratch";
import { rejectsWith, throwsWith } from "../../support/throws";

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

const files = scratch();
test.after(() => files.remove());
const sized = (by: number) =>
  ownDirections({
    name: "sized",
    settings: {},
    draw: ({ layout: { size }, normals }) => normals(size, 0).map((z) => by * z),
  });
const runOf = (directions: OwnDirections) => methodRun(matrices, { ...mezo({ learningRate: 1e-3 }), directions });

test("a run along them is cut off, resumed and walked again to the same bits, with its method beside the record", async () => {
  const whole = await trainInFile({ ...runOf(sized(1)), path: files.file("whole.jsonl") });
  const path = files.file("cut.jsonl");
  for await (const event of trainEventsInFile({ ...runOf(sized(1)), path }))
    if (event.kind === "step" && event.record.step === 3) break;
  const resumed = await trainInFile({ ...runOf(sized(1)), path });
  assert.equal(resumed.point, whole.point);
  const { start, layout: of, settings } = runOf(sized(1));
  assert.equal(replay(readTrajectory(path)!, start, of, undefined, settings.method), whole.point);
  throwsWith(() => replay(readTrajectory(path)!, start, of), "directions sized: expected their function");
});

test("another function of the same text is another run, whatever it closes over", async () => {
  const path = files.file("closed.jsonl");
  await trainInFile({ ...runOf(sized(1)), path });
  await rejectsWith(trainInFile({ ...runOf(sized(3)), path }), "start.drawn");
});

test("a function that is asked twice and differs, or gives no finite numbers, is refused before anything is written", async () => {
  let calls = 0;
  const cases: readonly (readonly [string, (size: number) => unknown])[] = [
    ["expected the same numbers whenever a query is asked", (size) => new Float32Array(size).fill(calls++)],
    ['expected finite numbers, got "NaN at place 0', (size) => new Float32Array(size).fill(NaN)],
    ["expected a Float32Array of 194 numbers", (size) => new Array(size).fill(1)],
    ["expected a Float32Array of 194 numbers", async (size) => new Float32Array(size)],
    ["expected length 194, got 2", () => new Float32Array(2)],
  ];
  for (const [message, draw] of cases) {
    const given = ({ layout: { size } }: { layout: { size: number } }) => draw(size) as Float32Array;
    const path = files.file("refused.jsonl");
    const directions = ownDirections({ name: "o", settings: {}, draw: given });
    await rejectsWith(trainInFile({ ...runOf(directions), path }), `directions o: ${message}`);
    assert.not(existsSync(path));
  }
  throwsWith(() => ownDirections({ name: "o", settings: { f: () => 0 }, draw: () => new Float32Array(1) }), "directions.settings.f: expected plain data"); // prettier-ignore
  throwsWith(
    () => ownDirections({ name: "o", settings: {}, draw: "x" as never }),
    "directions.draw: expected a function",
  );
});

test("what the function writes to its point does not reach the run", async () => {
  const writing = ownDirections({
    name: "writing",
    settings: {},
    draw({ point, layout: { size }, normals }) {
      point.fill(50);
      return normals(size, 0);
    },
  });
  const { start } = runOf(writing);
  const before = start.slice();
  const run = await train({ ...runOf(writing), start });
  assert.equal(start, before);
  assert.equal(run.point, (await train(runOf(sized(1)))).point);
});

test.run();
