// The kernel's sockets: receives requests, sends replies, publishes outputs and its status. Control and heartbeat have a thread of their own.
const { randomUUID } = require("node:crypto");
const { asText, read } = require("./describe.cjs");
const { compose, parse, parseContent } = require("./message.cjs");
const { log } = require("./streams.cjs");

/** How long a process that ends at once waits for its last messages. */
const SENDING_MS = 100;

/**
 * @param {import("./protocol.cjs").Connection} connection
 * @param {import("./protocol.cjs").Control} control
 * @param {ReturnType<typeof import("./last-words.cjs").createLastWords>} lastWords
 */
exports.startServer = async function startServer(connection, control, lastWords) {
  const zmq = require("zeromq");
  const { key, transport, ip } = connection;
  const session = randomUUID();
  const outputs = new zmq.Publisher();
  // Without these ZeroMQ.js throws on the 513th send of a loop that never yields, and the cell would never end:
  // with no high-water mark nothing is dropped, with no timeout each send happens at once.
  outputs.sendHighWaterMark = 0;
  outputs.sendTimeout = 0;
  const [shell, stdin] = [new zmq.Router(), new zmq.Router()];
  const sockets = [
    { socket: outputs, port: connection.iopub_port },
    { socket: shell, port: connection.shell_port },
    { socket: stdin, port: connection.stdin_port },
  ];
  for (const { socket, port } of sockets) {
    socket.linger = socket === stdin ? 0 : 500;
    await socket.bind(`${transport}://${ip}:${port}`);
  }

  // Replies to one socket go out one after the other: ZeroMQ.js refuses a second send while one is pending.
  /** @type {Map<import("./protocol.cjs").Socket, Promise<void>>} */
  const sending = new Map();
  /**
   * @param {import("./protocol.cjs").Socket} socket
   * @param {(string | Buffer)[]} frames
   */
  const send = (socket, frames) => {
    const next = (sending.get(socket) ?? Promise.resolve()).then(() => socket.send(frames)).catch(() => {});
    sending.set(socket, next);
    return next;
  };
  /** @type {() => void} */
  let beforePublish = () => undefined;
  /** @type {import("./protocol.cjs").Listener} */
  let listener = { beside: () => undefined, hear: () => undefined };
  /**
   * @param {string} type
   * @param {object} content
   * @param {import("./protocol.cjs").Named} parent
   * @param {import("./protocol.cjs").PublishOptions} [options]
   */
  const publishNow = (type, content, parent, { metadata: own, buffers } = {}) => {
    const metadata = { ...own, ...listener.beside(type, parent) };
    const frames = compose(key, session, type, content, { parent, identities: [type], metadata, buffers });
    listener.hear(type, () => parseContent(frames), parent);
    lastWords.published(frames.slice(3));
    void outputs.send(frames).catch(() => {});
  };

  return {
    /**
     * Sends to every front end. Text that waits to be sent goes first, so the order stays true.
     * @param {string} type
     * @param {object} content
     * @param {import("./protocol.cjs").Named} parent
     * @param {import("./protocol.cjs").PublishOptions} [options]
     */
    publish(type, content, parent, options) {
      beforePublish();
      publishNow(type, content, parent, options);
    },
    publishNow,
    onPublish: (/** @type {() => void} */ flush) => (beforePublish = flush),
    /**
     * Hears of every message that is published: `beside(type, parent)` is metadata that goes along, `hear(type, content, parent)` is called with
     * the content as it was sent, which no code of a cell can change or watch.
     */
    onPublished: (/** @type {import("./protocol.cjs").Listener} */ hears) => (listener = hears),
    /**
     * @param {string} state
     * @param {import("./protocol.cjs").Named} parent
     */
    status(state, parent) {
      this.publish("status", { execution_state: state }, parent);
    },
    reply: (
      /** @type {import("./protocol.cjs").Request} */ { message, socket },
      /** @type {string} */ type,
      /** @type {object} */ content,
    ) => send(socket, compose(key, session, type, content, { parent: message, identities: message.identities })),
    /**
     * Calls `handlers.receive({ message, socket })` for each request; what is no message, or has a wrong signature, is dropped.
     * @param {import("./protocol.cjs").Handlers} handlers
     */
    listen(handlers) {
      /**
       * @param {import("./protocol.cjs").Socket} socket
       * @param {readonly Buffer[]} frames
       */
      const receive = (socket, frames) => {
        try {
          handlers.receive({ message: parse(key, frames), socket });
        } catch (error) {
          log(asText(read(error, "message"), "a message that cannot be taken"));
        }
      };
      const readShell = async () => {
        for await (const frames of shell) receive(shell, frames);
      };
      readShell().catch(() => {});
      control.onMessage((frames) => receive(control, frames));
      publishNow("status", { execution_state: "starting" }, undefined);
    },
    async close() {
      await control.close();
      for (const { socket } of sockets) socket.close();
    },
    /** For a process that ends at once: gives ZeroMQ's own thread the time to send what was said. */
    sendNow() {
      beforePublish();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SENDING_MS);
    },
  };
};
