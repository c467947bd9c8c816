// A training run in a process of its own, to be killed: `node --import tsx test/support/killed-run.ts FILE [DELAY_MS]`.
import { trainInFile } from "../../src/train/train-in-file";
import { killableRun } from "./killable-run";

const [path, delay = "0"] = process.argv.slice(2);
await trainInFile({ ...killableRun(Number(delay)), path, snapshotEvery: 7 }, (event) => {
  if (event.kind === "step") process.stdout.write(`${event.record.step}\n`);
});
