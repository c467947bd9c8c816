// A notebook whose tab is closed gives its kernel's memory back: an idle kernel that no other page shows is ended at once. One that still
// computes goes on and a notice says so; opened again, the notebook shows its run (cell-runs.js). Where nobody opens it, the server ends the
// kernel when it has been idle for a while (config/jupyter_server_config.json).

/** How long the page's own connections may take to close, and how often that is looked at. */
const PATIENCE_MS = 5000;
const LOOK_MS = 500;

export function endClosed(panel, { sessions, kernels }, Notification) {
  let session = null;
  const remember = () => {
    session = panel.sessionContext.session?.model ?? session;
  };
  panel.sessionContext.sessionChanged.connect(remember);
  panel.sessionContext.kernelChanged.connect(remember);
  remember();
  const { path } = panel.context;
  panel.disposed.connect(() => void leave());

  const leave = async () => {
    if (!session?.kernel) return;
    for (let waited = 0; waited <= PATIENCE_MS; waited += LOOK_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const { connections, execution_state: state } = (await stateOf(session.kernel.id)) ?? {};
      if (connections === undefined) return;
      if (connections > 0) continue;
      if (state === "busy") {
        const text = `${path}: a cell still runs. It goes on without its tab; open the notebook again to see it.`;
        return void Notification.info(text, { autoClose: 20_000 });
      }
      return sessions.shutdown(session.id).catch(() => undefined);
    }
  };

  /** What the server says of a kernel; null when it is gone. */
  const stateOf = async (id) => {
    await kernels.refreshRunning();
    return [...kernels.running()].find((kernel) => kernel.id === id) ?? null;
  };
}
