/**
 * What the notebook kernel and the code of cells share: one object of the process, under `Symbol.for("adazeta.kernel")`, because
 * tslab evaluates a module again for each import. Outside a kernel an empty one is made on first use. This is the only global state.
 */
export interface KernelRegistry {
  /** Aborted when the user presses Stop while the current cell runs. */
  interrupt(): AbortSignal;
  /** Sends an output of the current cell; undefined where nothing shows outputs. */
  publish: Publish | undefined;
  /** Called by the kernel when a cell ends, before it is marked as done. */
  readonly flushes: Set<() => void>;
  /** Open models by slot (open-models.ts). */
  readonly open: Map<string, OpenEntry>;
}

export interface DisplayContent {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient: { readonly display_id: string };
}

export type Publish = (content: DisplayContent, update: boolean) => void;

export interface Disposable {
  dispose(): void | Promise<void>;
}

export interface OpenEntry {
  readonly key: string;
  readonly value: Promise<Disposable>;
}

const place = Symbol.for("adazeta.kernel");
const holder = globalThis as { [place]?: KernelRegistry };

function createRegistry(): KernelRegistry {
  const never = new AbortController();
  return { interrupt: () => never.signal, publish: undefined, flushes: new Set(), open: new Map() };
}

export function kernelRegistry(): KernelRegistry {
  holder[place] ??= createRegistry();
  return holder[place];
}
