import type { Ops } from "../ops/ops";
import type { SideSpec } from "./adapter";
import { denseMatrix } from "./dense-matrix";
import { filledWith, uniform, zeros } from "./initial";
import { constant } from "./own-weights";
import type { SeatMatrix } from "./seat-matrix";
import { readStack } from "./stacks";
import type { Stack } from "./stacks";

/** Tensors with their start, and what they compute of a value by the index of their site. */
export type SidePart = SeatMatrix;

/**
 * Gives the projections of hidden states [R, T, inputs] to features [R, T, width], one for each site:
 *     gated:  f = (V a + a) * sigmoid(G a),  a = relu(W h)
 *     norm:   f = LayerNorm(W h)
 * each matrix with its bias. Matrices start as a linear layer's do.
 * @example sideFeatures("norm", ["side.0", "side.1"], 384, 48).tensors.length // 4
 */
export function sideFeatures(
  form: SideSpec["form"],
  sites: readonly string[],
  inputs: number,
  width: number,
): SidePart {
  const down = denseMatrix(sites, "down", [inputs, width], uniform(1 / Math.sqrt(inputs)));
  if (form === "norm") {
    const norm = trainedNorm(sites, "norm", width, FEATURE_EPSILON);
    return {
      tensors: [...down.tensors, ...norm.tensors],
      bind<T>(ops: Ops<T>) {
        const [narrow, normalized] = [down.bind(ops, 1), norm.bind(ops, 1)];
        return (h: T, site: number): T => normalized(narrow(h, site), site);
      },
    };
  }
  const square = (part: string) => denseMatrix(sites, part, [width, width], uniform(1 / Math.sqrt(width)));
  const [value, gate] = [square("value"), square("gate")];
  return {
    tensors: [...down.tensors, ...value.tensors, ...gate.tensors],
    bind<T>(ops: Ops<T>) {
      const [narrow, valued, gated] = [down.bind(ops, 1), value.bind(ops, 1), gate.bind(ops, 1)];
      return (h: T, site: number): T => {
        const a = ops.relu(narrow(h, site));
        return ops.multiply(ops.add(valued(a, site), a), ops.sigmoid(gated(a, site)));
      };
    },
  };
}

/** Gives a LayerNorm with trained scale and shift at each of its sites, `${part}.weight` and `${part}.bias` [width]; the scale starts at `start`. */
export function trainedNorm(
  sites: readonly string[],
  part: string,
  width: number,
  epsilon: number,
  start: number = 1,
): SidePart {
  const vector = (what: string): Stack => ({ sites, part: `${part}.${what}`, shape: [width], decay: false });
  const [scale, shift] = [vector("weight"), vector("bias")];
  return {
    tensors: [
      { stack: scale, start: filledWith(start) },
      { stack: shift, start: zeros },
    ],
    bind<T>(ops: Ops<T>) {
      const rows = (stack: Stack): T => ops.reshape(readStack(ops, stack), [sites.length, 1, width]);
      const [scales, shifts] = [rows(scale), rows(shift)];
      const [one, zero] = [constant(1, { shape: [width] }), constant(0, { shape: [width] })];
      return (x: T, site: number): T => {
        const unit = ops.layerNorm(x, one, zero, epsilon);
        return ops.addBias(ops.multiply(unit, ops.pick(scales, site)), ops.pick(shifts, site));
      };
    },
  };
}

const FEATURE_EPSILON = 1e-5;
