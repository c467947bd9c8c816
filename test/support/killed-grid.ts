// A grid of runs in a process of its own, to be killed: `node --import tsx test/support/killed-grid.ts FOLDER [remake | PART/PARTS]`.
import { parseShare } from "../../src/experiment/share";
import { remakeSmallGrid, runPartOfSmallGrid, runSmallGrid } from "./analytic-grid";

const [folder, what] = process.argv.slice(2);
const told = { onProgress: ({ state }: { readonly state: string }) => void process.stdout.write(`${state}\n`) };
if (what === "remake") await remakeSmallGrid(folder, told, 4);
else if (!(what ?? "").includes("/")) await runSmallGrid(folder, told, 4);
else await runPartOfSmallGrid(folder, parseShare(what!), told, 4);
