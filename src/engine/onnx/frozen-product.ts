import { unreachable } from "../../check/check";
import type { FrozenMatrix } from "../../ops/ops";
import { FLOAT, INT64, UINT8 } from "./graph";
import type { GraphBuilder } from "./graph";
import { withAxis } from "../../ops/shape";
import type { Shape } from "../../ops/shape";
import type { WeightFile } from "./weight-file";

/** Activations are rounded to -127..127, stored from 1 to 255. */
const LEVELS = 127;
const MIDDLE = 128;
/** Instead of a row's largest magnitude where the row is all zero. */
const TINY = 1e-30;

/**
 * Gives the nodes of y = x W^T at the weight file's precision; x [R, rows, in] -> [R, rows, out].
 * - blocks of 4 bits: MatMulNBits unpacks tiles of the weight to fp32 as it multiplies (accuracy level 1), or rounds the
 *   activations as well (level 4)
 * - int8 computed in fp32: the weight is dequantized for the moment of its product. It is declared as an input with a default
 *   value, not as a constant, since ONNX Runtime would dequantize constants once and for all; and its scales wait for x, since
 *   it would dequantize the weights of all layers first
 * - int8 activations: x / m with m = max|x| of the row, rounded with one fixed scale, an integer product, times m. A row's
 *   result depends on that row alone, so primal and tangents may be in one product
 */
export function frozenProduct(graph: GraphBuilder, weights: WeightFile, x: Described, matrix: FrozenMatrix): Described {
  const { form, constants } = weights.place(matrix);
  const [outputs, inputs] = matrix.shape;
  const shape = withAxis(x.shape, -1, outputs);
  const emit = (type: string, operands: readonly string[], attributes = {}, of: Shape = shape): Described => ({
    name: graph.describe(graph.node(type, operands, attributes), of),
    shape: of,
  });
  const constant = (name: "values" | "scales" | "zeros", fixed = true): string => {
    const part = constants.get(name)!;
    return graph.external(`${matrix.name}.${name}`, part.type, part.shape, part.at, fixed);
  };
  switch (form.kind) {
    case "floats":
      return emit("FusedMatMul", [x.name, constant("values")], { transB: 1 });
    case "channels": {
      const scales = emit("Mul", [constant("scales"), oneAfter(graph, x)], {}, [outputs]);
      const weight = emit("DequantizeLinear", [constant("values", false), scales.name], { axis: 0 }, [outputs, inputs]);
      return emit("FusedMatMul", [x.name, weight.name], { transB: 1 });
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

/** A node's output with its shape. */
interface Described {
  readonly name: string;
  readonly shape: Shape;
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
