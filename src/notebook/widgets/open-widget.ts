import { onCommOpened, openComm } from "../comm";
import { kernelRegistry } from "../kernel-registry";
import type { CommMessage } from "../kernel-registry";

export type WidgetState = Readonly<Record<string, unknown>>;

/** The classes that draw a widget in the page: its model and its view, and the modules that have them. */
export interface WidgetClass {
  readonly model: string;
  readonly view: string;
  readonly module: string;
  readonly version: string;
  /** The view's module and its version where it is another one. */
  readonly viewModule?: string;
  readonly viewVersion?: string;
}

export interface WidgetHandlers {
  /** The front end changed these fields; what it may not have so is answered as it stands, and shown so. */
  readonly onUpdate?: (changed: WidgetState) => WidgetState | undefined;
  /** A message that is no change of state, for example a button's click. */
  readonly onCustom?: (content: WidgetState) => void;
}

/** A widget that the front end can draw, and draws again after a reload. */
export interface OpenWidget {
  readonly id: string;
  /** How another widget's state names it, as its child for example. */
  readonly reference: string;
  /** Changes fields here and in every page that shows it. */
  set(changed: WidgetState): void;
  close(): void;
}

/** Version of the widget messages that are spoken. */
const PROTOCOL = "2.1.0";

/**
 * Opens a widget of the front end's widget manager: a comm named "jupyter.widget" that carries the widget's state. Fields travel as
 * they are; the front end's changes come to `onUpdate` and are echoed, so that all pages agree.
 * For example `const slider = openWidget(floatSliderClass, { value: 0.3, min: 0, max: 1 }, { onUpdate: ({ value }) => console.log(value) })`.
 * Source: ipywidgets, packages/schema/messages.md (widget messaging protocol, version 2).
 */
export function openWidget(kind: WidgetClass, initial: WidgetState, handlers: WidgetHandlers = {}): OpenWidget {
  answerReloadedPages();
  const { widgets, comms } = kernelRegistry();
  let state: WidgetState = {
    _model_name: kind.model,
    _model_module: kind.module,
    _model_module_version: kind.version,
    _view_name: kind.view,
    _view_module: kind.viewModule ?? kind.module,
    _view_module_version: kind.viewVersion ?? kind.version,
    ...initial,
  };
  const receive = (message: CommMessage): void => {
    const { method, state: changed, content } = message.data;
    if (method === "update" && isRecord(changed)) {
      state = { ...state, ...changed };
      comm.send({ method: "echo_update", state: changed, buffer_paths: [] }, { inReplyTo: message });
      const corrected = handlers.onUpdate?.(changed);
      if (corrected !== undefined) set(corrected);
    } else if (method === "request_state")
      comm.send({ method: "update", state, buffer_paths: [] }, { inReplyTo: message });
    else if (method === "custom" && isRecord(content)) handlers.onCustom?.(content);
  };
  const comm = openComm(
    "jupyter.widget",
    { state, buffer_paths: [] },
    { metadata: { version: PROTOCOL }, onMessage: receive, onClose: () => void widgets.delete(comm.id) },
  );
  const set = (changed: WidgetState): void => {
    state = { ...state, ...changed };
    comm.send({ method: "update", state: changed, buffer_paths: [] });
  };
  const close = (): void => {
    widgets.delete(comm.id);
    comm.close();
  };
  if (comms !== undefined) widgets.set(comm.id, { state: () => state, cell: comms.cell(), close });
  return {
    id: comm.id,
    reference: `IPY_MODEL_${comm.id}`,
    set,
    close,
  };
}

/** Closes the widgets that an earlier run of the cell showed which runs now. */
export function closeReplaced(): void {
  const { widgets, comms } = kernelRegistry();
  const now = comms?.cell();
  if (now?.id === undefined) return;
  for (const { cell, close } of [...widgets.values()]) if (cell.id === now.id && cell.run !== now.run) close();
}

/** A page that is loaded while the kernel lives opens this comm and asks for every widget's state. */
function answerReloadedPages(): void {
  onCommOpened("jupyter.widget.control", (comm) => ({
    onMessage(message) {
      if (message.data["method"] !== "request_states") return;
      const states = Object.fromEntries(
        [...kernelRegistry().widgets].map(([id, { state }]) => {
          const now = state();
          const names = { model_name: now["_model_name"], model_module: now["_model_module"] };
          return [id, { ...names, model_module_version: now["_model_module_version"], state: now }];
        }),
      );
      comm.send({ method: "update_states", states, buffer_paths: [] }, { inReplyTo: message });
    },
  }));
}

function isRecord(value: unknown): value is WidgetState {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
