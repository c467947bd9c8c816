import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Dealer, Request, Subscriber } from "zeromq";
import { compose, parse, type Message } from "./kernel/message.cjs";

export type { Message };

/** A running kernel, spoken to over Jupyter's protocol without Jupyter. */
export interface KernelClient {
  readonly process: ChildProcess;
  /** Sends a request and resolves to the content of its reply. */
  request(type: string, content: object, channel?: "shell" | "control"): Promise<Message>;
  /** Sends a message that has no reply, for example of a comm; resolves once the kernel is idle again after it. */
  send(type: string, content: object, options?: SendOptions): Promise<void>;
  /** Sends a message signed with another key, which a kernel has to drop. */
  sendForged(type: string, content: object): Promise<void>;
  /** Runs a cell; resolves once the reply and the kernel's "idle" have both come, so that every output has been seen. */
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
}

async function freePorts(count: number): Promise<readonly number[]> {
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
 * @throws when it ends before it answers
 */
export async function startKernel(options: KernelOptions = {}): Promise<KernelClient> {
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = await freePorts(5);
  const key = randomUUID();
  const connection = { transport: "tcp", ip: "127.0.0.1", key, signature_scheme: "hmac-sha256" };
  const folder = mkdtempSync(path.join(tmpdir(), "adazeta-kernel-"));
  const file = path.join(folder, "connection.json");
  writeFileSync(file, JSON.stringify({ ...connection, shell_port, iopub_port, control_port, stdin_port, hb_port }), {
    mode: 0o600,
  });

  // Its own process group: Ctrl-C in a terminal reaches this process alone, which decides what to pass on.
  const child = spawn(process.execPath, [path.resolve("src/notebook/kernel.cjs"), file], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, ...options.env, JPY_PARENT_PID: String(process.pid) },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const onLog = (text: string): void => {
    log = (log + text).slice(-4000);
    options.onLog?.(text);
  };
  child.stdout.setEncoding("utf8").on("data", onLog);
  child.stderr.setEncoding("utf8").on("data", onLog);

  const session = randomUUID();
  const sockets = { shell: new Dealer({ linger: 0 }), control: new Dealer({ linger: 0 }) };
  const published = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  sockets.shell.connect(`tcp://127.0.0.1:${shell_port}`);
  sockets.control.connect(`tcp://127.0.0.1:${control_port}`);
  published.connect(`tcp://127.0.0.1:${iopub_port}`);
  published.subscribe();

  const listeners = new Set<(message: Message) => void>();
  const replies = new Map<string, (message: Message) => void>();
  let ended: (error: Error) => void = () => undefined;
  const whenEnded = new Promise<never>((_, reject) => (ended = reject));
  whenEnded.catch(() => undefined);
  child.on("error", ended);
  child.on("exit", (status, signal) => ended(new Error(`kernel: it ended (${signal ?? status}). ${log.trim()}`)));

  const readReplies = async (socket: Dealer): Promise<void> => {
    for await (const frames of socket) {
      const message = parse(key, frames);
      replies.get(message.parent.msg_id ?? "")?.(message);
    }
  };
  const readPublished = async (): Promise<void> => {
    for await (const frames of published) {
      const message = parse(key, frames);
      for (const listener of [...listeners]) listener(message);
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
        child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve(0),
      );
      const timer = setTimeout(() => child.kill("SIGKILL"), 4000);
      await Promise.race([request("shutdown_request", { restart: false }, "control").catch(() => undefined), exited]);
      await exited;
      clearTimeout(timer);
      sockets.shell.close();
      sockets.control.close();
      published.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  // The subscription takes effect some time after the connection: ask, one question at a time, until an answer's "idle" is seen too.
  let seen = false;
  const off = onPublished((message) => {
    if (message.content["execution_state"] === "idle") seen = true;
  });
  try {
    while (!seen) {
      await request("kernel_info_request", {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    off();
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}
