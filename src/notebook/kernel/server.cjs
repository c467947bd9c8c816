// The kernel's sockets: receives requests, sends replies, publishes outputs and its status. Control and heartbeat have a thread of their own.
const { randomUUID } = require("node:crypto");
const { asText, read } = require("./describe.cjs");
const { compose, parse, parseContent } = require("./message.cjs");
const { log } = require("./streams.cjs");

/** How long a process that ends at once waits for its last messages. */
const SENDING_MS = 100;

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
  const sockets = { iopub: outputs, shell, stdin };
  for (const [name, socket] of Object.entries(sockets)) {
    socket.linger = name === "stdin" ? 0 : 500;
    await socket.bind(`${transport}://${ip}:${connection[`${name}_port`]}`);
  }

  // Replies to one socket go out one after the other: ZeroMQ.js refuses a second send while one is pending.
  const sending = new Map();
  const send = (socket, frames) => {
    const next = (sending.get(socket) ?? Promise.resolve()).then(() => socket.send(frames)).catch(() => {});
    sending.set(socket, next);
    return next;
  };
  let beforePublish = () => {};
  let listener = { beside: () => undefined, hear: () => {} };
  const publishNow = (type, content, parent, { metadata: own, buffers } = {}) => {
    const metadata = { ...own, ...listener.beside(type, parent) };
    const frames = compose(key, session, type, content, { parent, identities: [type], metadata, buffers });
    listener.hear(type, () => parseContent(frames), parent);
    lastWords.published(frames.slice(3));
    void outputs.send(frames).catch(() => {});
  };

  return {
    /** Sends to every front end. Text that waits to be sent goes first, so the order stays true. */
    publish(type, content, parent, options) {
      beforePublish();
      publishNow(type, content, parent, options);
    },
    publishNow,
    onPublish: (flush) => (beforePublish = flush),
    /**
     * Hears of every message that is published: `beside(type, parent)` is metadata that goes along, `hear(type, content, parent)` is called with
     * the content as it was sent, which no code of a cell can change or watch.
     */
    onPublished: (hears) => (listener = hears),
    status: function (state, parent) {
      this.publish("status", { execution_state: state }, parent);
    },
    reply: ({ message, socket }, type, content) =>
      send(socket, compose(key, session, type, content, { parent: message, identities: message.identities })),
    /** Calls `handlers.receive({ message, socket })` for each request; what is no message, or has a wrong signature, is dropped. */
    listen(handlers) {
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
      for (const socket of Object.values(sockets)) socket.close();
    },
    /** For a process that ends at once: gives ZeroMQ's own thread the time to send what was said. */
    sendNow() {
      beforePublish();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SENDING_MS);
    },
  };
};
