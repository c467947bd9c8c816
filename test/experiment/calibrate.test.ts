import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Features } from "../../src/engine/session";
import { calibrated } from "../../src/experiment/calibrate";
import { crossEntropy } from "../../src/task/loss";
import { scores } from "../../src/task/readout";
import type { Readout } from "../../src/task/readout";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("experiment/calibrate");
/** Two words; scores are (f, -f) and so apart by 2 f. */
const words: Readout = { rows: Float32Array.of(1, -1), classes: 2, width: 1, scale: 1 };
const features = (data: readonly number[]): Features => ({ data: Float32Array.from(data), points: 1, texts: data.length, width: 1 }); // prettier-ignore

test("worked by hand: texts of one score, three of four in one class", () => {
  // Of u = (0, 0) only the bias acts: b = (a, -a), by symmetry; 4 slope + a = 0 with slope = 1 / (1 + e^-2a) - 3/4
  const { bias, scale } = calibrated(words, features([0, 0, 0, 0]), [0, 0, 0, 1]);
  const [a, b] = bias!;
  near([4 * (1 / (1 + Math.exp(-2 * a)) - 3 / 4) + a, b, scale], [0, -a, 1], 1e-6);
  // Without a penalty to speak of it is half the log odds.
  near([calibrated(words, features([0, 0, 0, 0]), [0, 0, 0, 1], 1e6).bias![0]], [Math.log(3) / 2], 1e-5);
});

test("no other scale and bias nearby has less, and what all classes share changes nothing", () => {
  const data = [2, -1, 0.5, 3, -2, 1, 0.2, -0.3];
  const labels = [0, 1, 1, 0, 1, 0, 1, 1];
  const found = calibrated(words, features(data), labels, 0.5);
  const cost = ({ scale, bias }: Pick<Readout, "scale" | "bias">): number => {
    const at = scores({ ...words, scale, bias: bias! }, features(data));
    return 0.5 * 8 * crossEntropy(at, 2, labels).mean + ((scale - 1) ** 2 + bias![0] ** 2 + bias![1] ** 2) / 2;
  };
  for (const [s, x, y] of [
    [1e-2, 0, 0],
    [-1e-2, 0, 0],
    [0, 1e-2, 0],
    [0, -1e-2, 1e-2],
    [5e-3, 0, -5e-3],
  ] as const)
    // prettier-ignore
    assert.ok(cost({ scale: found.scale + s, bias: found.bias!.map((b, c) => b + [x, y][c]) }) > cost(found));
  const shifted: Readout = { ...words, rows: Float32Array.of(4, 2) };
  const again = calibrated(shifted, features(data), labels, 0.5);
  near([again.scale, ...again.bias!], [found.scale, ...found.bias!], 1e-6);
});

test("a head's own bias is scaled with its rows", () => {
  const biased: Readout = { ...words, bias: Float32Array.of(3, 0) };
  const at = calibrated(biased, features([1, -2, 0]), [0, 1, 1], 10);
  const own = calibrated({ rows: Float32Array.of(1, 3, -1, 0), classes: 2, width: 2, scale: 1 }, { data: Float32Array.of(1, 1, -2, 1, 0, 1), points: 1, texts: 3, width: 2 }, [0, 1, 1], 10); // prettier-ignore
  near(scores(at, features([1, -2, 0])), scores(own, { data: Float32Array.of(1, 1, -2, 1, 0, 1), points: 1, texts: 3, width: 2 }), 1e-5); // prettier-ignore
});

test("texts that are told apart without an error have a finite scale", () => {
  const { scale } = calibrated(words, features([1, 2, -1, -3]), [0, 0, 1, 1], 100);
  assert.ok(scale > 1 && scale < 10, `scale ${scale}`);
});

test("no texts, labels that are no class and strengths that are not positive are errors", () => {
  throwsWith(() => calibrated(words, features([]), []), "features: expected at least one text, got 0");
  throwsWith(() => calibrated(words, features([1]), [2]), "labels[0]: expected a class in 0..1, got 2");
  throwsWith(() => calibrated(words, features([1, 2]), [0]), "labels: expected length 2, got 1");
  throwsWith(() => calibrated(words, features([1]), [0], 0), "strength: expected a positive number, got 0");
});

test.run();
