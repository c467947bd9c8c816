/** What a coordinator hears of its workers. */
export interface Hearing {
  /** A worker is there and knows nothing yet; one that was there before has been started again. */
  up(worker: string, place: string): void;
  /** A worker has said a line. */
  line(worker: string, line: string): void;
  /** A worker is gone; it may come up again. */
  lost(worker: string, why: string): void;
  /** No worker will come any more. */
  failed(why: string): void;
  /** Something that the user should know. */
  tell(line: string): void;
}

/** How lines reach workers and come back, whatever carries them. */
export interface Transport {
  /** Sends a line; one that cannot be delivered is lost, which `lost` tells. */
  send(worker: string, line: string): void;
  /** Ends a worker that does not answer, and starts it again. */
  replace(worker: string): void;
  /** Ends everything that was started. */
  close(): Promise<void>;
}

/** Starts workers and tells of them. */
export type OpenTransport = (hearing: Hearing) => Transport;
