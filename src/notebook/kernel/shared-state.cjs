// What the main thread and the control thread share, as places of one Int32Array: it can be read while the other thread does not come round.

/** Whether the compiler works: 1, or 0. */
exports.COMPILING = 0;
/** The number of the cell that runs, or 0. */
exports.CELL = 1;
/** Whether the control thread has closed its sockets: 1, or 0. */
exports.CLOSED = 2;

exports.newState = () => new Int32Array(new SharedArrayBuffer(12));
