import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ownEstimator } from "../../src/estimator/probes/own";
import { adazeta, mezo } from "../../src/optimizer/recipes";
import type { Method } from "../../src/optimizer/method";
import { describeAscent, riseAlong } from "../../src/train/descent";
import { train } from "../../src/train/train";
import { quadratic, quadraticRun, settingsOf } from "../support/analytic-runs";

const test = suite("train/descent");
/** One-sided, with a sign before it. */
const oneSided = (sign: 1 | -1) =>
  ownEstimator({
    name: `one-sided ${sign}`,
    settings: { e: 1e-4, sign },
    passes: { once: 1, perQuery: 1 },
    async project({ point, directions, settings, ahead, losses }) {
      const [here, ...there] = await losses([point, ...directions.map((z) => ahead(z, settings.e))]);
      return { loss: here, projectedGradients: there.map((loss) => (settings.sign * (loss - here)) / settings.e) };
    },
  });

async function warnings(method: Method, seed: number, steps = 12, checkDescent = true): Promise<readonly string[]> {
  const found: string[] = [];
  const settings = settingsOf({ method, seed, budget: { kind: "steps", steps } });
  await train(quadraticRun({ settings, checkDescent }), (event) => {
    if (event.kind === "warning" && event.about === "ascent") found.push(event.message);
  });
  return found;
}

test("along a step of -gradient the loss of a parabola falls by 2 h |d|^2 / rate, with rms(h d) = 1e-3", async () => {
  // L = |theta - 1|^2 / 2 in four dimensions, at 0: gradient -1 in each, d = 0.1 in each; h d = 1e-3 in each
  const [from, to] = [new Float32Array(4), new Float32Array(4).fill(0.1)];
  const rise = await riseAlong(quadratic, from, to, 0);
  assert.ok(Math.abs(rise + 2 * 4 * 1e-3) < 1e-7, String(rise));
  assert.is(await riseAlong(quadratic, from, from, 0), 0);
});

test("an estimator with the wrong sign is told, at its eighth step, whatever its rate; the right one never is", async () => {
  for (const seed of [0, 1, 2, 3])
    for (const learningRate of [1e-6, 1e-2])
      for (const make of [mezo, (o: Parameters<typeof mezo>[0]) => adazeta({ ...o, exponent: 1 })]) {
        const told = await warnings(make({ learningRate, estimator: oneSided(-1) }), seed);
        assert.is(told.length, 1);
        assert.match(told[0]!, /^the training loss rises along the estimator's own steps, in 8 of the first 8/);
        assert.equal(await warnings(make({ learningRate, estimator: oneSided(1) }), seed), []);
        assert.equal(await warnings(make({ learningRate }), seed), []);
      }
});

test("fewer than eight steps say nothing, and nobody looks unasked", async () => {
  const wrong = mezo({ learningRate: 1e-2, estimator: oneSided(-1) });
  assert.equal(await warnings(wrong, 0, 7), []);
  assert.equal(await warnings(wrong, 0, 12, false), []);
  assert.is(describeAscent([1, 1, 1, 1, 1, 1, 1, -1]), null);
  assert.is(describeAscent([1, 1, 1, 1, 1, 1, 1, 0]), null);
});

test("looking changes nothing of the run: points, scalars and counts", async () => {
  const settings = settingsOf({ method: mezo({ learningRate: 1e-2 }), budget: { kind: "steps", steps: 10 } });
  const [plain, looked] = [
    await train(quadraticRun({ settings })),
    await train(quadraticRun({ settings, checkDescent: true })),
  ];
  assert.equal([...looked.point], [...plain.point]);
  const numbers = (run: typeof plain) =>
    run.steps.map(({ projectedGradients, forwardPasses }) => [projectedGradients, forwardPasses]);
  assert.equal(numbers(looked), numbers(plain));
  assert.is(looked.evaluations.at(-1)!.evaluationPasses, plain.evaluations.at(-1)!.evaluationPasses);
});

test.run();
