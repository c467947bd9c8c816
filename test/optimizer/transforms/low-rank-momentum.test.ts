import { suite } from "uvu";
import { lozo, lozoM } from "../../../src/optimizer/recipes";
import { applyRecorded } from "../../../src/optimizer/step";
import type { Method } from "../../../src/optimizer/method";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";

const test = suite("optimizer/transforms/low-rank-momentum");

const layout = layoutOf([
  { name: "w", shape: [3, 4], decay: true },
  { name: "b", shape: [2], decay: false },
]);

/** By how much each recorded step moves the point. */
function moves(method: Method, slopes: readonly number[]): readonly Float32Array[] {
  let at: ReturnType<typeof applyRecorded> = { point: new Float32Array(layout.size), state: { count: 0, vectors: {} } };
  return slopes.map((p, step) => {
    const { point, state } = at;
    at = applyRecorded(method, point, { seed: 7, step, epoch: 0, layout, state, projectedGradients: [p] });
    return at.point.map((value, i) => value - point[i]!);
  });
}

test("within a block a step of LOZO-M is b times the step before and 1 - b times LOZO's, the first LOZO's own", () => {
  const options = { rank: 1, redraw: 50, learningRate: 0.5 };
  const [one, two, three] = moves(lozo(options), [1, -2, 0.5]);
  const [first, second, third] = moves(lozoM({ ...options, decay: 0.9 }), [1, -2, 0.5]);
  near(first!, one!, 1e-6);
  near(second!, one!.map((value, i) => 0.9 * value + 0.1 * two![i]!), 1e-5); // prettier-ignore
  near(third!, second!.map((value, i) => 0.9 * value + 0.1 * three![i]!), 1e-5); // prettier-ignore
});

test.run();
