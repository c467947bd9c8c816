// Stop: the first SIGINT asks the running cell to end by itself (its AbortSignal is aborted);
// a second one, or two seconds later, abandons it: it ends with an error, though code that never looks at the signal goes on.

exports.createInterrupts = function createInterrupts(abandon, graceMs = 2000) {
  let controller = new AbortController();
  let running = false;
  let timer;
  return {
    /** The AbortSignal of the current cell. */
    signal: () => controller.signal,
    begin() {
      controller = new AbortController();
      running = true;
    },
    end() {
      running = false;
      clearTimeout(timer);
    },
    wasInterrupted: () => controller.signal.aborted,
    onSignal() {
      if (!running) return;
      if (controller.signal.aborted) return abandon();
      const error = new Error("the cell was stopped");
      error.name = "Interrupted";
      controller.abort(error);
      timer = setTimeout(abandon, graceMs);
    },
  };
};
