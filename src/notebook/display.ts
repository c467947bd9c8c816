import { randomUUID } from "node:crypto";
import { kernelRegistry } from "./kernel-registry";

/** One output in several representations; the front end draws the richest it knows. */
export type MimeBundle = Readonly<Record<string, unknown>>;

export interface DisplayHandle {
  /** Replaces the output in place. */
  update(bundle: MimeBundle): void;
}

/** Marks a value that has shown itself already: as the last expression of a cell it is not printed again. */
export const shown: unique symbol = Symbol.for("adazeta.shown") as never;

const NO_KERNEL = "display: expected a running notebook kernel, got a plain Node process (a cell has one, in JupyterLab or by npm run notebook -- FILE.ipynb)"; // prettier-ignore

/**
 * Shows an output under the current cell; the handle replaces it in place, also from later cells.
 * For example `const output = display({ "text/plain": "0 %" }); output.update({ "text/plain": "50 %" })`.
 * @throws outside a notebook kernel
 */
export function display(bundle: MimeBundle): DisplayHandle {
  const id = randomUUID();
  const send = (data: MimeBundle, update: boolean): void => {
    const { publish } = kernelRegistry();
    if (publish === undefined) throw new Error(NO_KERNEL);
    publish({ data, metadata: {}, transient: { display_id: id } }, update);
  };
  send(bundle, false);
  return { update: (data) => send(data, true) };
}
