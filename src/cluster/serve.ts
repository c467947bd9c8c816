import type { Readable, Writable } from "node:stream";
import { MARK } from "./messages";
import { lineSplitter } from "./line-splitter";

/** The line by which a worker says that it is there. */
export const HELLO = `${MARK}"kind":"hello"}`;

/**
 * Answers the lines of a stream on another one, in order, until it ends; says `HELLO` first. Nothing else may write to `output`.
 * @param answer gives the reply to a line, null where it is no request: a `worker`'s, or a `runMaker`'s
 * @returns when `input` has ended, or nobody reads `output` any more
 */
export function serve(
  answer: (line: string) => Promise<string | null>,
  input: Readable,
  output: Writable,
): Promise<void> {
  return new Promise((resolve) => {
    let before: Promise<void> = Promise.resolve();
    const split = lineSplitter((line) => {
      before = before.then(async () => {
        const reply = await answer(line);
        if (reply !== null) output.write(`${reply}\n`);
      });
    });
    output.on("error", () => resolve());
    input.setEncoding("utf8").on("data", split);
    input.on("end", () => resolve());
    input.on("error", () => resolve());
    output.write(`${HELLO}\n`);
  });
}
