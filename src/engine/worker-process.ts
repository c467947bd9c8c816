import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { messageOf } from "../check/error-words";
import { childEnvironment } from "./child-environment";
import type { Variables } from "./child-environment";
import type { Computing, Reply } from "./computing";

/** How long a process without work may take to end by itself. */
const CLOSING_MS = 3000;
/** Of what a process that broke down has said, so much is shown. */
const LAST_WORDS = 300;

/**
 * A process of its own that computes for an open model; requests are answered in order.
 *
 * For what a thread cannot do: libraries that are found by the environment a process begins with, drivers that may take the process down, and
 * runtimes that allow one computation in a process. Messages are copied, shared memory as well. It ends with the process that
 * started it, and leaves Ctrl-C to that one.
 */
export class WorkerProcess implements Computing {
  readonly copies = true;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private next = 0;
  private said = "";
  private gone: Error | null = null;
  private ending: Promise<void> | null = null;
  private readonly exited: Promise<void>;

  /**
   * @param path the script, from the project's root
   * @param name what goes before its own error messages
   * @param variables added to the environment
   */
  constructor(
    path: string,
    private readonly name: string,
    variables: Variables,
  ) {
    this.child = fork(resolve(path), [], {
      env: childEnvironment(variables) as NodeJS.ProcessEnv,
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.rest();
    process.setMaxListeners(Math.max(process.getMaxListeners(), process.listenerCount("exit") + 10));
    process.on("exit", this.beforeExit);
    this.child.stderr?.on(
      "data",
      (text: Buffer) => (this.said = (this.said + text.toString()).slice(-10 * LAST_WORDS)),
    );
    this.child.on("message", (reply) => this.take(reply as Reply));
    this.exited = new Promise((done) => {
      // A process that could not be started does not exit.
      this.child.on("error", (error) => {
        this.fail(new Error(`${name}: its process did not start: ${messageOf(error)}`));
        done();
      });
      // Once its streams are read to their ends.
      this.child.on("close", (code, signal) => {
        process.off("exit", this.beforeExit);
        this.fail(new Error(`${name}: ${brokenDown(code, signal, this.said)}`));
        done();
      });
    });
  }

  request<R>(message: object): Promise<R> {
    if (this.gone) return Promise.reject(this.gone);
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (reply) => resolve(reply as R), reject });
      // The process of the notebook must not end while an answer is owed to it, nor be kept alive by an idle one.
      this.child.ref();
      this.child.channel?.ref();
      this.child.send({ id, ...message }, (error) => {
        // Of one that has ended, "close" says more.
        if (error !== null && this.child.connected) this.take({ id, error: messageOf(error) });
      });
    });
  }

  hasEnded(): boolean {
    return this.gone !== null;
  }

  /** Rejects what is waited for and ends the process, once it has done what it was asked for and closed what it holds. */
  end(): Promise<void> {
    return (this.ending ??= this.finish());
  }

  private async finish(): Promise<void> {
    this.fail(new Error("the model was closed"));
    this.child.ref();
    if (this.child.connected) this.child.send({ id: this.next++, action: "end" }, () => undefined);
    // What it was asked for may take longer than closing: it says when it begins with that.
    let timer: NodeJS.Timeout | undefined;
    this.child.once("disconnect", () => (timer = setTimeout(() => this.child.kill("SIGKILL"), CLOSING_MS)));
    await this.exited;
    clearTimeout(timer);
  }

  private readonly beforeExit = (): void => void this.child.kill("SIGKILL");

  private take(reply: Reply): void {
    const waiter = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.rest();
    if (reply.error === undefined) waiter?.resolve(reply);
    else waiter?.reject(new Error(`${this.name}: ${reply.error}`));
  }

  private rest(): void {
    if (this.ending !== null) return;
    this.child.unref();
    this.child.channel?.unref();
    (this.child.stderr as unknown as { unref?: () => void } | null)?.unref?.();
  }

  private fail(error: Error): void {
    this.gone ??= error;
    for (const { reject } of this.waiting.values()) reject(this.gone);
    this.waiting.clear();
  }
}

/** What became of a process that nobody ended, with its last line. */
function brokenDown(code: number | null, signal: string | null, said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const last = (lines.at(-1) ?? "").slice(-LAST_WORDS);
  const how = signal === null ? `status ${code}` : signal;
  return `the process that computed has ended (${how})${last === "" ? "" : `: ${last}`}; open the model again`;
}
