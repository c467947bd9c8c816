import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dropping } from "../../src/adapter/dropping";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { runFingerprint } from "../../src/cluster/run-fingerprint";
import { keepFactors } from "../../src/engine/keep-factors";
import { referenceSession } from "../../src/engine/reference/session";
import { onnxSession } from "../../src/engine/onnx/session";
import { arm } from "../../src/experiment/arms";
import { droppedBatches } from "../../src/experiment/dropped-batches";
import { armOptions } from "../../src/experiment/run-arm";
import { train } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("experiment/dropped-batches");
const files = scratch();
test.after(() => files.remove());

const how = { seed: 5, evaluateEvery: 4, stopMargin: null } as const;

test("a run with parts dropped says so in its settings, and one that was stopped goes on to the bits of one that was not", async () => {
  const problem = await tinyProblem("bert");
  const chosen = arm("AdaZeta", tinySettings("bert"));
  const adapter = dropping(makeAdapter(chosen.adapter, problem.loaded.model));
  const session = await onnxSession(problem.loaded.model, adapter, { threads: 1, cacheDirectory: files.file("cache") });
  const made = (p?: number) => ({
    ...armOptions(chosen, problem, adapter, session, { ...how, dropping: p }),
    clock: () => 0,
  });
  const options = made(0.5);
  const whole = await train(options);
  const path = files.file("run.jsonl");
  const stop = new AbortController();
  await trainInFile({ ...options, path, signal: stop.signal }, (event) =>
    event.kind === "step" && event.record.step === 2 ? stop.abort() : undefined,
  );
  const resumed = await trainInFile({ ...options, path });
  assert.equal(resumed.point, whole.point);
  assert.is(JSON.parse(readFileSync(path, "utf8").split("\n")[0]!).settings.dropping, 0.5);
  assert.not.equal((await train(made())).point, whole.point);
  assert.equal((await train(made(0))).point, (await train(made())).point);
  assert.is(runFingerprint(options, null)["dropping"], 0.5);
  assert.not("dropping" in runFingerprint(made(), null));
  await session.dispose();
});

test("each step has its factors, whatever was asked before; the batch itself is as it was", () => {
  const batch = { input: { ids: [[5, 6]] }, labels: [1] };
  const adapter = { drops: ["a", "b", "c"], spec: { kind: "none" } } as const;
  const at = droppedBatches(() => batch, adapter, 0.5, 7);
  assert.equal(at(3), { input: { ids: [[5, 6]], keep: keepFactors(["a", "b", "c"], 0.5, 7, 3) }, labels: [1] });
  at(9);
  assert.equal(at(3).input, { ids: [[5, 6]], keep: keepFactors(["a", "b", "c"], 0.5, 7, 3) } as object);
  assert.equal(batch, { input: { ids: [[5, 6]] }, labels: [1] });
});

test("an adapter that drops nothing, a probability that is none and a batch without tokens are refused", async () => {
  const problem = await tinyProblem("bert");
  const chosen = arm("AdaZeta", tinySettings("bert"));
  const adapter = makeAdapter(chosen.adapter, problem.loaded.model);
  const session = referenceSession(problem.loaded.model, adapter);
  throwsWith(
    () => armOptions(chosen, problem, adapter, session, { ...how, dropping: 0.2 }),
    'dropping: expected a session of an adapter made with `dropping(adapter)`, got "tensor-train"',
  );
  throwsWith(
    () => armOptions(chosen, problem, dropping(adapter), session, { ...how, dropping: 1 }),
    "dropping: expected a number from 0 to below 1, got 1",
  );
  throwsWith(
    () => droppedBatches(() => "a text", dropping(adapter), 0.2, 0)(0),
    "dropping: expected a loss of batches of tokens",
  );
});

test.run();
