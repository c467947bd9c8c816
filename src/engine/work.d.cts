/** Where the engine's thread marks that it computes. */
export const BUSY: number;
/** Where it hears that it shall begin nothing more. */
export const ENDING: number;

/** What a request is answered with; the memory of `transfer` goes over. */
export interface Answer {
  readonly reply: object;
  readonly transfer?: readonly ArrayBuffer[];
}

/** Where requests come from and answers go. */
export interface Port {
  on(event: "message", listener: (message: { readonly id: number; readonly action: string }) => void): unknown;
  /** @param transfer memory that goes over, where it can */
  postMessage(message: object, transfer?: ArrayBuffer[]): void;
  close(): void;
}

/** Gives the port to who opened this thread, or started this process, and where it is marked that it computes. */
export function endpoint(): { readonly port: Port; readonly state: Int32Array };

/** Answers requests in the order of their arrival, until one asks for the end: then it closes what is open and the thread ends. */
export function serveRequests<Request>(
  port: Port,
  state: Int32Array,
  answer: (request: Request) => Promise<Answer>,
  close: () => void | Promise<void>,
): void;

/** Asks whether a computation may still begin, before each one of a request that has several. @throws where none may */
export function checkWanted(state: Int32Array): void;
