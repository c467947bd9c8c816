import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signalIfThere } from "../../src/disk/signal";
import { rayWorkers } from "../../src/cluster/ray-workers";
import type { OpenTransport } from "../../src/cluster/transport";
import { mezo } from "../../src/optimizer/recipes";
import { alone, decided, spreadMethod, watched } from "../support/cluster";
import { smallCluster, type SmallCluster } from "../../src/cluster/small-cluster";
import { runs } from "../support/processes";
import { rayPythonHere, withRay } from "../support/ray";
import { rejectsWith } from "../support/throws";
import { until } from "../support/until";

const test = suite("cluster/ray-workers");
const method = mezo({ queries: 4, learningRate: 2e-3, perturbationScale: 1e-2 });
const steps = 12;
const order = { method, pauseMs: 20, steps };
const command = [process.execPath, "--import", "tsx", "test/support/analytic-worker.ts"];

/** Three machines with a core each; started by the first test that needs it, ended with the last. */
let cluster: SmallCluster | null = null;
const theCluster = async (): Promise<SmallCluster> => (cluster ??= await smallCluster([1, 1, 1], rayPythonHere));
test.after(async () => cluster?.close());

/** Workers on the cluster; tells of each that comes up. */
async function workers(
  count: number,
  onUp: (worker: string, pid: number) => void = () => undefined,
): Promise<OpenTransport> {
  const { address } = await theCluster();
  return watched(rayWorkers({ address, count, cores: 1, command, python: rayPythonHere }), { onUp });
}

/** Does something before a step, once. */
function before(at: Readonly<Record<number, () => void | Promise<void>>>) {
  const done = new Set<number>();
  return {
    batchAt: async (step: number) => {
      if (!done.has(step) && step > 0) {
        done.add(step);
        await at[step]?.();
      }
      return step;
    },
  };
}

const same = async (spread: Awaited<ReturnType<typeof spreadMethod>>): Promise<void> =>
  assert.equal(decided(spread.result), decided(await alone(method, steps)));

withRay(
  test,
  "a machine that is killed in mid-step takes no query along; another one that is added takes its place",
  async () => {
    const ups: string[] = [];
    const pids: number[] = [];
    const transport = await workers(3, (worker, pid) => (ups.push(worker), pids.push(pid)));
    let asked = 0;
    const spread = await spreadMethod(method, transport, {
      order,
      count: 3,
      changes: before({
        // In the step: its queries are out when the machine goes.
        3: () => void setTimeout(() => void cluster!.kill(2).then(() => asked++), 10),
        6: async () => {
          await until("the machine is killed", () => asked === 1);
          const begin = performance.now();
          await cluster!.add(1);
          await until("a worker is on the new machine", () => ups.length === 4);
          console.log(`a new machine had its worker after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
        },
      }),
    });
    await same(spread);
    assert.is(new Set(ups).size, 3);
    assert.ok(
      spread.told.some((line) => line.includes("is gone")),
      spread.told.join("\n"),
    );
    assert.is(spread.counts.own, 0, "two workers went on");
    await until("all workers have ended", () => !pids.some(runs));
  },
);

withRay(test, "a bridge that is killed is started again; a frozen worker is replaced after its limit", async () => {
  const ups: number[] = [];
  const transport = await workers(2, (_, pid) => ups.push(pid));
  const spread = await spreadMethod(method, transport, {
    order,
    count: 2,
    limitMs: 3000,
    openLimitMs: 5000,
    changes: before({
      3: () => void setTimeout(() => spawnSync("pkill", ["-KILL", "-P", String(process.pid), "-f", "bridge.py"]), 10),
      6: () => until("two workers on a new bridge", () => ups.length === 4),
      8: () => void setTimeout(() => signalIfThere(ups[3]!, "SIGSTOP"), 10),
      11: () => until("a worker in place of the frozen one", () => ups.length === 5),
    }),
  });
  await same(spread);
  const told = spread.told.join("\n");
  assert.match(told, "the bridge to Ray was ended by SIGKILL");
  // On a busy machine it may still be opening the run, which has the longer limit.
  assert.match(told, /has not answered in [35] s: it is replaced/);
  await until("all workers have ended", () => !ups.some(runs));
});

withRay(test, "an address without a Ray, and a program that is no worker, are told before any work", async () => {
  const nowhere = rayWorkers({ address: "127.0.0.1:1", count: 1, cores: 1, command, python: rayPythonHere });
  await rejectsWith(spreadMethod(method, nowhere, { count: 1 }), "127.0.0.1:1: expected a Ray cluster, got");
});

test.run();
