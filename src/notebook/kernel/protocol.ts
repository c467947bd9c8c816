/** The types that the kernel's own files share; types only, so that a running kernel never loads this file. */
import type { Buffer } from "node:buffer";

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
