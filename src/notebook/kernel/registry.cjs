// The one global object of the process: what a cell's code and the kernel share. Its type is in ../kernel-registry.ts.
// A symbol, because tslab evaluates a module again for each import and so no module variable is shared.

/**
 * @param {import("./protocol.cjs").Interrupts} interrupts
 * @param {{ settled(withinMs: number): Promise<void> }} timers
 * @returns {import("./protocol.cjs").OwnRegistry}
 */
exports.installRegistry = function installRegistry(interrupts, timers) {
  /** @type {import("./protocol.cjs").OwnRegistry} */
  const registry = {
    interrupt: () => interrupts.signal(),
    publish: undefined,
    bundleOf: undefined,
    settled: timers.settled,
    comms: undefined,
    flushes: new Set(),
    open: new Map(),
    widgets: new Map(),
    async disposeAll() {
      const entries = [...this.open.values()];
      this.open.clear();
      await Promise.allSettled(entries.map(async ({ value }) => (await value).dispose()));
    },
  };
  Object.defineProperty(globalThis, Symbol.for("adazeta.kernel"), { value: registry });
  return registry;
};
