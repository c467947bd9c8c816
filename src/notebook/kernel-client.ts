import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Dealer, Request, Subscriber } from "zeromq";
import type { Readable } from "node:stream";
import { signalIfThere } from "../disk/signal";
import { compose, parse, type Message } from "./kernel/message.cjs";
import { createLastWords } from "./last-words";

export type { Message };

/** A running kernel, spoken to over Jupyter's protocol without Jupyter. */
export interface KernelClient {
  readonly process: ChildProcess;
  /** How it ended, if it did. */
  ended(): KernelEnded | undefined;
  /** Sends a request and resolves to the content of its reply. */
  request(type: string, content: object, channel?: "shell" | "control"): Promise<Message>;
  /** Sends a message that has no reply, for example of a comm; resolves once the kernel is idle again after it. */
  send(type: string, content: object, options?: SendOptions): Promise<void>;
  /** Sends a message signed with another key, which a kernel has to drop. */
  sendForged(type: string, content: object): Promise<void>;
  /**
   * Runs a cell; resolves once the reply and the kernel's "idle" have both come, so that every output has been seen.
   * @throws KernelEnded when the kernel ends meanwhile, after all that the cell had said was seen
   */
  execute(code: string, onOutput?: (message: Message) => void, options?: ExecuteFields): Promise<Message>;
  /** Calls back for every message that the kernel publishes. */
  onPublished(listener: (message: Message) => void): () => void;
  /** Presses Stop. */
  interrupt(): void;
  /** Whether the kernel's heart answers within some time, as it does also while a cell keeps its main thread busy. */
  beats(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Fields of an execute_request; what is not given is as JupyterLab sends it. */
export interface ExecuteFields {
  readonly silent?: boolean;
  readonly store_history?: boolean;
  readonly stop_on_error?: boolean;
  readonly user_expressions?: Readonly<Record<string, string>>;
}

export interface SendOptions {
  readonly buffers?: readonly Buffer[];
  /** Called for each message that the kernel publishes in answer. */
  readonly onOutput?: (message: Message) => void;
}

export interface KernelOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Folder the kernel starts in; it goes to the project's root by itself. */
  readonly cwd?: string;
  /** The kernel's own output, outside any cell. */
  readonly onLog?: (text: string) => void;
  /** How long it may take to answer. Default: two minutes, which a very busy machine may need some of. */
  readonly startMs?: number;
  /** Finds ports for its sockets that nobody uses. Default: what the system gives. */
  readonly ports?: (count: number) => Promise<readonly number[]>;
}

const START_MS = 120_000;
/** How long a kernel that was asked to end may take. */
const CLOSE_MS = 4000;
/** How long what an ended kernel had said may take to arrive. */
const DRAIN_MS = 1000;
/** How often a kernel is started anew with other ports: another program may take one between the look and the kernel's own use. */
const PORT_TRIES = 5;

/** A kernel's process has ended: `how`, as "exit code 1" or "signal SIGKILL", with the reason where its log gives one. */
export class KernelEnded extends Error {
  constructor(
    readonly how: string,
    readonly log: string,
  ) {
    super(`kernel: it ended (${how}). ${log.trim()}`.trim());
    this.name = "KernelEnded";
  }
}

function howItEnded(status: number | null, signal: string | null, log: string): string {
  const reason = /FATAL ERROR: (.*)/.exec(log)?.[1];
  const how = signal === null ? `exit code ${status}` : `signal ${signal}`;
  return reason === undefined ? how : `${how}: ${reason}`;
}

/** Ends a process and what it has started and not let go of. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || !signalIfThere(-child.pid, "SIGKILL")) child.kill("SIGKILL");
}

/** Finds ports of this machine that nobody uses at this moment. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) =>
        server.once("error", reject).listen(0, "127.0.0.1", () => resolve()),
      );
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Starts the project's kernel from the project's root and connects to it.
 * @throws when it ends before it answers, or does not answer in time
 */
export async function startKernel(options: KernelOptions = {}): Promise<KernelClient> {
  for (let tries = 1; ; tries++)
    try {
      return await startOnce(options);
    } catch (error) {
      const portTaken = error instanceof KernelEnded && /EADDRINUSE|Address already in use/.test(error.log);
      if (!portTaken || tries === PORT_TRIES) throw error;
    }
}

async function startOnce(options: KernelOptions): Promise<KernelClient> {
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = await (options.ports ?? freePorts)(5);
  const key = randomUUID();
  const connection = { transport: "tcp", ip: "127.0.0.1", key, signature_scheme: "hmac-sha256" };
  const folder = mkdtempSync(path.join(tmpdir(), "adazeta-kernel-"));
  const file = path.join(folder, "connection.json");
  writeFileSync(
    file,
    JSON.stringify({
      ...connection,
      shell_port,
      iopub_port,
      control_port,
      stdin_port,
      hb_port,
      last_words: 3,
      own_folder: true,
    }),
    {
      mode: 0o600,
    },
  );

  // Its own process group: Ctrl-C in a terminal reaches this process alone, which decides what to pass on.
  const child = spawn(process.execPath, [path.resolve("src/notebook/kernel.cjs"), file], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, ...options.env, JPY_PARENT_PID: String(process.pid) },
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let log = "";
  const onLog = (text: string): void => {
    log = (log + text).slice(-4000);
    options.onLog?.(text);
  };
  child.stdout!.setEncoding("utf8").on("data", onLog);
  child.stderr!.setEncoding("utf8").on("data", onLog);
  const lastWords = createLastWords();
  (child.stdio[3] as Readable).setEncoding("utf8").on("data", (text: string) => lastWords.take(text));

  const session = randomUUID();
  const sockets = { shell: new Dealer({ linger: 0 }), control: new Dealer({ linger: 0 }) };
  const published = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  sockets.shell.connect(`tcp://127.0.0.1:${shell_port}`);
  sockets.control.connect(`tcp://127.0.0.1:${control_port}`);
  published.connect(`tcp://127.0.0.1:${iopub_port}`);
  published.subscribe();

  const listeners = new Set<(message: Message) => void>();
  const tellAll = (message: Message): void => {
    for (const listener of [...listeners]) listener(message);
  };
  let newest = ""; // the request of the last cell that may show something
  const replies = new Map<string, (message: Message) => void>();
  let end: KernelEnded | undefined;
  let ended: (error: Error) => void = () => undefined;
  const whenEnded = new Promise<never>((_, reject) => (ended = reject));
  whenEnded.catch(() => undefined);
  child.on("error", ended);
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.on("exit", (status, signal) => {
    // What it has started may hold its output open.
    const drained = Promise.race([closed, new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
    void drained.then(() => {
      for (const { parent, ...said } of lastWords.missing())
        tellAll({ ...said, parent: { msg_id: newest, ...parent }, identities: [], metadata: {}, buffers: [] });
      ended((end = new KernelEnded(howItEnded(status, signal, log), log)));
    });
  });

  /** Undefined where it is signed with another key: a kernel that took one of the ports first. This one ends then, and another is started. */
  const read = (frames: readonly Buffer[]): Message | undefined => {
    try {
      return parse(key, frames);
    } catch {
      return undefined;
    }
  };
  const readReplies = async (socket: Dealer): Promise<void> => {
    for await (const frames of socket) {
      const message = read(frames);
      if (message !== undefined) replies.get(message.parent.msg_id ?? "")?.(message);
    }
  };
  const readPublished = async (): Promise<void> => {
    for await (const frames of published) {
      const message = read(frames);
      if (message === undefined) continue;
      lastWords.arrived(message.header.msg_id);
      tellAll(message);
    }
  };
  for (const loop of [readReplies(sockets.shell), readReplies(sockets.control), readPublished()]) loop.catch(ended);

  const newMessage = (type: string, content: object, buffers: readonly Buffer[] = []) => {
    const frames = compose(key, session, type, content, { buffers });
    return { frames, id: (JSON.parse(String(frames[2])) as { msg_id: string }).msg_id };
  };
  const onPublished = (listener: (message: Message) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  /** Sends a message; resolves to its reply. */
  const ask = async ({ frames, id }: ReturnType<typeof newMessage>, channel: "shell" | "control"): Promise<Message> => {
    const reply = new Promise<Message>((resolve) => replies.set(id, resolve)).finally(() => replies.delete(id));
    await sockets[channel].send(frames);
    return Promise.race([reply, whenEnded]);
  };
  /** Resolves once the kernel is idle after a message; what it publishes until then goes to `onOutput`. */
  const follow = async (id: string, onOutput: (message: Message) => void = () => undefined): Promise<void> => {
    let off: () => void = () => undefined;
    const idle = new Promise<void>((resolve) => {
      off = onPublished((message) => {
        if (message.parent.msg_id !== id) return;
        onOutput(message);
        if (message.header.msg_type === "status" && message.content["execution_state"] === "idle") resolve();
      });
    });
    await Promise.race([idle, whenEnded]).finally(off);
  };
  const request = (type: string, content: object, channel: "shell" | "control" = "shell"): Promise<Message> =>
    ask(newMessage(type, content), channel);

  const client: KernelClient = {
    process: child,
    ended: () => end,
    request,
    onPublished,
    async send(type, content, { buffers = [], onOutput } = {}) {
      const message = newMessage(type, content, buffers);
      const idle = follow(message.id, onOutput);
      await sockets.shell.send(message.frames);
      await idle;
    },
    sendForged: (type, content) => sockets.shell.send(compose("another key", session, type, content)),
    async execute(code, onOutput, options = {}) {
      const message = newMessage("execute_request", {
        code,
        silent: false,
        store_history: true,
        stop_on_error: true,
        ...options,
      });
      if (options.silent !== true) newest = message.id;
      const [reply] = await Promise.all([ask(message, "shell"), follow(message.id, onOutput)]);
      return reply;
    },
    interrupt: () => void request("interrupt_request", {}, "control").catch(() => undefined),
    async beats(withinMs) {
      const heart = new Request({ linger: 0, receiveTimeout: withinMs });
      heart.connect(`tcp://127.0.0.1:${hb_port}`);
      try {
        await heart.send("ping");
        return String(await heart.receive()) === "ping";
      } catch {
        return false;
      } finally {
        heart.close();
      }
    },
    async close() {
      const exited = new Promise((resolve) =>
        child.pid !== undefined && child.exitCode === null && child.signalCode === null
          ? child.once("exit", resolve)
          : resolve(0),
      );
      const timer = setTimeout(() => killGroup(child), CLOSE_MS);
      await Promise.race([request("shutdown_request", { restart: false }, "control").catch(() => undefined), exited]);
      await exited;
      clearTimeout(timer);
      sockets.shell.close();
      sockets.control.close();
      published.close();
    },
  };

  // The subscription takes effect some time after the connection: ask, one question at a time, until an answer's "idle" is seen too.
  let seen = false;
  const off = onPublished((message) => {
    if (message.content["execution_state"] === "idle") seen = true;
  });
  const { startMs = START_MS } = options;
  const timer = setTimeout(
    () => ended(new Error(`kernel: it did not answer within ${startMs / 1000} s. ${log.trim()}`.trim())),
    startMs,
  );
  try {
    while (!seen) {
      await request("kernel_info_request", {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (error) {
    await client.close();
    throw error;
  } finally {
    clearTimeout(timer);
    off();
    rmSync(folder, { recursive: true, force: true }); // it has been read, and nobody may be left to remove it later
  }
  return client;
}
