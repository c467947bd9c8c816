// Prints how long one import of src takes in this process, in milliseconds.
const started = performance.now();
await import("../../src/index");
console.log(performance.now() - started);
process.exit(0);
