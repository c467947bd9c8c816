// A grid of runs in a process of its own, to be killed: `node --import tsx test/support/killed-grid.ts FOLDER [remake]`.
import { remakeSmallGrid, runSmallGrid } from "./analytic-grid";

const run = process.argv[3] === "remake" ? remakeSmallGrid : runSmallGrid;
await run(process.argv[2], { onProgress: ({ state }) => void process.stdout.write(`${state}\n`) }, 4);
