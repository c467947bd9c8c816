import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reconstruct } from "../../src/tt/contract";
import { initialTrain } from "../../src/tt/initial";
import { multiply } from "../../src/tt/matrix";
import { svd } from "../../src/tt/svd";
import { fullRanks, relativeError, ttSvd } from "../../src/tt/tt-svd";
import { randomMatrix } from "./fixture";
import { throwsWith } from "../support/throws";

const test = suite("tt/tt-svd");

test("with full ranks any matrix comes back to the precision of its Float32 cores", () => {
  const modes = { inputs: [4, 3], outputs: [2, 5] };
  // unfoldings 4 x 30, 12 x 10, 24 x 5
  assert.equal(fullRanks(modes), [1, 4, 10, 5, 1]);
  const w = randomMatrix(12, 10);
  assert.ok(relativeError(w, reconstruct(ttSvd(w, modes, fullRanks(modes)))) < 1e-6);
});

test("a matrix that is a train of rank 5 comes back, also through ranks that exceed what a boundary can use", () => {
  const modes = { inputs: [4, 4, 4], outputs: [8, 8, 9] };
  const w = reconstruct(initialTrain(modes, 5, 1, 0));
  const train = ttSvd(w, modes, 5);
  assert.equal(
    train.cores.map((core) => core.length),
    [20, 100, 100, 200, 200, 45],
  );
  assert.ok(relativeError(w, reconstruct(train)) < 1e-6);
});

test("with one mode on either side it is the truncated singular value decomposition", () => {
  const w = randomMatrix(12, 9);
  const { values } = svd(w);
  const error = relativeError(w, reconstruct(ttSvd(w, { inputs: [12], outputs: [9] }, 4)));
  const square = (from: number) => values.slice(from).reduce((sum, value) => sum + value * value, 0);
  assert.ok(Math.abs(error - Math.sqrt(square(4) / square(0))) < 1e-6);
});

test("more rank never fits worse", () => {
  const w = multiply(randomMatrix(24, 6), randomMatrix(6, 16));
  const errors = [1, 2, 4, 8, 16].map((rank) =>
    relativeError(w, reconstruct(ttSvd(w, { inputs: [4, 6], outputs: [4, 4] }, rank))),
  );
  for (let i = 1; i < errors.length; i++) assert.ok(errors[i] <= errors[i - 1] + 1e-9, errors.join(" "));
  assert.ok(errors[4] < 1e-6);
});

test("modes that do not multiply to the sizes are named", () => {
  throwsWith(
    () => ttSvd(randomMatrix(4, 4), { inputs: [4], outputs: [2, 3] }, 2),
    "modes.outputs [2, 3]: expected a product of 4, got 6",
  );
});

test.run();
