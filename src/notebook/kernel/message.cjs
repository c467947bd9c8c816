// Jupyter's wire format: [identities..., "<IDS|MSG>", signature, header, parent header, metadata, content, buffers...]
const { createHmac, randomUUID } = require("node:crypto");

const { parse: parseJson, stringify } = JSON; // as they are before a cell changes them

/**
 * JSON without the halves of characters that stand alone, as in `"😀".slice(1)`: neither a front end nor a file of UTF-8 takes them.
 * @param {string} json
 */
const wellFormed = (json) =>
  json.includes("\\ud")
    ? json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === "\\\\" ? found : "\\ufffd"))
    : json;

const DELIMITER = Buffer.from("<IDS|MSG>");

/**
 * The signature covers the four JSON parts, not the buffers; an empty key means unsigned.
 * @param {string} key
 * @param {readonly (string | Buffer)[]} parts
 */
const sign = (key, parts) => {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
};

/**
 * Takes a message apart; throws when it is not one or its signature is wrong.
 * @type {typeof import("./message.cjs").parse}
 */
const parse = (key, frames) => {
  const at = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (at < 0 || frames.length < at + 6)
    throw new Error(`message: expected at least 6 frames with a delimiter, got ${frames.length}`);
  const parts = frames.slice(at + 2, at + 6);
  if (sign(key, parts) !== String(frames[at + 1]))
    throw new Error("message: the signature does not fit the connection's key");
  const [header, parent, metadata, content] = parts.map((part) => parseJson(part.toString()));
  if (typeof header?.msg_type !== "string")
    throw new Error("message: expected a header with a text as msg_type, got none");
  return { identities: frames.slice(0, at), header, parent, metadata, content, buffers: frames.slice(at + 6) };
};

/**
 * The frames of a message of `type`, in answer to `parent` (a parsed message, or undefined).
 * @type {typeof import("./message.cjs").compose}
 */
const compose = (key, session, type, content, { parent, identities = [], metadata = {}, buffers = [] } = {}) => {
  const header = {
    msg_id: randomUUID(),
    session,
    username: "kernel",
    date: new Date().toISOString(),
    msg_type: type,
    version: "5.3",
  };
  const parts = [header, parent?.header ?? {}, metadata, content].map((part) => wellFormed(stringify(part) ?? "{}"));
  return [...identities, DELIMITER, sign(key, parts), ...parts, ...buffers];
};

/**
 * The content of a message that was composed here, as its receiver reads it.
 * @type {typeof import("./message.cjs").parseContent}
 */
const parseContent = (frames) => parseJson(String(frames[frames.indexOf(DELIMITER) + 5]));

module.exports = { parse, parseContent, compose };
