/** The types that the kernel's own files share; types only, so that a running kernel never loads this file. */
import type { Buffer } from "node:buffer";
import type { Diagnostic } from "@tslab/typescript-for-tslab";
import type { Header, Message } from "./message.cjs";

/** The connection file that Jupyter or the headless runner writes for a kernel. */
export interface Connection {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly control_port: number;
  readonly stdin_port: number;
  readonly hb_port: number;
  /** A pipe that the headless runner has opened for what the kernel says (last-words.cjs). */
  readonly last_words?: number;
  /** The file lies in a folder that was made for it, which goes once it is read. */
  readonly own_folder?: boolean;
}

/** The process that a kernel was started for. */
export interface Parent {
  readonly pid: number;
  /** Undefined: it was gone already. */
  readonly identity: string | undefined;
  /** Whether it started the kernel itself. */
  readonly direct: boolean;
}

/** What the control thread is started with. */
export interface ControlData {
  readonly connection: Connection;
  readonly blockedMs: number;
  readonly state: Int32Array;
  readonly parent: Parent | undefined;
}

export type ToControl =
  { readonly kind: "answer" | "close" } | { readonly kind: "send"; readonly frames: readonly (string | Uint8Array)[] };

export type FromControl =
  | { readonly kind: "ready" | "ask" | "interrupt" | "terminated" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "message"; readonly frames: readonly Uint8Array[] };

/** The main thread's end of the control thread. */
export interface Control {
  send(frames: readonly (string | Buffer)[]): void;
  onMessage(callback: (frames: readonly Buffer[]) => void): void;
  /** Closes its sockets and ends the thread. */
  close(): Promise<void>;
  /** Closes its sockets before it returns, for a process that is ending; two seconds at most. */
  closeNow(): void;
}

/** A frame of a stack, as V8 gives it. */
export type CallSite = NodeJS.CallSite;

/** A request as the sockets took it, and where its reply goes. */
export interface Request {
  readonly message: Message;
  readonly socket: Socket;
}

/** What a reply goes out on. */
export interface Socket {
  send(frames: (string | Buffer)[]): Promise<void> | void;
}

/** What a message answers: a request that was taken, or the part of one by which it is named. */
export type Named = { readonly header: Header } | undefined;

/** What the requests' door does with each, and with those whose handlers were ended. */
export interface Handlers {
  receive(request: Request): void;
  giveUp(): void;
}

/** A request that runs as a cell, or has run: what belongs to it stays known after its end. */
export interface Cell {
  readonly message: Message;
  /** It shows nothing. */
  readonly quiet: boolean;
  givenUp: boolean;
  /** How many characters it has printed. */
  written?: number;
}

/** How a column (1-based) of a compiled line of a cell was written. */
export type ColumnOf = (line: number, column: number) => number;

/** What a cell failed with. */
export interface Failure {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: string[];
}

/** A cell, for words about what went wrong in it. */
export interface Told {
  readonly code: string;
  readonly columnOf: ColumnOf;
  readonly sources: { textOf(source: string): string | undefined };
  readonly root: string;
  /** The cell's name in a stack, and the place of the `await` that it came to last (await-places.cjs). */
  readonly label?: string;
  readonly awaitsAt?: unknown;
}

/** What one file of the project became. */
export interface CompiledFile {
  readonly declaration: string;
  readonly js: string;
  readonly map: string | undefined;
}

/** What one file of the project became, as it is kept: with what it rests on. */
export interface Entry extends CompiledFile {
  readonly hash: string;
  /** The relative names that it imports, */
  readonly imports: readonly string[];
  /** and the hash of what each of them means. */
  uses?: Readonly<Record<string, string>>;
  /** The hash of its declaration, and the relative names in it. */
  readonly declared: string;
  readonly declares: readonly string[];
  readonly wrong: boolean;
}

/** What a relative name means: a file to compile, or another one whose text matters to types, or nothing. */
export interface Target {
  readonly source?: string;
  readonly other?: string;
}

/** A file behind a cell: its text's hash, and what each name in it means. */
export interface Present {
  readonly text: string;
  readonly hash: string;
  readonly imports: ReadonlyMap<string, Target>;
}

export interface Store {
  read(file: string): Entry | undefined;
  write(file: string, entry: Entry): void;
  forget(file: string): void;
}

/** The project's files, compiled (compiled-files.cjs). */
export interface CompiledFiles {
  /** What a file declares, as it was last compiled; undefined for a file that never was. */
  declarationOf(file: string): string | undefined;
  /** A file's module, likewise. */
  moduleOf(file: string): CompiledFile | undefined;
  resolve(name: string, importer: string): Target;
  bringUpToDate(text: string, place: string): readonly Diagnostic[];
}

/** Compiles files; what the others declare is given. */
export type Check = (
  files: readonly string[],
  declarationOf: (file: string) => string | undefined,
) => ReadonlyMap<string, CompiledFile & { readonly diagnostics: readonly Diagnostic[] }>;

/** A module for tslab's executor, with its source maps where it was compiled here. */
export interface Module {
  readonly path: string;
  readonly data: string;
  readonly maps?: readonly (string | undefined)[] | undefined;
}

/**
 * JSON of any form, as a front end sends it, and values of cells. `any`, because no type can be trusted here: what is read of them is
 * checked where it is used, or harmless in every form.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Anything = any;

/** Front end's words for what it wants of the history. */
export interface HistoryQuestion {
  readonly hist_access_type?: string;
  readonly n?: number;
  readonly start?: number;
  readonly stop?: number;
  readonly session?: number;
  readonly pattern?: string;
  readonly unique?: boolean;
  readonly output?: boolean;
}

/** What goes along with a published message. */
export interface PublishOptions {
  readonly metadata?: object | undefined;
  readonly buffers?: readonly Buffer[] | undefined;
}

export type Server = Awaited<ReturnType<typeof import("./server.cjs").startServer>>;
export type Cells = ReturnType<typeof import("./cells.cjs").createCells>;
export type Comms = ReturnType<typeof import("./comms.cjs").createComms>;
export type Sources = ReturnType<typeof import("./source-maps.cjs").createSourceMaps>;
export type Owners = ReturnType<typeof import("./owners.cjs").createOwners<Cell>>;
export type Interrupts = ReturnType<typeof import("./interrupts.cjs").createInterrupts>;
export type Declarations = ReturnType<typeof import("./declarations.cjs").createDeclarations>;

/** What the executor says: values, and errors as the arguments of `console.error`. */
export interface SaidBy {
  log(value: unknown): void;
  error(...args: unknown[]): void;
}

/** The registry as the kernel itself fills it (../kernel-registry.ts is what code of src sees). */
export interface OwnRegistry {
  interrupt(): AbortSignal;
  publish: ((content: Anything, update?: boolean) => void) | undefined;
  bundleOf: ((value: unknown) => Record<string, unknown> | undefined) | undefined;
  settled(withinMs: number): Promise<void>;
  comms: Comms["api"] | undefined;
  readonly flushes: Set<() => void>;
  readonly open: Map<string, { readonly value: Promise<{ dispose(): void | Promise<void> }> }>;
  readonly widgets: Map<string, unknown>;
  disposeAll(): Promise<void>;
}

/** A place of the source, line and column from 1. */
export interface Place {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** What runs next as a cell's code. */
export interface NextCell {
  readonly label: string;
  readonly code: string;
  readonly columnOf: ColumnOf;
  readonly owner: Cell | undefined;
}

export type Find = (line: number, column: number) => Place | undefined;

/** What tslab's converter makes of a cell, with the modules' own source maps. */
export interface Converted extends Omit<import("tslab/dist/converter").ConvertResult, "sideOutputs"> {
  sideOutputs?: Module[];
}

/** What hears of every published message (server.cjs). */
export interface Listener {
  /** Metadata that goes along with a message. */
  beside(type: string, parent: Named): object | undefined;
  /** The content comes parsed from what was sent, when it is asked for. */
  hear(type: string, content: () => Anything, parent: Named): void;
}
