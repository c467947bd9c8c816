import { sameLength } from "../check/check";
import { randomKey } from "../random/key";
import { contract, fastForward } from "./contract";
import { initialBias, initialTrain } from "./initial";
import type { Matrix } from "./matrix";
import { matrixSize, type Modes } from "./modes";
import type { TensorTrain } from "./train";

/** A matrix in tensor-train form with its dense bias [outputs]. */
export interface TrainLayer {
  readonly train: TensorTrain;
  readonly bias: Float32Array;
}

/** Down [width, bottleneck] and Up [bottleneck, width] of one adapter. */
export interface Bottleneck {
  readonly down: TrainLayer;
  readonly up: TrainLayer;
}

/**
 * Makes a fresh adapter, started as the reference code starts it: normal cores, uniform biases, Up not zero.
 * @example initialBottleneck(presetModes["minilm-l6"], 5, 0).down.bias.length // 64
 * Source: yifanycc/AdaZeta@3659ba3.
 */
export function initialBottleneck(
  modes: { readonly down: Modes; readonly up: Modes },
  rank: number,
  seed: number,
): Bottleneck {
  const layer = (own: Modes, index: number): TrainLayer => ({
    train: initialTrain(own, rank, seed, index),
    bias: initialBias(matrixSize(own)[1], randomKey(seed, "bias", index)),
  });
  return { down: layer(modes.down, 0), up: layer(modes.up, 1) };
}

/**
 * Gives what the adapter adds to its input, A(h) - h = s Up(relu(Down(h))), in float64 by fast-forward.
 * @param h [rows, width]
 * @param scale s
 * @returns [rows, width]
 * @throws when h has not the adapter's width
 * Source: yifanycc/AdaZeta@3659ba3.
 */
export function bottleneckChange({ down, up }: Bottleneck, h: Matrix, scale: number): Matrix {
  const inner = applied(down, h);
  const active = { ...inner, data: inner.data.map((value) => Math.max(0, value)) };
  const outer = applied(up, active);
  return { ...outer, data: outer.data.map((value) => scale * value) };
}

/** y = (x L) R + b, rows at a time. */
function applied({ train, bias }: TrainLayer, x: Matrix): Matrix {
  const y = fastForward(x, contract(train));
  sameLength("bias", bias.length, y.columns);
  return { ...y, data: y.data.map((value, i) => value + bias[i % y.columns]) };
}
