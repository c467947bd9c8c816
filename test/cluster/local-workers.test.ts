import { spawn } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signalIfThere } from "../../src/disk/signal";
import { localWorkers } from "../../src/cluster/local-workers";
import type { OpenTransport } from "../../src/cluster/transport";
import { mezo } from "../../src/optimizer/recipes";
import { alone, decided, spreadMethod } from "../support/cluster";
import { runs } from "../support/processes";
import { rejectsWith } from "../support/throws";
import { until } from "../support/until";

const test = suite("cluster/local-workers");
const command = [process.execPath, "--import", "tsx", "test/support/analytic-worker.ts"];
const method = mezo({ queries: 4, learningRate: 2e-3, perturbationScale: 1e-2 });
const order = { method, pauseMs: 30, steps: 20 };

/** Tells the process numbers of workers as they come. */
function watched(transport: OpenTransport, onUp: (pid: number, nth: number) => void): OpenTransport {
  let nth = 0;
  return (hearing) =>
    transport({
      ...hearing,
      up: (worker, place) => {
        hearing.up(worker, place);
        onUp(Number(place.replace("process ", "")), nth++);
      },
    });
}

test("processes that are killed in mid-step are started again, and nothing is lost", async () => {
  const transport = watched(localWorkers({ count: 2, command, restartMs: 20 }), (pid, nth) => {
    if (nth < 3) setTimeout(() => signalIfThere(pid, "SIGKILL"), 300 + 150 * nth);
  });
  const { result, told, counts } = await spreadMethod(method, transport, { order, count: 2 });
  assert.equal(decided(result), decided(await alone(method, order.steps)));
  assert.ok(
    told.some((line) => line.includes("is gone: it was ended by SIGKILL")),
    told.join("\n"),
  );
  assert.ok(counts.remote > 0);
});

test("a frozen process is replaced after its limit", async () => {
  const transport = watched(localWorkers({ count: 2, command, restartMs: 20 }), (pid, nth) => {
    if (nth === 0) setTimeout(() => signalIfThere(pid, "SIGSTOP"), 200);
  });
  const { result, told } = await spreadMethod(method, transport, { order, count: 2, limitMs: 2500 });
  assert.equal(decided(result), decided(await alone(method, order.steps)));
  assert.ok(
    told.some((line) => line.includes("has not answered in 3 s: it is replaced")),
    told.join("\n"),
  );
});

test("a program that does not start, or that is no worker, is told before any work", async () => {
  const nowhere = localWorkers({ count: 2, command: ["no-such-program"], restartMs: 1 });
  await rejectsWith(spreadMethod(method, nowhere, { count: 1 }), "expected a worker, got spawn no-such-program ENOENT");
  const ends = localWorkers({ count: 1, command: [process.execPath, "-e", "process.exit(3)"], restartMs: 1 });
  await rejectsWith(spreadMethod(method, ends, { count: 1 }), "got it ended with status 3");
});

test("workers end when their coordinator is killed", async () => {
  const coordinator = spawn(process.execPath, ["--import", "tsx", "test/support/coordinator.ts"], { stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
  const pids: number[] = [];
  await new Promise<void>((resolve) =>
    coordinator.stdout.on("data", (chunk: Buffer) => {
      pids.push(...String(chunk).trim().split("\n").map(Number));
      if (pids.length === 2) resolve();
    }),
  );
  coordinator.kill("SIGKILL");
  await until("the workers end", () => !pids.some(runs));
});

test.run();
