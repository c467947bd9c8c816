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

/** @typedef {{ output_type: string, name?: string, text?: string, transient?: { display_id?: string } }} Output */
/** @typedef {{ cell: string, run: string, session: string, code: string, count: number, over: boolean, outputs: Output[] }} Run */

exports.createCellRuns = function createCellRuns() {
  /** @type {Map<string, Run>} by cell; the order is that of their runs */
  const runs = new Map();
  /**
   * The cell that a message belongs to, where its request names it.
   * @param {import("./protocol.cjs").Named & { metadata?: { cellId?: string } | null } | undefined} parent
   */
  const asked = (parent) => (parent?.header?.msg_type === "execute_request" ? parent.metadata?.cellId : undefined);

  /**
   * @param {string} cell
   * @param {import("./protocol.cjs").Named} parent
   * @param {{ code: string, execution_count: number }} content
   */
  const begin = (cell, parent, { code, execution_count: count }) => {
    runs.delete(cell);
    if (parent === undefined) return;
    const { msg_id: run, session } = parent.header;
    runs.set(cell, { cell, run, session, code, count, over: false, outputs: [] });
    const [oldest = cell] = runs.keys();
    if (runs.size > KEPT_RUNS) runs.delete(oldest);
  };

  /**
   * @param {Output[]} outputs
   * @param {{ name: string, text: string }} content
   */
  const addStream = (outputs, { name, text }) => {
    const last = outputs.at(-1);
    if (last?.output_type !== "stream" || last.name !== name) outputs.push({ output_type: "stream", name, text });
    else last.text = ((last.text ?? "") + text).slice(-KEPT_LETTERS);
  };

  /**
   * An output shown again under its name changes wherever it is.
   * @param {{ transient?: { display_id?: string } }} content
   */
  const change = ({ transient, ...content }) => {
    for (const { outputs } of runs.values())
      for (const output of outputs)
        if (output.transient !== undefined && output.transient.display_id === transient?.display_id)
          Object.assign(output, content);
  };

  /** @type {import("./protocol.cjs").Listener & { answer: import("../kernel-registry").OpenedComm }} */
  const made = {
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
      if (entry === undefined || entry.run !== parent?.header.msg_id) return;
      const content = contentOf();
      if (type === "stream") addStream(entry.outputs, content);
      else if (type === "status") entry.over ||= content.execution_state === "idle";
      else entry.outputs.push({ output_type: type, ...content });
    },
    /** The comm of a page: one answer with all that was shown; later the page names the runs that have ended and are saved. */
    answer(comm, message) {
      comm.send({ runs: [...runs.values()] }, { inReplyTo: message });
      /** @param {import("./protocol.cjs").Anything} message */
      const onMessage = ({ data: { saved } }) => {
        for (const [cell, { run, over }] of [...runs]) if (over && saved?.includes(run)) runs.delete(cell);
      };
      return { onMessage };
    },
  };
  return made;
};
