// The kernel's five sockets: receives requests, sends replies, publishes outputs and its status.
const { randomUUID } = require("node:crypto");
const { compose, parse } = require("./message.cjs");
const { log } = require("./streams.cjs");

exports.startServer = async function startServer(connection) {
  const zmq = require("zeromq");
  const { key, transport, ip } = connection;
  const session = randomUUID();
  const outputs = new zmq.Publisher();
  // Without these ZeroMQ.js throws on the 513th send of a loop that never yields, and the cell would never end:
  // with no high-water mark nothing is dropped, with no timeout each send happens at once.
  outputs.sendHighWaterMark = 0;
  outputs.sendTimeout = 0;
  const [shell, control, stdin] = [new zmq.Router(), new zmq.Router(), new zmq.Router()];
  const heartbeat = new zmq.Reply();
  const sockets = { iopub: outputs, shell, control, stdin, hb: heartbeat };
  for (const [name, socket] of Object.entries(sockets)) {
    socket.linger = name === "iopub" || name === "shell" || name === "control" ? 500 : 0;
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
  const publishNow = (type, content, parent, { metadata, buffers } = {}) =>
    void outputs
      .send(compose(key, session, type, content, { parent, identities: [type], metadata, buffers }))
      .catch(() => {});

  return {
    /** Sends to every front end. Text that waits to be sent goes first, so the order stays true. */
    publish(type, content, parent, options) {
      beforePublish();
      publishNow(type, content, parent, options);
    },
    publishNow,
    onPublish: (flush) => (beforePublish = flush),
    status: function (state, parent) {
      this.publish("status", { execution_state: state }, parent);
    },
    reply: ({ message, socket }, type, content) =>
      send(socket, compose(key, session, type, content, { parent: message, identities: message.identities })),
    /** Calls `handlers.receive({ message, socket })` for each request. */
    listen(handlers) {
      const readAll = async (socket) => {
        for await (const frames of socket) {
          try {
            handlers.receive({ message: parse(key, frames), socket });
          } catch (error) {
            log(error.message); // a message with a wrong signature, for one: it is dropped
          }
        }
      };
      const beat = async () => {
        for await (const frames of heartbeat) await heartbeat.send(frames);
      };
      for (const loop of [readAll(shell), readAll(control), beat()]) loop.catch(() => {});
      publishNow("status", { execution_state: "starting" }, undefined);
    },
    close() {
      for (const socket of Object.values(sockets)) socket.close();
    },
  };
};
