import { encodingOf } from "../../src/engine/onnx/encoding";
import { FLOAT } from "../../src/engine/onnx/graph";
import type { Precision } from "../../src/engine/onnx/precision";
import type { Model } from "../../src/model/model";
import type { FrozenMatrix } from "../../src/ops/ops";

/** The matrix that a precision's bytes stand for, [out, in]; written without the engine's own arithmetic, for tests. */
export function decoded(matrix: FrozenMatrix, precision: Precision): Float32Array {
  const { form, parts, pieces } = encodingOf(matrix, precision);
  const bytes = new Map(parts.map(({ name }) => [name, [] as number[]]));
  for (const { part, bytes: piece } of pieces()) for (const byte of piece) bytes.get(part.name)!.push(byte);
  const part = (name: "values" | "scales" | "zeros"): Uint8Array => Uint8Array.from(bytes.get(name) ?? []);
  const floats = (name: "values" | "scales" | "zeros"): Float32Array => new Float32Array(part(name).buffer);
  const signed = (): Int8Array => new Int8Array(part("values").buffer);
  const [outputs, inputs] = matrix.shape;
  const fill = (at: (r: number, i: number) => number): Float32Array =>
    Float32Array.from({ length: outputs * inputs }, (_, k) => at(Math.floor(k / inputs), k % inputs));
  switch (form.kind) {
    case "floats":
      return floats("values");
    case "channels":
    case "columns": {
      const [values, scales] = [signed(), floats("scales")];
      const across = form.kind === "columns";
      return fill((r, i) => values[across ? i * outputs + r : r * inputs + i] * scales[r]);
    }
    case "blocks": {
      const { block, bits } = form;
      const [values, scales] = [part("values"), floats("scales")];
      const count = Math.ceil(inputs / block);
      const nibble = (from: Uint8Array, at: number): number => (from[at >> 1] >> (4 * (at & 1))) & 15;
      const code = bits === 8 ? (at: number): number => values[at] : (at: number): number => nibble(values, at);
      const points = parts.find(({ name, type }) => name === "zeros" && type === FLOAT) ? floats("zeros") : null;
      const zeros = form.zeros ? part("zeros") : null;
      const zeroOf = (r: number, b: number): number => {
        if (points) return points[r * count + b];
        return zeros ? nibble(zeros, r * 2 * Math.ceil(count / 2) + b) : 2 ** (bits - 1);
      };
      return fill((r, i) => {
        const b = Math.floor(i / block);
        return scales[r * count + b] * (code((r * count + b) * block + (i % block)) - zeroOf(r, b));
      });
    }
  }
}

/** The same model with the weights of its frozen products rounded: what an engine at that precision computes, in any arithmetic. */
export function roundedModel(model: Model, precision: Precision): Model {
  const known = new Map<string, FrozenMatrix>();
  const rounded = (matrix: FrozenMatrix): FrozenMatrix => {
    const made = known.get(matrix.name);
    if (made) return made;
    const values = decoded(matrix, precision);
    const fresh = { ...matrix, read: () => values };
    known.set(matrix.name, fresh);
    return fresh;
  };
  return {
    ...model,
    forward: (ops, hooks) =>
      model.forward({ ...ops, linear: (x, weight, bias) => ops.linear(x, rounded(weight), bias) }, hooks),
  };
}
