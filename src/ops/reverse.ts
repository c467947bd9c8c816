import { fail } from "../check/check";
import type { LowOps } from "./low-ops";
import type { EmbeddingIndex, FrozenMatrix, Rotary } from "./ops";
import { inputsOf, run } from "./program";
import type { Instruction, Memory, Recording } from "./program";

/** The lower operations and what pulling a derivative back through them needs besides. An engine that gives gradients has these. */
export interface Reversible<T> extends LowOps<T> {
  shape(x: T): readonly number[];
  /** Sums over the axes along which `shape` was broadcast: the adjoint of broadcasting. */
  sumTo(x: T, shape: readonly number[]): T;
  /** Repeats along axes of size 1: the adjoint of `sum`. */
  spread(x: T, shape: readonly number[]): T;
  /** x^T y over the last two axes, leading axes broadcast. */
  matmulOfTransposed(x: T, y: T): T;
  /** x W: the adjoint of `frozen`. */
  frozenBack(x: T, weight: FrozenMatrix): T;
  /** [R, A, ...] with these tensors at their indices and 0 elsewhere: the adjoint of several `pick`s. */
  unpick(picked: ReadonlyMap<number, T>, shape: readonly number[]): T;
  /** Like `splitHeads` with 0 past a text's end: the adjoint of `mergeHeads`. */
  unmergeHeads(x: T, groups: number, perGroup: number): T;
  /** [R, B, H] -> [R, T, H]: the adjoint of `meanPool`. */
  unpool(x: T): T;
  /** [R, K, H] -> [R, T, H], 0 but at the scored tokens: the adjoint of `takeScored`. */
  untakeScored(x: T): T;
  /** [R, K, 1] -> [R, K, width], 0 but at the targets: the adjoint of `takeTargets`. */
  untakeTargets(x: T, width: number): T;
  /** [R, T, H] -> [R, rows, H], each token's row added to the row that it was taken from: the adjoint of `gather`. */
  ungather(x: T, by: EmbeddingIndex, rows: number): T;
}

/** What the pull-back of an operation y = f(x_0, x_1) is given. Only the values that its rule keeps are there. */
interface Step<T> {
  readonly low: Reversible<T>;
  readonly args: readonly unknown[];
  readonly input: (index: number) => T;
  readonly output: () => T;
  readonly shape: (index: number) => readonly number[];
  readonly dy: T;
}

/**
 * How a derivative goes back through one operation: `keeps` names the values that it needs ("y", or the index of an input)
 * to give the derivative of input `of`, `pull` gives it.
 */
interface Rule {
  readonly keeps: (of: number) => readonly (number | "y")[];
  readonly pull: <T>(step: Step<T>, of: number) => T;
}

const rule = (keeps: readonly (number | "y")[], pull: Rule["pull"]): Rule => ({ keeps: () => keeps, pull });
const other = (of: number): readonly number[] => [1 - of];

/** The rules of the operations that trainable values go through. The others are constants, or occur in tangent programs only. */
const rules: Readonly<Partial<Record<keyof LowOps<unknown>, Rule>>> = {
  frozen: rule([], ({ low, dy, args }) => low.frozenBack(dy, args[1] as FrozenMatrix)),
  reshape: rule([], ({ low, dy, shape }) => low.reshape(dy, shape(0).slice(1))),
  matmul: {
    keeps: other,
    pull: ({ low, dy, input, shape }, of) =>
      low.sumTo(of === 0 ? low.matmulTransposed(dy, input(1), 1) : low.matmulOfTransposed(input(0), dy), shape(of)),
  },
  matmulTransposed: {
    keeps: other,
    pull: ({ low, dy, input, shape, args }, of) => {
      const product = of === 0 ? low.matmul(dy, input(1)) : low.matmulOfTransposed(dy, input(0));
      return low.sumTo(low.scale(product, args[2] as number), shape(of));
    },
  },
  add: rule([], ({ low, dy, shape }, of) => low.sumTo(dy, shape(of))),
  subtract: rule([], ({ low, dy, shape }, of) => low.sumTo(low.scale(dy, of === 0 ? 1 : -1), shape(of))),
  multiply: {
    keeps: other,
    pull: ({ low, dy, input, shape }, of) => low.sumTo(low.multiply(dy, input(1 - of)), shape(of)),
  },
  scale: rule([], ({ low, dy, args }) => low.scale(dy, args[1] as number)),
  addScalar: rule([], ({ low, dy }) => low.scale(dy, 1)),
  relu: rule(["y"], ({ low, dy, output }) => low.multiply(dy, low.positive(output()))),
  tanh: rule(["y"], ({ low, dy, output }) =>
    low.multiply(dy, low.addScalar(low.scale(low.multiply(output(), output()), -1), 1)),
  ),
  sigmoid: rule(["y"], ({ low, dy, output }) =>
    low.multiply(dy, low.subtract(output(), low.multiply(output(), output()))),
  ),
  erf: rule([0], ({ low, dy, input }) =>
    low.multiply(low.scale(dy, 2 / Math.sqrt(Math.PI)), low.exp(low.scale(low.multiply(input(0), input(0)), -1))),
  ),
  exp: rule(["y"], ({ low, dy, output }) => low.multiply(dy, output())),
  // (x^-1/2)' = -1/2 x^-3/2 = -1/2 y^3
  inverseSqrt: rule(["y"], ({ low, dy, output }) =>
    low.multiply(low.scale(dy, -0.5), low.multiply(output(), low.multiply(output(), output()))),
  ),
  sum: rule([], ({ low, dy, shape }) => low.spread(dy, shape(0))),
  mean: rule([], ({ low, dy, shape }) => low.spread(low.scale(dy, 1 / shape(0).slice(-1)[0]), shape(0))),
  softmax: rule(["y"], ({ low, dy, output }) => {
    const weighted = low.multiply(output(), dy);
    return low.subtract(weighted, low.multiply(output(), low.sum(weighted)));
  }),
  logSumExp: rule([0], ({ low, dy, input }) => low.multiply(low.softmax(input(0)), dy)),
  // What stands past a text's end is masked out or dropped, so its derivative is 0 and `mergeHeads` may leave it out.
  splitHeads: rule([], ({ low, dy }) => low.mergeHeads(dy)),
  mergeHeads: rule([], ({ low, dy, shape }) => low.unmergeHeads(dy, shape(0)[2], shape(0)[3])),
  rotate: rule([], ({ low, dy, args }) => {
    const { frequencies, factor } = args[1] as Rotary;
    return low.rotate(dy, { frequencies: frequencies.map((angle) => -angle), factor });
  }),
  mask: rule([], ({ low, dy }) => low.scale(dy, 1)),
  meanPool: rule([], ({ low, dy }) => low.unpool(dy)),
  takeScored: rule([], ({ low, dy }) => low.untakeScored(dy)),
  takeTargets: rule([], ({ low, dy, shape }) => low.untakeTargets(dy, shape(0)[2])),
  gather: rule([], ({ low, dy, args, shape }) => low.ungather(dy, args[1] as EmbeddingIndex, shape(0)[1])),
};

/** Operations whose value does not change with what they read, or that have no value to read. */
const constants: ReadonlySet<string> = new Set(["embed", "vector", "positive"]);

/** A forward pass whose values are kept for one pull-back. */
export interface Forward<T> {
  readonly output: T;
  /**
   * The derivative of <output, cotangent> by each stack of trainable tensors: [R, A, ...shape] and the names of its tensors.
   * The caller owns them; everything else is freed.
   */
  pullBack(cotangent: T): readonly { readonly names: readonly string[]; readonly gradient: T }[];
  /** Frees what is kept when no pull-back is wanted. */
  release(): void;
}

/**
 * Begins the reverse-mode differentiation of a recorded program with one output: runs it and keeps what the way back needs. Only values
 * that depend on a trainable tensor are differentiated; everything before the first adapter costs nothing.
 * For example `const forward = runForward(recording, low, memory); forward.pullBack(cotangent)`.
 * @throws when a trainable value goes through an operation that has no rule
 */
export function runForward<T>(recording: Recording, low: Reversible<T>, memory: Memory<T>): Forward<T> {
  const { instructions, outputs } = recording.program;
  const active = activePlaces(instructions);
  const shapes = new Map<number, readonly number[]>();
  const values = run(recording, low, watching(memory, low, shapes), keptPlaces(instructions, active));
  const [result] = outputs;
  const take = (place: number): T => values.get(place) ?? fail("pull-back", "a kept value", place);
  let released = false;
  const release = (): void => {
    if (!released) values.forEach(memory.dispose);
    released = true;
  };
  const pullBack: Forward<T>["pullBack"] = (cotangent) => {
    const found: { names: readonly string[]; gradient: T }[] = [];
    const arrived = new Map<number, T>([[result, memory.tidy(() => low.scale(cotangent, 1))]]);
    const picked = new Map<number, Map<number, T>>();
    const add = (place: number, dx: T): void => {
      const before = arrived.get(place);
      arrived.set(place, before === undefined ? dx : memory.tidy(() => low.add(before, dx)));
      if (before !== undefined) [before, dx].forEach(memory.dispose);
    };
    const addPick = (stack: number, index: number, dx: T): void => {
      const parts = picked.get(stack) ?? new Map<number, T>();
      picked.set(stack, parts);
      const before = parts.get(index);
      parts.set(index, before === undefined ? dx : memory.tidy(() => low.add(before, dx)));
      if (before !== undefined) [before, dx].forEach(memory.dispose);
    };
    let current: T | null = null;
    try {
      for (let place = instructions.length - 1; place >= 0; place--) {
        const instruction = instructions[place];
        const parts = picked.get(place);
        if (parts !== undefined) {
          picked.delete(place);
          const whole = memory.tidy(() => low.unpick(parts, shapes.get(place)!));
          parts.forEach(memory.dispose);
          add(place, whole);
        }
        const dy = arrived.get(place);
        if (dy === undefined) continue;
        arrived.delete(place);
        current = dy;
        const inputs = inputsOf(instruction);
        if (instruction.op === "parameters" && active.has(place)) {
          found.push({ names: dataOf(instruction, 0) as readonly string[], gradient: dy });
          current = null;
          continue;
        }
        const step = (of: number): Step<T> => ({
          low,
          args: instruction.args.map((arg) =>
            arg.kind === "data" ? arg.data : arg.kind === "frozen" ? recording.frozen.get(arg.name) : null,
          ),
          input: (index) => take(inputs[index]),
          output: () => take(place),
          shape: (index) => shapes.get(inputs[index]) ?? fail("pull-back", "a known shape", of),
          dy,
        });
        inputs.forEach((input, of) => {
          if (!active.has(input)) return;
          if (instruction.op === "pick")
            addPick(
              input,
              dataOf(instruction, 1) as number,
              memory.tidy(() => low.scale(dy, 1)),
            );
          else
            add(
              input,
              memory.tidy(() => ruleOf(instruction).pull(step(of), of)),
            );
        });
        memory.dispose(dy);
        current = null;
      }
      return found;
    } catch (error) {
      if (current !== null) memory.dispose(current);
      [...arrived.values(), ...[...picked.values()].flatMap((parts) => [...parts.values()])].forEach(memory.dispose);
      found.forEach(({ gradient }) => memory.dispose(gradient));
      throw error;
    } finally {
      release();
    }
  };
  return { output: take(result), pullBack, release };
}

function ruleOf({ op }: Instruction): Rule {
  return rules[op] ?? fail("gradient", "operations that have a reverse rule", op);
}

function dataOf({ args }: Instruction, index: number): unknown {
  const arg = args[index];
  return arg.kind === "data" ? arg.data : fail("program", "plain data", arg);
}

/** The places whose values change with a trainable tensor. */
function activePlaces(instructions: readonly Instruction[]): ReadonlySet<number> {
  const active = new Set<number>();
  instructions.forEach((instruction, place) => {
    const leaf = instruction.op === "parameters";
    if (leaf || (!constants.has(instruction.op) && inputsOf(instruction).some((at) => active.has(at))))
      active.add(place);
  });
  return active;
}

/** The places whose values some rule needs on the way back. */
function keptPlaces(instructions: readonly Instruction[], active: ReadonlySet<number>): ReadonlySet<number> {
  const kept = new Set<number>();
  instructions.forEach((instruction, place) => {
    const inputs = inputsOf(instruction);
    if (!active.has(place) || instruction.op === "parameters" || instruction.op === "pick") return;
    inputs.forEach((input, of) => {
      if (!active.has(input)) return;
      for (const what of ruleOf(instruction).keeps(of)) kept.add(what === "y" ? place : inputs[what]);
    });
  });
  return kept;
}

/** Wraps a memory so that it notes the shape of each value as it is made: values are made in the order of their places. */
function watching<T>(
  { tidy, dispose }: Memory<T>,
  low: Reversible<T>,
  shapes: Map<number, readonly number[]>,
): Memory<T> {
  return {
    dispose,
    tidy: (make) => {
      const value = tidy(make);
      shapes.set(shapes.size, low.shape(value));
      return value;
    },
  };
}
