// Comms: channels of JSON and binary buffers between a cell's code and the front end, opened by either side, used also while a cell runs.
// The registry hands `api` to the code of src (../comm.ts); `receive` takes what the front end sends.
const { randomUUID } = require("node:crypto");
const { types } = require("node:util");
const { read } = require("./describe.cjs");

/**
 * A copy of the bytes: the sender may reuse its array before the socket has sent it.
 * @param {ArrayBufferView | ArrayBuffer} value
 */
const bytesOf = (value) =>
  Buffer.from(
    ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value),
  );

/**
 * `cellParent()` is the request that messages of the kernel's own accord belong to; `complain(error)` shows what a handler throws.
 * @param {Pick<import("./protocol.cjs").Server, "publish">} server
 * @param {() => import("./message.cjs").Message | undefined} cellParent
 * @param {(error: unknown) => void} complain
 */
exports.createComms = function createComms(server, cellParent, complain) {
  /** @type {Map<string, { readonly target: string, handlers: import("./protocol.cjs").Anything }>} what a cell's code handed over as handlers may be anything */
  const open = new Map();
  /** @type {Map<string, import("./protocol.cjs").Anything>} name -> what to do with a comm that the front end opens */
  const targets = new Map();

  /**
   * @param {string} type
   * @param {object} content
   * @param {import("../kernel-registry").SendOptions} [options]
   */
  const publish = (type, content, { inReplyTo, metadata, buffers = [] } = {}) =>
    server.publish(type, content, inReplyTo ?? cellParent(), { metadata, buffers: buffers.map(bytesOf) });

  /**
   * @param {string} id
   * @param {string} target
   * @returns {import("../kernel-registry").Comm}
   */
  const commOf = (id, target) => ({
    id,
    target,
    isOpen: () => open.has(id),
    send: (data, options) => (open.has(id) ? publish("comm_msg", { comm_id: id, data }, options) : undefined),
    close: (data = {}, options) =>
      open.delete(id) ? publish("comm_close", { comm_id: id, data }, options) : undefined,
  });

  /**
   * Calls a handler of a cell's code: what it throws, also later, is shown and ends nothing.
   * @param {import("./protocol.cjs").Anything} handler
   * @param {unknown[]} args
   */
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

  /** @param {import("./message.cjs").Message} message */
  const messageOf = ({ content, metadata, buffers, header }) => ({
    data: /** @type {Record<string, unknown>} */ (content["data"] ?? {}),
    metadata,
    buffers,
    header,
  });

  /**
   * What a front end says of a comm.
   * @param {import("./message.cjs").Message} message
   * @returns {import("./protocol.cjs").Anything}
   */
  const asked = ({ content }) => content;

  /** @type {Record<string, (message: import("./message.cjs").Message) => unknown>} */
  const receive = {
    comm_open(message) {
      const { comm_id: id, target_name: target } = asked(message);
      const onOpened = targets.get(target);
      if (onOpened === undefined) return server.publish("comm_close", { comm_id: id, data: {} }, message);
      const entry = { target, handlers: {} };
      open.set(id, entry);
      const handlers = call(onOpened, commOf(id, target), messageOf(message));
      entry.handlers = { onMessage: read(handlers, "onMessage"), onClose: read(handlers, "onClose") };
    },
    comm_msg: (message) => call(open.get(asked(message).comm_id)?.handlers.onMessage, messageOf(message)),
    comm_close(message) {
      const entry = open.get(asked(message).comm_id);
      open.delete(asked(message).comm_id);
      call(entry?.handlers.onClose, messageOf(message));
    },
  };

  return {
    api: {
      /**
       * @param {string} target
       * @param {object} data
       * @param {import("../kernel-registry").CommOptions} [options]
       */
      open(target, data, { onMessage, onClose, id = randomUUID(), ...options } = {}) {
        open.set(id, { target, handlers: { onMessage, onClose } });
        publish("comm_open", { comm_id: id, target_name: target, data }, options);
        return commOf(id, target);
      },
      onOpened: (/** @type {string} */ target, /** @type {import("../kernel-registry").OpenedComm} */ handler) =>
        void targets.set(target, handler),
      list: () => [...open].map(([id, { target }]) => commOf(id, target)),
      cell() {
        const request = cellParent();
        const id = request?.metadata?.["cellId"];
        return { id: typeof id === "string" ? id : undefined, run: request?.header?.msg_id };
      },
    },
    receive,
    /** The open comms by id, for comm_info; those of one target when it is named. */
    info: (/** @type {string | undefined} */ target) =>
      Object.fromEntries(
        [...open]
          .filter(([, entry]) => target === undefined || entry.target === target)
          .map(([id, entry]) => [id, { target_name: entry.target }]),
      ),
  };
};
