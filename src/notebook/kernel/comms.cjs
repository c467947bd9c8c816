// Comms: channels of JSON and binary buffers between a cell's code and the front end, opened by either side, used also while a cell runs.
// The registry hands `api` to the code of src (../comm.ts); `receive` takes what the front end sends.
const { randomUUID } = require("node:crypto");
const { types } = require("node:util");
const { read } = require("./describe.cjs");

/** A copy of the bytes: the sender may reuse its array before the socket has sent it. */
const bytesOf = (value) =>
  Buffer.from(ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value);

/** `cellParent()` is the request that messages of the kernel's own accord belong to; `complain(error)` shows what a handler throws. */
exports.createComms = function createComms(server, cellParent, complain) {
  const open = new Map(); // id -> { target, handlers }
  const targets = new Map(); // name -> what to do with a comm that the front end opens

  const publish = (type, content, { inReplyTo = cellParent(), metadata, buffers = [] } = {}) =>
    server.publish(type, content, inReplyTo, { metadata, buffers: buffers.map(bytesOf) });

  const commOf = (id, target) => ({
    id,
    target,
    isOpen: () => open.has(id),
    send: (data, options) => open.has(id) && publish("comm_msg", { comm_id: id, data }, options),
    close: (data = {}, options) => open.delete(id) && publish("comm_close", { comm_id: id, data }, options),
  });

  /** Calls a handler of a cell's code: what it throws, also later, is shown and ends nothing. */
  const call = (handler, ...args) => {
    try {
      const result = typeof handler === "function" ? handler(...args) : undefined;
      if (types.isPromise(result)) result.catch(complain);
      return result;
    } catch (error) {
      complain(error);
      return undefined;
    }
  };

  const messageOf = ({ content, metadata, buffers, header }) => ({
    data: content.data ?? {},
    metadata,
    buffers,
    header,
  });

  return {
    api: {
      open(target, data, { onMessage, onClose, id = randomUUID(), ...options } = {}) {
        open.set(id, { target, handlers: { onMessage, onClose } });
        publish("comm_open", { comm_id: id, target_name: target, data }, options);
        return commOf(id, target);
      },
      onOpened: (target, handler) => void targets.set(target, handler),
      list: () => [...open].map(([id, { target }]) => commOf(id, target)),
      cell() {
        const request = cellParent();
        return { id: request?.metadata?.cellId, run: request?.header?.msg_id };
      },
    },
    receive: {
      comm_open(message) {
        const { comm_id: id, target_name: target } = message.content;
        const onOpened = targets.get(target);
        if (onOpened === undefined) return server.publish("comm_close", { comm_id: id, data: {} }, message);
        const entry = { target, handlers: {} };
        open.set(id, entry);
        const handlers = call(onOpened, commOf(id, target), messageOf(message));
        entry.handlers = { onMessage: read(handlers, "onMessage"), onClose: read(handlers, "onClose") };
      },
      comm_msg: (message) => call(open.get(message.content.comm_id)?.handlers.onMessage, messageOf(message)),
      comm_close(message) {
        const entry = open.get(message.content.comm_id);
        open.delete(message.content.comm_id);
        call(entry?.handlers.onClose, messageOf(message));
      },
    },
    /** The open comms by id, for comm_info; those of one target when it is named. */
    info: (target) =>
      Object.fromEntries(
        [...open]
          .filter(([, entry]) => target === undefined || entry.target === target)
          .map(([id, entry]) => [id, { target_name: entry.target }]),
      ),
  };
};
