// A live run on a tiny model in a process of its own, to be watched, stopped (a line on its input) and killed:
// `node --import tsx test/support/live-run.ts STORE MILLISECONDS_A_STEP`.
import { arm } from "../../src/experiment/arms";
import { kernelRegistry } from "../../src/notebook/kernel-registry";
import { runLive } from "../../src/notebook/live-runs";
import { slowed, tinyProblem, tinySettings } from "./tiny-problem";

const [store, pause] = process.argv.slice(2);
const stop = new AbortController();
kernelRegistry().interrupt = () => stop.signal;
kernelRegistry().publish = () => undefined;
process.stdin.once("data", () => stop.abort());
const problem = slowed(await tinyProblem("bert"), Number(pause));
await runLive(problem, [arm("AdaZeta", tinySettings("bert", { steps: 40 }))], { seed: 0, evaluateEvery: 4, store });
process.exit(0);
