// What a kernel says, written a second time, into a pipe that the headless runner has opened for it: what is in the pipe is still there when
// the process has ended, however it ended, while a message on its way through ZeroMQ's thread, or text that waits to be sent, is lost.
// One JSON value a line: { text: [stream, text] } as it is written, { header, parent, content } as it is published. ../last-words.ts reads it.
const fs = require("node:fs");

/**
 * Without a pipe nothing is written.
 * @param {number | undefined} pipe
 */
exports.createLastWords = function createLastWords(pipe) {
  let open = pipe !== undefined;

  /** @param {string} line */
  function write(line) {
    if (pipe === undefined || !open) return;
    const bytes = Buffer.from(`${line}\n`);
    try {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(pipe, bytes, at);
    } catch {
      open = false; // nobody reads it any more
    }
  }

  return {
    /**
     * Writes down what is written to stdout or stderr.
     * @param {string} stream
     * @param {string} text
     */
    said: (stream, text) => write(JSON.stringify({ text: [stream, text] })),
    /** @param {readonly (string | Buffer)[]} parts header, parent, metadata and content, as they are sent */
    published: ([header, parent, , content]) => write(`{"header":${header},"parent":${parent},"content":${content}}`),
  };
};
