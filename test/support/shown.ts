import { kernelRegistry, type DisplayContent } from "../../src/notebook/kernel-registry";

/** What a cell would have shown: outputs and printed lines, with the Stop button. */
export interface Shown {
  readonly outputs: { readonly content: DisplayContent; readonly update: boolean }[];
  readonly lines: string[];
  /** Called with the plain text of each output as it comes. */
  readonly hear: ((text: string) => void)[];
  /** Presses Stop. */
  stop(): void;
  /** Ends the cell: what waits is shown, and the next cell has a fresh signal. */
  end(): void;
  /** The plain text of the newest state of every output, in the order in which they were first shown. */
  texts(): readonly string[];
}

/** Runs a body as a cell of a notebook, with the kernel's registry and console.log captured; sessions it opened stay open. */
export async function asCell<T>(body: (cell: Shown) => Promise<T> | T): Promise<Shown & { readonly value: T }> {
  const registry = kernelRegistry();
  const { log } = console;
  const interrupted = registry.interrupt;
  const controller = new AbortController();
  const outputs: Shown["outputs"] = [];
  const lines: string[] = [];
  const cell: Shown = {
    outputs,
    lines,
    hear: [],
    stop: () => controller.abort(),
    end: () => [...registry.flushes].forEach((flush) => flush()),
    texts: () => {
      const newest = new Map(outputs.map(({ content }) => [content.transient.display_id, content.data["text/plain"]]));
      return [...newest.values()].map(String);
    },
  };
  registry.publish = (content, update) => {
    outputs.push({ content, update });
    for (const hear of cell.hear) hear(String(content.data["text/plain"]));
  };
  registry.interrupt = () => controller.signal;
  console.log = (...words: unknown[]) => void lines.push(words.map(String).join(" "));
  try {
    const value = await body(cell);
    return { ...cell, value };
  } finally {
    cell.end();
    console.log = log;
    registry.interrupt = interrupted;
    registry.publish = undefined;
  }
}

/** Closes every session that cells have opened. */
export async function closeSessions(): Promise<void> {
  const { open } = kernelRegistry();
  for (const { value } of open.values()) await (await value).dispose();
  open.clear();
}
