/**
 * Makes the run of a settings file, without a notebook.
 *   npm run tune -- my-run.json
 *   npm run tune -- --init [FILE]
 * Ends with status 0 when it did all that was asked, 130 when it was stopped and kept, 1 when something did not work, 2 when it was not asked right.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { fail } from "../check/check";
import { describeFields } from "../check/fields";
import { writeWhole } from "../disk/whole-file";
import { formatRate } from "../table/number";
import { commandLine } from "./command-line";
import { kernelRegistry } from "./kernel-registry";
import { exampleRunFile } from "./tune/example";
import { readRunFile, runFields } from "./tune/run-file";
import { terminalBar } from "./tune/terminal-bar";
import { proposeForFile, tune } from "./tune/tune";

const usage = `usage: npm run tune -- FILE [--tensorboard DIR] [--again] [--continue-changed]
       npm run tune -- FILE --find-rate
       npm run tune -- --init [FILE]
       npm run tune -- --fields
FILE holds a run's settings: JSON, with comments. --init writes one that runs as it is (my-run.json); --fields lists what it may hold.
Ctrl-C keeps the run, the same command goes on. --find-rate looks at ten steps and proposes a learning rate.
--tensorboard DIR writes event files for TensorBoard; --again runs it anew; --continue-changed goes on although the project's files have changed.`;

async function main(words: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      init: { type: "boolean", default: false },
      fields: { type: "boolean", default: false },
      "find-rate": { type: "boolean", default: false },
      tensorboard: { type: "string" },
      again: { type: "boolean", default: false },
      "continue-changed": { type: "boolean", default: false },
    },
  });
  const [path] = positionals;
  if (values.fields) {
    console.log(describeFields(runFields).join("\n"));
    return 0;
  }
  if (positionals.length > 1 || (path === undefined && !values.init)) {
    console.error(usage);
    return 2;
  }
  if (values.init) {
    const made = path ?? "my-run.json";
    if (existsSync(made)) fail("--init", "a name that is free", made);
    writeWhole(made, exampleRunFile());
    console.log(`${made} is written; npm run tune -- ${made} makes its run`);
    return 0;
  }
  const file = readRunFile(path!);
  const stop = stopByKeys();
  if (values["find-rate"]) {
    const { rate, why, forwardPasses } = await proposeForFile(file);
    console.log(
      `${rate === null ? "no learning rate is proposed" : `learning rate ${formatRate(rate)}`}: ${why} (${forwardPasses} forward passes)`,
    );
    return rate === null ? 1 : 0;
  }
  const bar = terminalBar(file.name ?? path!, process.stdout, () => performance.now());
  const { stopped, failed } = await tune(file, {
    tell: (line) => bar.line(line),
    progress: (state) => bar.update(state),
    signal: stop,
    tensorboard: values.tensorboard,
    recompute: values.again,
    continueChanged: values["continue-changed"],
  }).finally(() => bar.finish());
  for (const line of failed) console.error(line);
  return stopped ? 130 : failed.length > 0 ? 1 : 0;
}

/** A signal that Ctrl-C aborts; downloads and everything else that looks at the cell's signal end by it too. */
function stopByKeys(): AbortSignal {
  const stop = new AbortController();
  kernelRegistry().interrupt = () => stop.signal;
  process.once("SIGINT", () => {
    console.error("\nstopping after the current step; the same command goes on (Ctrl-C again ends at once)");
    process.once("SIGINT", () => process.exit(130));
    stop.abort();
  });
  return stop.signal;
}

commandLine({ usage, main });
