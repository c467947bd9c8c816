import { fail, unreachable } from "../../check/check";
import type { FrozenMatrix } from "../../ops/ops";
import { FLOAT, INT64, UINT8 } from "./graph";
import type { GraphBuilder } from "./graph";
import { withAxis } from "../../ops/shape";
import type { Shape } from "../../ops/shape";
import type { Form } from "./encoding";
import { timesWeight } from "./turned-product";
import type { Described } from "./turned-product";
import type { WeightFile } from "./weight-file";

/** Activations are rounded to -127..127, stored from 1 to 255. */
const LEVELS = 127;
const MIDDLE = 128;
/** Instead of a row's largest magnitude where the row is all zero. */
const TINY = 1e-30;

/**
 * Gives the nodes of y = x W^T at the weight file's precision; x [R, rows, in] -> [R, rows, out]. A matrix in changeable memory is multiplied as
 * it lies there.
 * - blocks of 4 bits: MatMulNBits unpacks tiles of the weight to fp32 as it multiplies (accuracy level 1), or rounds the
 *   activations as well (level 4)
 * - int8 computed in fp32: the weight is dequantized for the moment of its product. It is declared as an input with a default
 *   value, not as a constant, since ONNX Runtime would dequantize constants once and for all; and its scales wait for x, since
 *   it would dequantize the weights of all layers first
 * - int8 activations: x / m with m = max|x| of the row, rounded with one fixed scale, an integer product, times m. A row's
 *   result depends on that row alone, so primal and tangents may be in one product
 */
export function frozenProduct(graph: GraphBuilder, weights: WeightFile, x: Described, matrix: FrozenMatrix): Described {
  const [outputs, inputs] = matrix.shape;
  const shape = withAxis(x.shape, -1, outputs);
  const emit = (type: string, operands: readonly string[], attributes = {}, of: Shape = shape): Described => ({
    name: graph.describe(graph.node(type, operands, attributes), of),
    shape: of,
  });
  if (weights.isHeld(matrix)) return timesWeight(graph, x, heldMatrix(graph, matrix), outputs);
  const { form, constants } = weights.place(matrix);
  const constant = (name: "values" | "scales" | "zeros", fixed = true): string => {
    const part = constants.get(name)!;
    return graph.external(`${matrix.name}.${name}`, part.type, part.shape, part.at, fixed);
  };
  switch (form.kind) {
    case "floats":
      return timesWeight(graph, x, constant("values"), outputs);
    case "channels": {
      const weight = dequantized(graph, x, matrix.shape, constant("values", false), constant("scales"));
      return timesWeight(graph, x, weight, outputs);
    }
    case "columns": {
      const { rounded, largest } = roundedRows(graph, x);
      const { scale, middle } = levels(graph);
      const operands = [rounded, constant("values"), scale, constant("scales"), middle];
      return emit("Mul", [emit("MatMulIntegerToFloat", operands).name, largest]);
    }
    case "blocks": {
      const operands = [x.name, constant("values"), constant("scales"), ...(form.zeros ? [constant("zeros")] : [])];
      const { bits, block, rounded } = form;
      const accuracy = rounded ? 4 : 1;
      return emit("MatMulNBits", operands, {
        K: inputs,
        N: outputs,
        bits,
        block_size: block,
        accuracy_level: accuracy,
      });
    }
    default:
      return unreachable(form);
  }
}

/**
 * Gives the nodes of y W, the adjoint of `frozenProduct`, on the weight as its precision stores it; y [R, rows, out] -> [R, rows, in].
 * Rounded weights are turned to fp32 for the moment of their product, as there.
 * @throws when the precision rounds activations as well: its forward pass is a staircase, whose derivative is 0
 */
export function frozenBackProduct(
  graph: GraphBuilder,
  weights: WeightFile,
  y: Described,
  matrix: FrozenMatrix,
): Described {
  const shape = withAxis(y.shape, -1, matrix.shape[1]);
  const of = (weight: string): Described => ({
    name: graph.describe(graph.node("MatMul", [y.name, weight]), shape),
    shape,
  });
  if (weights.isHeld(matrix)) return of(heldMatrix(graph, matrix));
  const { form, constants } = weights.place(matrix);
  const part = (name: "values" | "scales" | "zeros", fixed: boolean): string => {
    const found = constants.get(name)!;
    return graph.external(`${matrix.name}.${name}`, found.type, found.shape, found.at, fixed);
  };
  switch (form.kind) {
    case "floats":
      return of(part("values", true));
    case "channels":
      return of(dequantized(graph, y, matrix.shape, part("values", false), part("scales", true)));
    case "columns":
      return fail("gradient", "a precision that computes in fp32", "int8-activations");
    case "blocks":
      if (form.rounded) return fail("gradient", "a precision that computes in fp32", "int4-activations");
      return of(unpackedBlocks(graph, y, matrix.shape, form, constants.get("zeros")?.type === FLOAT, part));
    default:
      return unreachable(form);
  }
}

/** The input that a matrix in changeable memory is. */
export function heldMatrix(graph: GraphBuilder, { name, shape }: FrozenMatrix): string {
  return graph.input(`${HELD}${name}`, FLOAT, shape);
}

/** What the names of such inputs begin with. */
export const HELD = "base:";

/** int8 weights [out, in] as numbers, a scale per row; only once x is there. */
function dequantized(
  graph: GraphBuilder,
  x: Described,
  [outputs, inputs]: FrozenMatrix["shape"],
  values: string,
  scales: string,
): string {
  const scale = graph.describe(graph.node("Mul", [scales, oneAfter(graph, x)]), [outputs]);
  return graph.describe(graph.node("DequantizeLinear", [values, scale], { axis: 0 }), [outputs, inputs]);
}

/** Weights in blocks as numbers [out, in]: scale (code - zero); only once x is there. */
function unpackedBlocks(
  graph: GraphBuilder,
  x: Described,
  [outputs, inputs]: FrozenMatrix["shape"],
  { bits, block, zeros }: Extract<Form, { readonly kind: "blocks" }>,
  zerosAreNumbers: boolean,
  part: (name: "values" | "scales" | "zeros", fixed: boolean) => string,
): string {
  const count = Math.ceil(inputs / block);
  const emit = (type: string, operands: readonly string[], shape: Shape, attributes = {}): string =>
    graph.describe(graph.node(type, operands, attributes), shape);
  const reshape = (value: string, shape: readonly number[]): string =>
    emit("Reshape", [value, graph.integers(shape)], shape);
  const cut = (value: string, to: number, shape: Shape): string =>
    emit("Slice", [value, graph.integers([0]), graph.integers([to]), graph.integers([1])], shape);
  /** The bits of `mask` of each byte as numbers times `factor`; the mask waits for x. */
  const masked = (bytes: string, mask: number, factor: number, shape: Shape): string => {
    const waiting = graph.memo(`mask ${mask} ${x.name}`, () => {
      const number = emit("Mul", [oneAfter(graph, x), graph.scalar(mask)], [1]);
      return graph.describe(graph.node("Cast", [number], { to: UINT8 }), [1], UINT8);
    });
    const kept = graph.describe(graph.node("BitwiseAnd", [bytes, waiting]), shape, UINT8);
    const numbers = emit("Cast", [kept], shape, { to: FLOAT });
    return factor === 1 ? numbers : emit("Mul", [numbers, graph.scalar(factor)], shape);
  };
  /** Codes [outputs, n] from bytes that hold one or two of them, the earlier one in the low half. */
  const codes = (bytes: string, shape: readonly [number, number, number], each: 4 | 8): string => {
    const [rows, groups, size] = shape;
    if (each === 8) return reshape(masked(bytes, 255, 1, shape), [rows, groups * size]);
    const halves = [masked(bytes, 15, 1, shape), masked(bytes, 240, 1 / 16, shape)].map((half) =>
      reshape(half, [rows, groups * size, 1]),
    );
    return reshape(emit("Concat", halves, [rows, groups * size, 2], { axis: 2 }), [rows, groups * size * 2]);
  };
  const middle = (): string => graph.scalar(bits === 8 ? 128 : 8);
  const zero = (): string => {
    if (!zeros) return middle();
    if (zerosAreNumbers) return reshape(part("zeros", true), [outputs, count, 1]);
    const bytes = Math.ceil(count / 2);
    const packed = graph.node("Reshape", [part("zeros", false), graph.integers([outputs, 1, bytes])]);
    const all = codes(graph.describe(packed, [outputs, 1, bytes], UINT8), [outputs, 1, bytes], 4);
    return reshape(cut(all, count, [outputs, count]), [outputs, count, 1]);
  };
  const blocks = [outputs, count, block];
  const whole = reshape(codes(part("values", false), [outputs, count, (block * bits) / 8], bits), blocks);
  const scaled = emit(
    "Mul",
    [emit("Sub", [whole, zero()], blocks), reshape(part("scales", true), [outputs, count, 1])],
    blocks,
  );
  const rows = reshape(scaled, [outputs, count * block]);
  return count * block === inputs ? rows : cut(rows, inputs, [outputs, inputs]);
}

/** The number 1, known when x is: a size of x, at least 1, cut to 1. */
function oneAfter(graph: GraphBuilder, x: Described): string {
  return graph.memo(`one ${x.name}`, () => {
    const size = graph.describe(graph.node("Shape", [x.name], { start: 1, end: 2 }), [1], INT64);
    const number = graph.describe(graph.node("Cast", [size], { to: FLOAT }), [1]);
    return graph.describe(graph.node("Min", [number, graph.scalar(1)]), [1]);
  });
}

/** x / max|x| of each row, rounded, and that maximum [..., 1]; a value that feeds several products is rounded once. */
function roundedRows(graph: GraphBuilder, x: Described): { readonly rounded: string; readonly largest: string } {
  const perRow = withAxis(x.shape, -1, 1);
  const largest = graph.memo(`largest ${x.name}`, () => {
    const sizes = graph.describe(graph.node("Abs", [x.name]), x.shape);
    const top = graph.node("ReduceMax", [sizes, graph.integers([-1])], { keepdims: 1 });
    return graph.describe(graph.node("Max", [graph.describe(top, perRow), graph.scalar(TINY)]), perRow);
  });
  const rounded = graph.memo(`rounded ${x.name}`, () => {
    const { scale, middle } = levels(graph);
    const unit = graph.describe(graph.node("Div", [x.name, largest]), x.shape);
    return graph.describe(graph.node("QuantizeLinear", [unit, scale, middle]), x.shape, UINT8);
  });
  return { rounded, largest };
}

function levels(graph: GraphBuilder): { readonly scale: string; readonly middle: string } {
  return {
    scale: graph.scalar(1 / LEVELS),
    middle: graph.memo("middle", () => graph.bytes(UINT8, Uint8Array.of(MIDDLE), [])),
  };
}
