/** An answer from what computes: what it was asked for, or why not. */
export interface Reply {
  readonly id: number;
  readonly error?: string;
}

/** Where an engine computes for an open model: a thread or a process of its own. Requests are answered in order. */
export interface Computing {
  /** Whether messages are copied: then memory stays with who sends it, and none is shared. */
  readonly copies: boolean;
  /** @param transfer memory that goes over, where messages are not copied */
  request<R>(message: object, transfer?: ArrayBuffer[]): Promise<R>;
  /** Whether it has ended, or broken down: nothing is computed any more. */
  hasEnded(): boolean;
  /** Rejects what is waited for, and ends once what was asked for is done. */
  end(): Promise<void>;
}
