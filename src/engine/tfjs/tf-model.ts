import { fail } from "../../check/check";
import type { FrozenWeight, Memory, Program, Recording, Run } from "../../ops/program";
import { begin, run } from "../../ops/program";
import type { Layout } from "../../tree/layout";
import { tfOps } from "./low-ops";
import { productOn } from "./product";
import type { PassInput, Rows, SentKind } from "./protocol";
import type { OpenBackend, Tensor } from "./tensorflow";
import { frozenTensors } from "./weights";

/**
 * A model's programs and frozen weights on one backend. Lives in the worker thread. Nothing that a call makes on the backend
 * outlives it, but for a forward pass that waits for its pull-back.
 */
export interface TfModel {
  addWeight(name: string, shape: readonly number[], data: Float32Array): void;
  addProgram(kind: SentKind, program: Program): void;
  /** The outputs of a program: features, and tangents where it is "dual"; of a gradient's all, where its input has the cotangent. */
  run(kind: SentKind, input: PassInput): Promise<readonly Rows[]>;
  /** Features of one point; `id` names the pass until `pullBack` or `release`. */
  forward(kind: SentKind, id: number, input: PassInput): Promise<Rows>;
  /** The other outputs of a gradient's program, from the loss's derivative by the features; the pass is over then. */
  pullBack(id: number, cotangent: Float32Array): Promise<readonly Rows[]>;
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
  const waiting = new Map<number, Waiting>();
  const memory: Memory<Tensor> = { tidy: (make) => tf.tidy(make), dispose: (tensor) => tensor.dispose() };
  const opsFor = (input: PassInput, cotangent?: () => Float32Array) =>
    tfOps(tf, product, weights, { ...input, layout }, cotangent);
  const recording = (kind: SentKind): Recording => recordings.get(kind) ?? fail("program", "one that was added", kind);
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
      const { cotangent } = input;
      const values = run(recording(kind), opsFor(input, cotangent && (() => cotangent)), memory);
      try {
        const outputs = recording(kind).program.outputs.map((place) => values.get(place)!);
        return await Promise.all(outputs.map(read));
      } finally {
        values.forEach(memory.dispose);
      }
    },
    async forward(kind, id, input) {
      const { program } = recording(kind);
      const given: Float32Array[] = [];
      const ops = opsFor(input, () => given[0] ?? fail("pull-back", "a cotangent", "none"));
      const under = begin(recording(kind), ops, memory);
      const values = under.advance(program.instructions.findIndex(({ op }) => op === "cotangent"));
      waiting.set(id, { program, under, give: (cotangent) => void given.push(cotangent) });
      return read(values.get(program.outputs[0])!);
    },
    async pullBack(id, cotangent) {
      const { program, under, give } = waiting.get(id) ?? fail("pull-back", "a forward pass that waits for it", id);
      waiting.delete(id);
      give(cotangent);
      try {
        const { instructions, outputs } = program;
        const values = under.advance(instructions.length);
        return await Promise.all(outputs.slice(1).map((place) => read(values.get(place)!)));
      } finally {
        under.release();
      }
    },
    release(id) {
      waiting.get(id)?.under.release();
      waiting.delete(id);
    },
    tensors: () => tf.memory().numTensors,
    dispose() {
      waiting.forEach(({ under }) => under.release());
      waiting.clear();
      weights.dispose();
    },
  };
}

/** A forward pass that waits for the loss's derivative by its features. */
interface Waiting {
  readonly program: Program;
  readonly under: Run<Tensor>;
  give(cotangent: Float32Array): void;
}

/** A frozen weight whose numbers are on the backend: its name is all that the operations ask for. */
function uploaded(name: string): FrozenWeight {
  const elsewhere = (): never => fail(name, "to be read from the backend", "a read of its numbers");
  return { name, shape: [0], read: elsewhere };
}
