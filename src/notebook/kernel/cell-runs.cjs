// What each cell of a notebook has shown in its last run, kept until a page has saved it: a page that is loaded during a run, or after a
// run that no page saw, asks for it (jupyter/labextensions/plotly-mime/static/cell-runs.js) and goes on from there. Of front ends that do
// not name their cells nothing is kept.

/** The last runs that are kept, and how many letters of one stream. */
const KEPT_RUNS = 200;
const KEPT_LETTERS = 1_000_000;

/** The messages that say what a cell has shown. */
const KINDS = new Set(["execute_input", "stream", "display_data", "execute_result", "error", "status"]);

/** Where a page asks. */
exports.TARGET = "adazeta.runs";

exports.createCellRuns = function createCellRuns() {
  /** By cell; the order is that of their runs. */
  const runs = new Map();
  const asked = (parent) => (parent?.header?.msg_type === "execute_request" ? parent.metadata?.cellId : undefined);

  const begin = (cell, parent, { code, execution_count: count }) => {
    runs.delete(cell);
    const { msg_id: run, session } = parent.header;
    runs.set(cell, { cell, run, session, code, count, over: false, outputs: [] });
    if (runs.size > KEPT_RUNS) runs.delete(runs.keys().next().value);
  };

  const addStream = (outputs, { name, text }) => {
    const last = outputs.at(-1);
    if (last?.output_type !== "stream" || last.name !== name) outputs.push({ output_type: "stream", name, text });
    else last.text = (last.text + text).slice(-KEPT_LETTERS);
  };

  /** An output shown again under its name changes wherever it is. */
  const change = ({ transient, ...content }) => {
    for (const { outputs } of runs.values())
      for (const output of outputs)
        if (output.transient !== undefined && output.transient.display_id === transient?.display_id)
          Object.assign(output, content);
  };

  return {
    /** What goes along with a message: other pages learn which cell begins to run. */
    beside: (type, parent) =>
      type === "execute_input" && asked(parent) !== undefined ? { cellId: asked(parent) } : {},
    /** Hears of a message that goes to every page; `contentOf()` is what was sent. */
    hear(type, contentOf, parent) {
      if (type === "update_display_data") return change(contentOf());
      const cell = asked(parent);
      if (cell === undefined || !KINDS.has(type)) return;
      if (type === "execute_input") return begin(cell, parent, contentOf());
      const entry = runs.get(cell);
      if (entry?.run !== parent.header.msg_id) return;
      const content = contentOf();
      if (type === "stream") addStream(entry.outputs, content);
      else if (type === "status") entry.over ||= content.execution_state === "idle";
      else entry.outputs.push({ output_type: type, ...content });
    },
    /** The comm of a page: one answer with all that was shown; later the page names the runs that have ended and are saved. */
    answer(comm, message) {
      comm.send({ runs: [...runs.values()] }, { inReplyTo: message });
      const onMessage = ({ data: { saved } }) => {
        for (const [cell, { run, over }] of [...runs]) if (over && saved?.includes(run)) runs.delete(cell);
      };
      return { onMessage };
    },
  };
};
