// Cells whose run this page did not begin: it was loaded again meanwhile, or another page runs them. JupyterLab shows nothing of them; the
// kernel knows what they have shown (src/notebook/kernel/cell-runs.cjs), and what they show from then on reaches every page.
const TARGET = "adazeta.runs";
const VIEW = "application/vnd.jupyter.widget-view+json";

/** The output of a message, as a notebook's file has it. */
function outputOf(content) {
  const output = { ...content };
  delete output.transient;
  return output;
}

/** A cell of the page under its run: takes its messages in order, as JupyterLab takes those of its own runs. */
function followed(model) {
  const places = new Map(); // display id -> the places of its outputs
  const add = (output) => {
    const id = output.transient?.display_id;
    model.outputs.add(outputOf(output));
    if (id !== undefined) places.set(id, [...(places.get(id) ?? []), model.outputs.length - 1]);
  };
  return {
    begin(count, outputs, over) {
      // As CodeCell.execute begins: a run of the user's own makes its outputs trusted.
      model.clearExecution();
      for (const output of outputs) add(output);
      if (over) model.executionCount = count;
      else model.executionState = "running";
    },
    show: (type, content) => add({ ...content, output_type: type }),
    change(content) {
      for (const at of places.get(content.transient?.display_id) ?? [])
        model.outputs.set(at, outputOf({ ...content, output_type: "display_data" }));
    },
    end: (count) => void (model.executionCount = count),
  };
}

/** Keeps the cells of a notebook's page true to the kernel. */
export function followRuns(panel) {
  const runs = new Map(); // id of the request -> its cell and count
  const cellNamed = (id) =>
    [...(panel.content.model?.cells ?? [])].find((cell) => cell.id === id && cell.type === "code");

  const adopt = ({ cell: id, run, session, code, count, over, outputs }, kernel) => {
    const model = cellNamed(id);
    if (session === kernel.clientId || runs.has(run) || model === undefined) return;
    // What has ended is shown where the page does not have it: the notebook was not saved since.
    const stale = over && (model.sharedModel.getSource() !== code || model.executionCount === count);
    if (stale) return;
    const cell = followed(model);
    runs.set(run, { cell, count });
    cell.begin(count, outputs, over);
  };

  const ended = new Set();
  const hear = (kernel, { header, parent_header: parent, content, metadata }) => {
    const { msg_type: type } = header;
    if (type === "update_display_data") for (const { cell } of runs.values()) cell.change(content);
    if (type === "status" && content.execution_state === "idle" && parent.msg_type === "execute_request")
      ended.add(parent.msg_id);
    if (type === "display_data" && VIEW in content.data) saveSoon();
    if (parent.session === kernel.clientId || parent.msg_id === undefined) return;
    if (type === "execute_input" && metadata.cellId !== undefined) {
      const { code, execution_count: count } = content;
      const { msg_id: run, session } = parent;
      return adopt({ cell: metadata.cellId, run, session, code, count, over: false, outputs: [] }, kernel);
    }
    const followedRun = runs.get(parent.msg_id);
    if (followedRun === undefined) return;
    const { cell, count } = followedRun;
    if (["stream", "display_data", "execute_result", "error"].includes(type)) cell.show(type, content);
    if (type === "status" && content.execution_state === "idle") cell.end(count);
  };

  // A run that goes on without its page finds its cell again only in a notebook that has it.
  const { context } = panel;
  // Before it saves JupyterLab compares the file with what it knows of it. A save on its way has written what JupyterLab does not know yet:
  // it would ask who has changed the file. So one waits for the other.
  const save = context.save.bind(context);
  let lastSave = Promise.resolve();
  context.save = (...how) => {
    const next = lastSave.then(() => save(...how));
    lastSave = next.catch(() => undefined);
    return next;
  };
  const saveSoon = () => {
    if (context.model.dirty && context.contentsModel?.writable !== false && !context.model.readOnly)
      context.save().catch(() => undefined);
  };
  let comm;
  let saving = [];
  context.saveState.connect((_context, state) => {
    if (state === "started") saving = [...ended];
    if (state !== "completed" || saving.length === 0) return;
    comm?.send({ saved: saving });
    for (const run of saving) ended.delete(run);
  });

  let listening;
  const ask = async () => {
    await context.ready;
    const kernel = panel.sessionContext.session?.kernel;
    if (!kernel || kernel.connectionStatus !== "connected" || panel.isDisposed) return;
    if (listening !== kernel) kernel.iopubMessage.connect(hear);
    listening = kernel;
    comm = kernel.createComm(TARGET);
    comm.onMsg = ({ content }) => {
      for (const run of content.data.runs) adopt(run, kernel);
    };
    comm.open();
  };
  panel.sessionContext.kernelChanged.connect(() => void ask());
  panel.sessionContext.connectionStatusChanged.connect((_context, status) => void (status === "connected" && ask()));
  void ask();
}
