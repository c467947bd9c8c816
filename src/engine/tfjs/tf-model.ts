import { fail } from "../../check/check";
import type { FrozenWeight, Memory, Program, Recording } from "../../ops/program";
import { run } from "../../ops/program";
import { runForward } from "../../ops/reverse";
import type { Forward } from "../../ops/reverse";
import type { Layout } from "../../tree/layout";
import { addStack } from "../gradient-parts";
import { tfOps } from "./low-ops";
import { productOn } from "./product";
import type { PassInput, Rows } from "./protocol";
import type { OpenBackend, Tensor } from "./tensorflow";
import { frozenTensors } from "./weights";

/**
 * A model's programs and frozen weights on one backend. Lives in the worker thread. Nothing that a call makes on the backend
 * outlives it, but for a forward pass that waits for its pull-back.
 */
export interface TfModel {
  addWeight(name: string, shape: readonly number[], data: Float32Array): void;
  addProgram(kind: "plain" | "dual", program: Program): void;
  /** The outputs of a program: features, and tangents where it is "dual". */
  run(kind: "plain" | "dual", input: PassInput): Promise<readonly Rows[]>;
  /** Features of one point; `id` names the pass until `pullBack` or `release`. */
  forward(id: number, input: PassInput): Promise<Rows>;
  /** The gradient [d] from the loss's derivative by the features; the pass is over then. */
  pullBack(id: number, cotangent: Float32Array): Promise<Float32Array>;
  release(id: number): void;
  /** Tensors on the backend now. */
  tensors(): number;
  dispose(): void;
}

/** Makes a model that runs programs on a backend of TensorFlow.js. For example `const model = tfModel(await openBackend(require), adapter.layout); model.addProgram("plain", program)`. */
export function tfModel({ tf, name }: OpenBackend, layout: Layout): TfModel {
  const product = productOn(tf, name === "wasm");
  const weights = frozenTensors(tf, product);
  const recordings = new Map<string, Recording>();
  const waiting = new Map<number, Forward<Tensor>>();
  const memory: Memory<Tensor> = { tidy: (make) => tf.tidy(make), dispose: (tensor) => tensor.dispose() };
  const opsFor = (input: PassInput) => tfOps(tf, product, weights, { ...input, layout });
  const recording = (kind: string): Recording => recordings.get(kind) ?? fail("program", '"plain" or "dual"', kind);
  const read = async (tensor: Tensor): Promise<Rows> => ({
    data: (await tensor.data()) as Float32Array,
    shape: tensor.shape,
  });

  return {
    addWeight: (weight, shape, data) => weights.add(weight, shape, data),
    addProgram(kind, program) {
      const names = program.instructions.flatMap(({ args }) =>
        args.flatMap((arg) => (arg.kind === "frozen" ? [arg.name] : [])),
      );
      recordings.set(kind, { program, frozen: new Map(names.map((weight) => [weight, uploaded(weight)])) });
    },
    async run(kind, input) {
      const values = run(recording(kind), opsFor(input), memory);
      try {
        const outputs = recording(kind).program.outputs.map((place) => values.get(place)!);
        return await Promise.all(outputs.map(read));
      } finally {
        values.forEach(memory.dispose);
      }
    },
    async forward(id, input) {
      const forward = runForward(recording("plain"), opsFor(input), memory);
      waiting.set(id, forward);
      return read(forward.output);
    },
    async pullBack(id, cotangent) {
      const forward = waiting.get(id) ?? fail("pull-back", "a forward pass that waits for it", id);
      waiting.delete(id);
      const { shape } = forward.output;
      const seed = tf.tensor(cotangent, shape);
      const gradient = new Float32Array(layout.size);
      try {
        for (const part of forward.pullBack(seed)) {
          addStack(layout, part.names, await part.gradient.data(), gradient);
          part.gradient.dispose();
        }
        return gradient;
      } finally {
        seed.dispose();
        forward.release();
      }
    },
    release(id) {
      waiting.get(id)?.release();
      waiting.delete(id);
    },
    tensors: () => tf.memory().numTensors,
    dispose() {
      waiting.forEach((forward) => forward.release());
      waiting.clear();
      weights.dispose();
    },
  };
}

/** A frozen weight whose numbers are on the backend: its name is all that the operations ask for. */
function uploaded(name: string): FrozenWeight {
  const elsewhere = (): never => fail(name, "to be read from the backend", "a read of its numbers");
  return { name, shape: [0], read: elsewhere };
}
