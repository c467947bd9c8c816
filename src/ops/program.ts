import { fail } from "../check/check";
import type { LowOps } from "./low-ops";
import type { FrozenMatrix, FrozenVector } from "./ops";
import type { Reversible } from "./reversible";

/** A model's lower operations in order, as plain data: another thread can run them, an engine compile them, and `reverse` walk them back. */
export interface Program {
  readonly instructions: readonly Instruction[];
  /** The places of the results. */
  readonly outputs: readonly number[];
}

/** One call of a lower operation; its value is known by its place in the program. */
export interface Instruction {
  readonly op: keyof Reversible<unknown>;
  readonly args: readonly Argument[];
}

/** An earlier value, several of them, a frozen weight, or plain data. */
export type Argument =
  | { readonly kind: "value"; readonly at: number }
  | { readonly kind: "values"; readonly at: readonly number[] }
  | { readonly kind: "frozen"; readonly name: string }
  | { readonly kind: "data"; readonly data: unknown };

export type FrozenWeight = FrozenMatrix | FrozenVector;

/** A program and the frozen weights that it reads, by name. */
export interface Recording {
  readonly program: Program;
  readonly frozen: ReadonlyMap<string, FrozenWeight>;
}

/** How an engine whose values own memory frees them: `tidy` frees what `make` made on the way, `dispose` a value. */
export interface Memory<T> {
  tidy(make: () => T): T;
  dispose(value: T): void;
}

export const garbageCollected: Memory<unknown> = { tidy: (make) => make(), dispose: () => undefined };

/** A value of a program that is being written down. */
export interface RecordedValue {
  readonly place: number;
}

/**
 * Writes down the operations that `build` calls instead of computing them.
 * For example `record((low) => { const ops = plain(low); return [model.forward(ops, adapter.bind(ops))]; }).program.instructions.length`.
 */
export function record(build: (low: LowOps<RecordedValue>) => readonly RecordedValue[]): Recording {
  return extend({ program: { instructions: [], outputs: [] }, frozen: new Map() }, build);
}

/** Writes down further operations after those of a recording: they may read its values by their places. */
export function extend(
  { program, frozen: known }: Recording,
  build: (low: Reversible<RecordedValue>) => readonly RecordedValue[],
): Recording {
  const instructions: Instruction[] = [...program.instructions];
  const frozen = new Map(known);
  const encode = (arg: unknown): Argument => {
    if (isRecorded(arg)) return { kind: "value", at: arg.place };
    if (Array.isArray(arg) && arg.length > 0 && arg.every(isRecorded))
      return { kind: "values", at: arg.map(({ place }) => place) };
    if (!isFrozen(arg)) return { kind: "data", data: arg };
    frozen.set(arg.name, arg);
    return { kind: "frozen", name: arg.name };
  };
  const call =
    (op: Instruction["op"]) =>
    (...args: readonly unknown[]): RecordedValue => {
      instructions.push({ op, args: args.map(encode) });
      return { place: instructions.length - 1 };
    };
  const low = new Proxy({} as Reversible<RecordedValue>, { get: (_target, op) => call(op as Instruction["op"]) });
  const outputs = build(low).map(({ place }) => place);
  return { program: { instructions, outputs }, frozen };
}

/** Gives the places of the values that an instruction reads. */
export function inputsOf({ args }: Instruction): readonly number[] {
  return args.flatMap((arg) => (arg.kind === "value" ? [arg.at] : arg.kind === "values" ? arg.at : []));
}

/** Leaves out what no output needs: a program of fewer instructions with the same outputs. */
export function needed({ program, frozen }: Recording): Recording {
  const wanted = new Set(program.outputs);
  for (let place = program.instructions.length - 1; place >= 0; place--)
    if (wanted.has(place)) for (const at of inputsOf(program.instructions[place] as Instruction)) wanted.add(at);
  const kept = program.instructions.flatMap((_, place) => (wanted.has(place) ? [place] : []));
  const now = new Map(kept.map((place, i) => [place, i]));
  const moved = (at: number): number => now.get(at) ?? fail("program", "an earlier value", at);
  const argument = (arg: Argument): Argument => {
    if (arg.kind === "value") return { kind: "value", at: moved(arg.at) };
    return arg.kind === "values" ? { kind: "values", at: arg.at.map(moved) } : arg;
  };
  const instructions = kept.map((place): Instruction => {
    const { op, args } = program.instructions[place] as Instruction;
    return { op, args: args.map(argument) };
  });
  return { program: { instructions, outputs: program.outputs.map(moved) }, frozen };
}

/** Gives the place of each value's last reader; outputs and what `keep` names are never done with. */
export function lastReaders({ instructions, outputs }: Program, keep: ReadonlySet<number>): readonly number[] {
  const last = instructions.map((_, place) => place);
  instructions.forEach((instruction, place) => inputsOf(instruction).forEach((at) => (last[at] = place)));
  for (const at of [...outputs, ...keep]) last[at] = Infinity;
  return last;
}

/**
 * Runs a program on an engine. Values are freed after their last reader, and all of them when an operation fails.
 * @param keep places whose values are wanted besides the outputs
 * @returns the kept values and the outputs by place; the caller owns them
 * @throws when the engine has no such operation, or it fails
 */
export function run<T>(
  recording: Recording,
  low: LowOps<T> | Reversible<T>,
  memory: Memory<T>,
  keep: ReadonlySet<number> = new Set(),
): ReadonlyMap<number, T> {
  return begin(recording, low, memory, keep).advance(recording.program.instructions.length);
}

/** A program under way. */
export interface Run<T> {
  /** Runs up to that place. @returns the values that are still to be read, by place, with the outputs so far */
  advance(to: number): ReadonlyMap<number, T>;
  /** Frees everything; the run is over. */
  release(): void;
}

/** Begins to run a program, which may stop at a place until what comes next is known; otherwise as `run`. */
export function begin<T>(
  { program, frozen }: Recording,
  low: LowOps<T> | Reversible<T>,
  { tidy, dispose }: Memory<T>,
  keep: ReadonlySet<number> = new Set(),
): Run<T> {
  const { instructions } = program;
  const last = lastReaders(program, keep);
  const values = new Map<number, T>();
  const at = (place: number): T => values.get(place) ?? fail("program", "an earlier value", place);
  const decode = (arg: Argument): unknown => {
    if (arg.kind === "value") return at(arg.at);
    if (arg.kind === "values") return arg.at.map(at);
    if (arg.kind === "data") return arg.data;
    return frozen.get(arg.name) ?? fail("program", "a frozen weight", arg.name);
  };
  const release = (): void => {
    values.forEach(dispose);
    values.clear();
  };
  let next = 0;
  const step = (place: number): void => {
    const { op, args } = instructions[place] as Instruction;
    const operation = (low as Reversible<T>)[op] as ((...args: readonly unknown[]) => T) | undefined;
    if (operation === undefined) return fail("program", "operations of this engine", op);
    values.set(
      place,
      tidy(() => operation(...args.map(decode))),
    );
    for (const input of new Set([...inputsOf(instructions[place] as Instruction), place]))
      if (last[input] === place) {
        dispose(at(input));
        values.delete(input);
      }
  };
  return {
    release,
    advance(to) {
      try {
        for (; next < to; next++) step(next);
        return values;
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

export function isRecorded(value: unknown): value is RecordedValue {
  return typeof value === "object" && value !== null && "place" in value;
}

function isFrozen(value: unknown): value is FrozenWeight {
  return typeof value === "object" && value !== null && "read" in value;
}
