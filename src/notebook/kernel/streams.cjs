// What a cell writes to stdout and stderr, sent as it comes, but several quick writes as one message:
// JupyterLab's server drops messages above a rate, and a loop that prints a line at a time is above it.

const { setTimeout, clearTimeout } = globalThis; // as they are before cell-timers.cjs: text of a cell that was given up is shown too
const GATHER_MS = 20;
const writeToTerminal = process.stderr.write.bind(process.stderr);

/** A line for whoever runs the kernel: it goes to the process's own stderr, never under a cell. */
exports.log = (text) => writeToTerminal(`[kernel] ${text}\n`);

exports.captureStreams = function captureStreams(send) {
  let name;
  let text = "";
  let sentAt = 0;
  let timer;

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    if (text === "") return;
    const ready = text;
    text = "";
    sentAt = Date.now();
    send(name, ready);
  }

  const writer = (stream) => {
    const decoder = new TextDecoder();
    return (chunk, encoding, callback) => {
      if (stream !== name) flush();
      name = stream;
      text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
      // By the clock, not only by a timer: a loop that never yields shows its output too.
      if (Date.now() - sentAt >= GATHER_MS) flush();
      else timer ??= setTimeout(flush, GATHER_MS);
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") process.nextTick(done);
      return true;
    };
  };

  process.stdout.write = writer("stdout");
  process.stderr.write = writer("stderr");
  return { flush };
};
