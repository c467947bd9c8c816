import { suite } from "uvu";
import { chat } from "../../src/notebook/chat";
import { bestOnDev } from "../../src/notebook/choose";
import { keptRuns } from "../../src/notebook/kept-runs";
import type { LiveRun } from "../../src/notebook/live-runs";
import { runLive } from "../../src/notebook/live-runs";
import { askLlamaCpp } from "../../src/notebook/llama-cpp";
import { openModel, openProblem, openTask } from "../../src/notebook/open";
import { proposeRate } from "../../src/notebook/propose-rate";
import { pushToHub } from "../../src/notebook/push-to-hub";
import { saveRunAsPeft } from "../../src/notebook/save-peft";
import { showTable } from "../../src/notebook/table-display";
import { mergeRun, saveRunAsGguf, saveRunAsOnnx } from "../../src/notebook/take-along";
import { scheduleExplorer } from "../../src/notebook/widgets/schedule-explorer";
import { tableOf } from "../../src/table/rows";
import { chatTask } from "../../src/task/chat-task";
import { tableTask } from "../../src/task/own-table";
import { rejectsWith } from "../support/throws";
import { tinyLoaded, tinyOptions, tinyProblem, tinyTexts } from "../support/tiny-problem";

const test = suite("notebook/misspelt-options");

/** Options that were written apart from their call: there the compiler lets an unknown name through. */
const misspelt = <Options>(name: string, more: Readonly<Record<string, unknown>> = {}): Options =>
  ({ ...more, [name]: 1 }) as Options;

test("a cell's misspelt option is named with the nearest one that there is, before anything is opened or written", async () => {
  const loaded = tinyLoaded("bert");
  const texts = await tinyTexts("bert");
  const problem = await tinyProblem("bert");
  const none = {} as LiveRun; // never reached
  const arm = { ...misspelt<object>("droping"), name: "mine" } as never;
  const cases: readonly (readonly [call: () => unknown, says: string])[] = [
    [() => openModel("minilm", misspelt("revison")), 'openModel: expected the options revision, gguf, on; nearest: revision, got "revison"'], // prettier-ignore
    [() => openTask("trec", misspelt("varient")), "nearest: variant"],
    [() => openProblem(loaded, texts, misspelt("maxToken", { ...tinyOptions })), "nearest: maxTokens"],
    [() => openProblem(loaded, texts, { ...tinyOptions, readout: "prob" as never }), 'readout: expected "prototypes" or "probe" or "calibrated" or "captions"; nearest: probe, got "prob"'], // prettier-ignore
    [() => openProblem(loaded, texts, { ...tinyOptions, readout: null as never }), "readout: expected"],
    [() => openProblem(loaded, texts, { ...tinyOptions, protocol: "fewshot" as never }), "nearest: few-shot"],
    [() => openProblem(loaded, texts, { ...tinyOptions, beginning: "droped" as never }), "nearest: dropped"],
    [() => runLive(problem, [], misspelt("evaluteEvery", { seed: 0 })), "nearest: evaluateEvery"],
    [() => runLive(problem, [arm], { seed: 0 }), "nearest: dropping"],
    [() => tableTask(misspelt("labels", { file: "data/samples/messages.csv" })), 'nearest: label, got "labels"'],
    [() => chatTask(misspelt("testfile", { file: "data/samples/kitchen.jsonl" })), "nearest: testFile"],
    [() => chat(loaded, "Hello?", misspelt("newToken")), "nearest: newTokens"],
    [() => pushToHub("data/samples", "me/mine", misspelt("privat")), "nearest: private"],
    [() => saveRunAsPeft(problem, none, "data/runs/none", misspelt("tst")), "nearest: test"],
    [() => saveRunAsGguf(problem, none, "data/runs/none.gguf", misspelt("replce")), "nearest: replace"],
    [() => saveRunAsOnnx(problem, none, "data/runs/none", misspelt("replaced")), "nearest: replace"],
    [() => keptRuns(misspelt("problm")), "nearest: problem"],
    [() => bestOnDev([none], misspelt("bye")), "nearest: by"],
    [() => proposeRate(problem, none.arm, misspelt("step", { seed: 0 })), "nearest: steps"],
    [() => askLlamaCpp(loaded, [], misspelt("newToken")), "nearest: newTokens"],
    [() => scheduleExplorer(misspelt("batchsize")), "nearest: batchSize"],
    [() => showTable(tableOf([{ seed: 0 }]), misspelt("captions")), "nearest: caption"],
    [() => mergeRun(problem, none, "data/runs/none", misspelt("scores")), "nearest: score"],
  ];
  for (const [call, says] of cases) await rejectsWith((async () => call())(), says);
});

test.run();
