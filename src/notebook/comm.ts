import { kernelRegistry, type Comm, type CommOptions, type OpenedComm } from "./kernel-registry";

/** What a comm is outside a kernel: nothing is sent and nothing comes. */
const nowhere = (id: string, target: string): Comm => ({
  id,
  target,
  isOpen: () => false,
  send: () => undefined,
  close: () => undefined,
});

/**
 * Opens a comm to the front end: a channel of JSON and binary buffers in both directions, alive also while a cell runs and after it.
 * Outside a kernel nothing is sent and nothing comes. Without a front end messages are sent and nothing comes.
 * For example `const comm = openComm("jupyter.widget", { state }, { onMessage: ({ data }) => console.log(data) }); comm.send({ method: "update", state })`.
 * @param target the name under which the front end takes comms, for example "jupyter.widget"
 * Source: Jupyter messaging protocol 5.3, "Custom Messages"
 */
export function openComm(target: string, data: object, options: CommOptions = {}): Comm {
  return kernelRegistry().comms?.open(target, data, options) ?? nowhere(options.id ?? "", target);
}

/**
 * Takes the comms that the front end opens under a name; one handler per name, the newest counts.
 * For example `onCommOpened("jupyter.widget.control", (comm) => ({ onMessage: ({ data }) => comm.send(answer(data)) }))`.
 */
export function onCommOpened(target: string, handler: OpenedComm): void {
  kernelRegistry().comms?.onOpened(target, handler);
}

/** Gives the comms that are open now, in the order in which they were opened. */
export function openComms(): readonly Comm[] {
  return kernelRegistry().comms?.list() ?? [];
}
