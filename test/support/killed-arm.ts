// An arm on the ONNX engine in a process of its own, to be killed: `node --import tsx test/support/killed-arm.ts FILE DELAY_MS`.
import { trainInFile } from "../../src/train/train-in-file";
import { tinyRun } from "./tiny-run";

const [path, delay] = process.argv.slice(2);
const { options, session } = await tinyRun("AdaZeta");
const batchAt = async (step: number) => {
  await new Promise((resolve) => setTimeout(resolve, Number(delay)));
  return options.batchAt(step);
};
await trainInFile({ ...options, batchAt, path, snapshotEvery: 4 }, (event) => {
  if (event.kind === "step") process.stdout.write(`${event.record.step}\n`);
});
await session.dispose();
