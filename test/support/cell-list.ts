import { experiments } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";

/** Lists every run that the experiments plan, a line each: scale, experiment, task, arm, seed, learning rate, key. */
export function cellList(): readonly string[] {
  return (["tiny", "full"] as const).flatMap((scale) =>
    experiments(scale)
      .flatMap((grid) => cellsOf(grid))
      .map(({ experiment, task, arm, seed, learningRate, key }) =>
        [scale, experiment, task, arm, seed, learningRate, key].join(" "),
      ),
  );
}
