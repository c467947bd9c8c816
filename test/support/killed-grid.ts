// A grid of runs in a process of its own, to be killed: `node --import tsx test/support/killed-grid.ts FOLDER`.
import { runSmallGrid } from "./analytic-grid";

await runSmallGrid(process.argv[2], { onProgress: ({ state }) => void process.stdout.write(`${state}\n`) }, 4);
