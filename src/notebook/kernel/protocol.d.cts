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
}

/** What one file of the project became. */
export interface CompiledFile {
  readonly declaration: string;
  readonly js: string;
  readonly map: string | undefined;
}

/** The same as it is kept, with what it rests on. */
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
