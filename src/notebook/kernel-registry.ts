/**
 * What the notebook kernel and the code of cells share: one object of the process, under `Symbol.for("adazeta.kernel")`, because
 * tslab evaluates a module again for each import. Outside a kernel an empty one is made on first use. This is the only global state.
 */
export interface KernelRegistry {
  /** Aborted when the user presses Stop while the current cell runs. */
  interrupt(): AbortSignal;
  /** Sends an output of the current cell; undefined where nothing shows outputs. */
  publish: Publish | undefined;
  /** How values of src look as a cell's last (value-display.ts); undefined for a value that it does not know, and before src is imported. */
  bundleOf: ((value: unknown) => Readonly<Record<string, unknown>> | undefined) | undefined;
  /** Resolves when the timers that cells have set, and that fire once, have fired, at most after some time; there in a kernel. */
  readonly settled?: (withinMs: number) => Promise<void>;
  /** Comms to the front end; undefined outside a kernel. */
  readonly comms: Comms | undefined;
  /** Called by the kernel when a cell ends, before it is marked as done. */
  readonly flushes: Set<() => void>;
  /** Open models by slot (open-models.ts). */
  readonly open: Map<string, OpenEntry>;
  /** Open widgets by comm id (widgets/open-widget.ts). */
  readonly widgets: Map<string, WidgetEntry>;
}

export interface DisplayContent {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient: { readonly display_id: string };
}

export type Publish = (content: DisplayContent, update: boolean) => void;

/** A message that the front end sent over a comm. */
export interface CommMessage {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Buffer[];
  /** The header of the Jupyter message, by which an answer refers to it. */
  readonly header: { readonly msg_id: string; readonly msg_type: string; readonly session: string };
}

export interface SendOptions {
  readonly metadata?: object;
  /** Copied at once: the sender may go on to use its arrays. */
  readonly buffers?: readonly (ArrayBufferView | ArrayBuffer)[];
  /** What this answers, as an "echo_update" of a widget must; default the last cell. */
  readonly inReplyTo?: CommMessage;
}

export interface CommHandlers {
  /** What it throws is shown under the last cell; the next message is handled at once, also before a promise that it returns has ended. */
  readonly onMessage?: (message: CommMessage) => void | Promise<void>;
  /** The front end closed the comm. */
  readonly onClose?: (message: CommMessage) => void | Promise<void>;
}

export interface CommOptions extends CommHandlers, SendOptions {
  /** Default: a new UUID. */
  readonly id?: string;
}

/** One end of a channel to the front end. Once it is closed, by either side, what is sent goes nowhere. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  isOpen(): boolean;
  send(data: object, options?: SendOptions): void;
  close(data?: object, options?: SendOptions): void;
}

/** What a page that is loaded again must know of a widget, and which run of which cell showed it. */
export interface WidgetEntry {
  /** The whole state, the model's names included. */
  state(): Readonly<Record<string, unknown>>;
  readonly cell: CellRun;
  close(): void;
}

/** The cell whose outputs are made: its id in the notebook, where the front end says it, and the request that runs it. */
export interface CellRun {
  readonly id: string | undefined;
  readonly run: string | undefined;
}

export type OpenedComm = (comm: Comm, message: CommMessage) => CommHandlers | undefined;

/** The kernel's side of all comms (kernel/comms.cjs); code of cells uses comm.ts. */
export interface Comms {
  open(target: string, data: object, options?: CommOptions): Comm;
  onOpened(target: string, handler: OpenedComm): void;
  list(): readonly Comm[];
  /** The cell that runs, or the last one. */
  cell(): CellRun;
}

export interface Disposable {
  /** Whether it is of no use any more: it was closed, or has broken down. */
  readonly hasEnded?: () => boolean;
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
  return {
    interrupt: () => never.signal,
    publish: undefined,
    bundleOf: undefined,
    comms: undefined,
    flushes: new Set(),
    open: new Map(),
    widgets: new Map(),
  };
}

export function kernelRegistry(): KernelRegistry {
  holder[place] ??= createRegistry();
  return holder[place];
}
