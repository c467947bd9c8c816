import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openCrew } from "../../src/cluster/crew";
import { localWorkers } from "../../src/cluster/local-workers";
import { orderOpener } from "../../src/cluster/open-order";
import { spreadRun } from "../../src/cluster/spread";
import { describeCounts } from "../../src/cluster/describe-counts";
import { arm } from "../../src/experiment/arms";
import { decidingFiles } from "../../src/experiment/deciding-files";
import { runOpener } from "../../src/experiment/open-run";
import { keepFactors } from "../../src/engine/keep-factors";
import type { TokenBatch } from "../../src/engine/session";
import { openModel, openTask } from "../../src/notebook/open";
import { WORKER } from "../../src/notebook/worker-crew";
import { train } from "../../src/train/train";
import { decided } from "../support/cluster";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";
import { rejectsWith } from "../support/throws";
import { studySettings } from "../../src/experiment/divergence";

const test = suite("cluster/open-order");
const withMinilm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));
const opener = runOpener({ openModel: (name) => openModel(name), openTask: (name) => openTask(name, { hub: "off" }) });
test.after(() => opener.dispose());

const settings = studySettings("minilm-trec", 3e-3, { steps: 4, alpha: 1 });
const chosen = arm("AdaZeta", settings);
const order = {
  model: "minilm",
  task: "trec",
  problem: { seed: 0, train: 32, dev: 16, test: 16, maxTokens: 32, shots: 4, batchSize: 8 },
  arm: { ...chosen, batchSize: 8, method: { ...chosen.method, queries: { kind: "constant", value: 5 } } as const },
  seed: 1,
  threads: 1,
};

test("an order that lacks something, or brings a function's name along, is refused", async () => {
  const open = orderOpener(opener);
  await rejectsWith(open(null), "order: expected an object");
  await rejectsWith(open({ ...order, model: 5 }), "order.model: expected a name");
  await rejectsWith(open({ ...order, arm: null }), "order.arm: expected an object");
  await rejectsWith(open({ ...order, seed: "x" }), "order.seed: expected a whole number");
  const own = { kind: "own", name: "mine", settings: {}, passes: { once: 0, perQuery: 2 }, source: "process.exit(7)" };
  const method = { ...order.arm.method, probe: own };
  await rejectsWith(open({ ...order, arm: { ...order.arm, method } }), "workers run no code that they are sent");
});

withMinilm(test, "AdaZeta on MiniLM: two processes that open the run by its order give the bits of one", async () => {
  const { evaluate, ...options } = (await orderOpener(opener)(order)) as Parameters<typeof train>[0];
  const run = { ...options, evaluate, clock: () => performance.now() };
  const expected = await train(run);
  const told: string[] = [];
  const crew = openCrew({ transport: localWorkers({ count: 2, command: WORKER }), tell: (line) => told.push(line), clock: run.clock }); // prettier-ignore
  try {
    const spread = await spreadRun(run, crew, { order, sources: decidingFiles() });
    assert.is(await crew.ready(2, 120_000), 2, told.join("\n"));
    assert.equal(decided(await train(spread)), decided(expected));
    const counts = crew.counts();
    assert.equal([counts.own, counts.machines.length, told], [0, 1, []]);
    assert.ok(counts.remote === 40, describeCounts(counts));
    // Another number of threads is another session: refused, and the run goes on without.
    const other = await spreadRun(run, crew, { order: { ...order, threads: 2 }, sources: decidingFiles() });
    await crew.ready(1, 20_000);
    assert.equal(decided(await train(other)), decided(expected));
    assert.match(told.join("\n"), "run.model: recorded");
  } finally {
    await crew.close();
  }
});

withMinilm(
  test,
  "an arm that drops: a process that opens it by its order has the same factors, step by step",
  async () => {
    const dropped = { ...order, arm: { ...order.arm, dropping: 0.5, budget: { kind: "steps", steps: 2 } as const } };
    const { evaluate, ...options } = (await orderOpener(opener)(dropped)) as Parameters<typeof train>[0];
    assert.is(options.settings.dropping, 0.5);
    const keepAt = async (step: number) =>
      ((await options.batchAt(step)) as { readonly input: TokenBatch }).input.keep!;
    const sites = [...(await keepAt(0)).keys()];
    assert.equal(await keepAt(1), keepFactors(sites, 0.5, order.seed, 1));
    const run = { ...options, evaluate, clock: () => performance.now() };
    const expected = await train(run);
    const told: string[] = [];
    const crew = openCrew({ transport: localWorkers({ count: 1, command: WORKER }), tell: (line) => told.push(line), clock: run.clock }); // prettier-ignore
    try {
      const spread = await spreadRun(run, crew, { order: dropped, sources: decidingFiles() });
      assert.is(await crew.ready(1, 120_000), 1, told.join("\n"));
      assert.equal(decided(await train(spread)), decided(expected));
      assert.equal([crew.counts().own, crew.counts().remote, told], [0, 20, []]);
    } finally {
      await crew.close();
    }
  },
);

test.run();
