import { fail } from "../check/check";
import type { Layout } from "../tree/layout";
import type { LowOps } from "./low-ops";
import type { EmbeddingIndex, FrozenMatrix, Rotary } from "./ops";
import { extend, garbageCollected, inputsOf, isRecorded, run } from "./program";
import type { Instruction, Memory, Program, RecordedValue, Recording } from "./program";
import type { Reversible } from "./reversible";
import { shapeOps } from "./shape-ops";
import type { Shape } from "./shape";

/** What the pull-back of an operation y = f(x_0, x_1) is given: the operation's arguments, its values, and the derivative by y. */
interface Step<T> {
  readonly low: Reversible<T>;
  readonly args: readonly unknown[];
  readonly input: (index: number) => T;
  readonly output: T;
  readonly shape: (index: number) => Shape;
  readonly dy: T;
}

/** How a derivative goes back through one operation: it gives the derivative by input `of`. What it reads of the way forward is kept. */
type Rule = <T>(step: Step<T>, of: number) => T;

/** The rules of the operations that trainable values go through. The others are constants, or occur in tangent programs only. */
const rules: Readonly<Partial<Record<keyof LowOps<unknown>, Rule>>> = {
  frozen: ({ low, dy, args }) => low.frozenBack(dy, args[1] as FrozenMatrix),
  reshape: ({ low, dy, shape }) => low.reshape(dy, sizes(shape(0)).slice(1)),
  matmul: ({ low, dy, input, shape }, of) =>
    low.sumTo(of === 0 ? low.matmulTransposed(dy, input(1), 1) : low.matmulOfTransposed(input(0), dy), shape(of)),
  matmulTransposed: ({ low, dy, input, shape, args }, of) => {
    const product = of === 0 ? low.matmul(dy, input(1)) : low.matmulOfTransposed(dy, input(0));
    return low.scale(low.sumTo(product, shape(of)), args[2] as number);
  },
  add: ({ low, dy, shape }, of) => low.sumTo(dy, shape(of)),
  subtract: ({ low, dy, shape }, of) => low.scale(low.sumTo(dy, shape(of)), of === 0 ? 1 : -1),
  multiply: ({ low, dy, input, shape }, of) => low.sumTo(low.multiply(dy, input(1 - of)), shape(of)),
  scale: ({ low, dy, args }) => low.scale(dy, args[1] as number),
  addScalar: ({ dy }) => dy,
  // Straight through: a staircase has no slope of its own.
  round: ({ dy }) => dy,
  relu: ({ low, dy, output }) => low.multiply(dy, low.positive(output)),
  tanh: ({ low, dy, output }) => low.multiply(dy, low.addScalar(low.scale(low.multiply(output, output), -1), 1)),
  sigmoid: ({ low, dy, output }) => low.multiply(dy, low.subtract(output, low.multiply(output, output))),
  erf: ({ low, dy, input }) =>
    low.multiply(low.scale(dy, 2 / Math.sqrt(Math.PI)), low.exp(low.scale(low.multiply(input(0), input(0)), -1))),
  exp: ({ low, dy, output }) => low.multiply(dy, output),
  // (x^-1/2)' = -1/2 x^-3/2 = -1/2 y^3
  inverseSqrt: ({ low, dy, output }) =>
    low.multiply(low.scale(dy, -0.5), low.multiply(output, low.multiply(output, output))),
  sum: ({ dy }) => dy,
  mean: ({ low, dy, shape }) => low.scale(dy, 1 / (sizes(shape(0).slice(-1))[0] as number)),
  softmax: ({ low, dy, output }) => {
    const weighted = low.multiply(output, dy);
    return low.subtract(weighted, low.multiply(output, low.sum(weighted)));
  },
  logSumExp: ({ low, dy, input }) => low.multiply(low.softmax(input(0)), dy),
  // What stands past a text's end is masked out or dropped, so its derivative is 0 and `mergeHeads` may leave it out.
  splitHeads: ({ low, dy }) => low.mergeHeads(dy),
  mergeHeads: ({ low, dy, shape }) => {
    const [groups, perGroup] = sizes(shape(0).slice(2, 4)) as [number, number];
    return low.unmergeHeads(dy, groups, perGroup);
  },
  rotate: ({ low, dy, args }) => {
    const { frequencies, factor } = args[1] as Rotary;
    return low.rotate(dy, { frequencies: frequencies.map((angle) => -angle), factor });
  },
  mask: ({ dy }) => dy,
  meanPool: ({ low, dy }) => low.unpool(dy),
  takeScored: ({ low, dy }) => low.untakeScored(dy),
  takeTargets: ({ low, dy, shape }) => low.untakeTargets(dy, sizes(shape(0).slice(2))[0] as number),
  gather: ({ low, dy, args, shape }) =>
    low.ungather(dy, args[1] as EmbeddingIndex, sizes(shape(0).slice(1, 2))[0] as number),
};

/** Operations whose value does not change with what they read, or that have no value to read. */
const constants: ReadonlySet<string> = new Set(["embed", "vector", "keepFactor", "positive"]);

/** What a derivative is by: the trainable parameters of a point, the offset of the embeddings, or both. */
export type DerivativeBy = "point" | "offset" | "both";

/** A program that gives the outputs of the one it was made of, and derivatives of the first of them. */
export interface Gradient extends Recording {
  /** The places of those outputs. */
  readonly results: readonly number[];
  readonly derivatives: readonly Derivative[];
  /** The place of the loss's derivative by the features: what is before it is the forward pass. */
  readonly cotangent: number;
}

/** A derivative by a stack of trainable tensors [1, A, ...shape], or by the offset [1, T, width]. */
export interface Derivative {
  /** Of the output that it is. */
  readonly place: number;
  /** The names of the stack's tensors, where a stack that was read twice is there twice; null: the offset. */
  readonly names: readonly string[] | null;
}

/**
 * Differentiates a recorded program's first output in reverse mode, as a program: the forward pass, the loss's derivative by its output
 * (`cotangent`), and the way back. Only values that depend on what is differentiated by are; everything before the first adapter
 * costs nothing. What the way back reads of the forward pass stays alive until then. An output may be there twice: for derivatives that are one value.
 * For example `reverse(recordModel(model, adapter, "plain"), adapter.layout).derivatives`.
 * @param layout of the trainable tensors of one point
 * @throws when a trainable value goes through an operation that has no rule
 */
export function reverse(recording: Recording, layout: Layout, by: DerivativeBy = "point"): Gradient {
  const { program, frozen } = recording;
  const { instructions, outputs } = program;
  const [output] = outputs;
  if (output === undefined) return fail("gradient", "a program with an output", "none");
  const active = activePlaces(instructions, by);
  const shapes = shapesOf(recording, layout);
  const shapeAt = (place: number): Shape => shapes.get(place) ?? fail("gradient", "a known shape", place);
  const found: Derivative["names"][] = [];
  const extended = extend(recording, (recorder) => {
    const low = simplified(followed(recorder, shapeOps(layout, 1), shapes), shapeAt);
    const arrived = new Map<number, RecordedValue>();
    const picked = new Map<number, Map<number, RecordedValue>>();
    const gradients: RecordedValue[] = [];
    const add = <K>(to: Map<K, RecordedValue>, key: K, dx: RecordedValue): void => {
      const before = to.get(key);
      to.set(key, before === undefined ? dx : low.add(before, dx));
    };
    const arrivedAt = (place: number): RecordedValue | null => {
      const parts = picked.get(place);
      if (parts !== undefined) {
        const [, count] = sizes(shapeAt(place).slice(0, 2)) as [number, number];
        add(arrived, place, low.unpick([...parts.values()], [...parts.keys()], count));
      }
      const dy = arrived.get(place);
      if (dy === undefined) return null;
      const [width] = shapeAt(place).slice(-1);
      // A sum's derivative is the same along its axis: it is repeated only where nothing else has arrived beside it, and no product does so.
      const instruction = instructions[place] as Instruction;
      const factors = instruction.op === "multiply" ? inputsOf(instruction) : [];
      const asWide = factors.length > 0 && factors.every((at) => shapeAt(at).join() === shapeAt(place).join());
      if (asWide || width === shapeAt(dy.place).slice(-1)[0]) return dy;
      return low.spread(dy, sizes([width ?? 1])[0] as number);
    };
    const cotangent = low.cotangent({ place: output });
    if (active.has(output)) arrived.set(output, cotangent);
    for (let place = instructions.length - 1; place >= 0; place--) {
      const dy = arrivedAt(place);
      if (dy === null) continue;
      const instruction = instructions[place] as Instruction;
      if (isLeaf(instruction, by)) {
        found.push(instruction.op === "given" ? null : (dataOf(instruction, 0) as readonly string[]));
        gradients.push(dy);
        continue;
      }
      const inputs = inputsOf(instruction);
      const step: Step<RecordedValue> = {
        low,
        args: instruction.args.map((arg) =>
          arg.kind === "data" ? arg.data : arg.kind === "frozen" ? frozen.get(arg.name) : null,
        ),
        input: (index) => ({ place: inputs[index] as number }),
        output: { place },
        shape: (index) => shapeAt(inputs[index] as number),
        dy,
      };
      const twice = instruction.op === "multiply" && inputs[0] === inputs[1];
      inputs.forEach((input, of) => {
        if (!active.has(input) || (twice && of === 1)) return;
        if (instruction.op === "pick") {
          const parts = picked.get(input) ?? new Map<number, RecordedValue>();
          picked.set(input, parts);
          add(parts, dataOf(instruction, 1) as number, dy);
          return;
        }
        const dx = ruleOf(instruction)(twice ? { ...step, dy: low.scale(dy, 2) } : step, of);
        add(arrived, input, dx);
      });
    }
    return [...outputs.map((place) => ({ place })), ...gradients];
  });
  const derivatives = found.map((names, i) => ({ names, place: extended.program.outputs[outputs.length + i]! }));
  return { ...extended, results: outputs, derivatives, cotangent: instructions.length };
}

function ruleOf({ op }: Instruction): Rule {
  return (
    (rules as Readonly<Partial<Record<string, Rule>>>)[op] ??
    fail("gradient", "operations that have a reverse rule", op)
  );
}

function dataOf({ args }: Instruction, index: number): unknown {
  const arg = args[index];
  return arg?.kind === "data" ? arg.data : fail("program", "plain data", arg);
}

/** Sizes that are known before there is a batch. */
function sizes(shape: Shape): readonly number[] {
  return shape.map((size) =>
    typeof size === "number" ? size : fail("gradient", "a size known without a batch", size),
  );
}

/** Whether an instruction brings what is differentiated by. */
function isLeaf(instruction: Instruction, by: DerivativeBy): boolean {
  if (instruction.op === "parameters") return by !== "offset";
  return instruction.op === "given" && dataOf(instruction, 0) === "offset" && by !== "point";
}

/** The places whose values change with what is differentiated by. */
function activePlaces(instructions: Program["instructions"], by: DerivativeBy): ReadonlySet<number> {
  const active = new Set<number>();
  instructions.forEach((instruction, place) => {
    if (
      isLeaf(instruction, by) ||
      (!constants.has(instruction.op) && inputsOf(instruction).some((at) => active.has(at)))
    )
      active.add(place);
  });
  return active;
}

/** The shape of each value of a program at one point. */
function shapesOf(recording: Recording, layout: Layout): Map<number, Shape> {
  const all = new Set(recording.program.instructions.keys());
  return new Map(run(recording, shapeOps(layout, 1), garbageCollected as Memory<Shape>, all));
}

/** A recorder that notes the shape of each value it writes down. */
function followed(
  recorder: Reversible<RecordedValue>,
  shapeOf: Reversible<Shape>,
  shapes: Map<number, Shape>,
): Reversible<RecordedValue> {
  const known = (arg: unknown): unknown =>
    isRecorded(arg) ? shapes.get(arg.place) : Array.isArray(arg) && arg.some(isRecorded) ? arg.map(known) : arg;
  type Operation<T> = (...args: readonly unknown[]) => T;
  return new Proxy(recorder, {
    get: (_target, op) => {
      const name = op as keyof Reversible<unknown>;
      return (...args: readonly unknown[]) => {
        const value = (recorder[name] as Operation<RecordedValue>)(...args);
        shapes.set(value.place, (shapeOf[name] as Operation<Shape>)(...args.map(known)));
        return value;
      };
    },
  });
}

/** A recorder that leaves out what changes nothing. */
function simplified(low: Reversible<RecordedValue>, shapeAt: (place: number) => Shape): Reversible<RecordedValue> {
  const scale: Reversible<RecordedValue>["scale"] = (x, factor) => (factor === 1 ? x : low.scale(x, factor));
  const sumTo: Reversible<RecordedValue>["sumTo"] = (x, shape) =>
    shape.join() === shapeAt(x.place).join() ? x : low.sumTo(x, shape);
  const own = { scale, sumTo };
  return new Proxy(low, {
    get: (_target, op) => (op in own ? own[op as keyof typeof own] : low[op as keyof typeof low]),
  });
}
