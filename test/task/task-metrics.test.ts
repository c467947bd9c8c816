import { suite } from "uvu";
import * as assert from "uvu/assert";
import { choiceAccuracy, groupExactMatch } from "../../src/task/group-metrics";
import type { Example } from "../../src/task/task";
import { taskMetrics } from "../../src/task/task-metrics";
import { taskNamed } from "../../src/task/tasks";
import { throwsWith } from "../support/throws";

const test = suite("task/task-metrics");
const example = (label: number, more: Partial<Example> = {}): Example => ({
  fields: {},
  label,
  where: { file: "x", line: 1 },
  ...more,
});

test("CB: accuracy and macro F1 as worked", () => {
  // labels 0 0 1 2, predicted 0 1 1 1: F1 of class 0 is 2/3, of 1 2/4, of 2 0
  const metrics = taskMetrics(
    taskNamed("cb"),
    [0, 0, 1, 2].map((label) => example(label)),
    {
      kind: "classes",
      predictions: [0, 1, 1, 1],
    },
  );
  assert.equal(metrics, { accuracy: 0.5, "macro f1": (2 / 3 + 1 / 2 + 0) / 3 });
});

test("MultiRC: F1 over all answers at once, and questions of which every answer is right", () => {
  // two questions: 1 0 1 | 1 0; predicted 1 0 1 | 1 1: TP 3, FP 1, FN 0
  const groups = ["0/0", "0/0", "0/0", "0/1", "0/1"];
  const examples = [1, 0, 1, 1, 0].map((label, i) => example(label, { group: groups[i] }));
  const metrics = taskMetrics(taskNamed("multirc"), examples, { kind: "classes", predictions: [1, 0, 1, 1, 1] });
  assert.equal(metrics, { accuracy: 0.8, "answer f1": 6 / 7, "question exact match": 0.5 });
  assert.is(groupExactMatch([1, 0, 1], [1, 0, 0], ["a", "b", "a"]), 0.5, "members of a group need not be neighbours");
});

test("ReCoRD: a name counts when an answer spells it; token F1 and exact match over the answers", () => {
  const candidates = ["Benazir Bhutto", "Bilawal Bhutto Zardari", "CNN"];
  const examples = [1, 2].map((label) => example(label, { candidates, answers: [candidates[label]] }));
  const metrics = taskMetrics(taskNamed("record"), examples, { kind: "options", predictions: [0, 2] });
  // "benazir bhutto" against "bilawal bhutto zardari": 2 * 1 / (2 + 3)
  assert.equal(metrics, { accuracy: 0.5, "token f1": (2 / 5 + 1) / 2, "exact match": 0.5 });
  assert.is(choiceAccuracy([1, 0], [[0, 1], [2]]), 0.5);
});

test("COPA and SQuAD: accuracy of options, and F1 with exact match of texts", () => {
  const copa = taskMetrics(taskNamed("copa"), [example(1), example(0)], { kind: "options", predictions: [1, 1] });
  assert.equal(copa, { accuracy: 0.5 });
  const answered = [example(0, { answers: ["France", "in France"] })];
  const squad = taskMetrics(taskNamed("squad"), answered, { kind: "texts", texts: ["In France."] });
  assert.equal(squad, { "token f1": 1, "exact match": 1 });
});

test("CoLA has Matthews' correlation, QQP and MRPC F1", () => {
  const answers = { kind: "classes", predictions: [1, 0, 1, 1] } as const;
  const examples = [1, 1, 1, 0].map((label) => example(label));
  assert.equal(taskMetrics(taskNamed("cola"), examples, answers), { accuracy: 0.5, matthews: -1 / 3 });
  for (const name of ["qqp", "mrpc"])
    assert.equal(taskMetrics(taskNamed(name), examples, answers), { accuracy: 0.5, f1: 4 / 6 });
});

test("answers of another kind, too few and examples without a group are errors", () => {
  throwsWith(
    () => taskMetrics(taskNamed("squad"), [example(0)], { kind: "classes", predictions: [0] }),
    'answers of squad: expected options or texts, got "classes"',
  );
  throwsWith(
    () => taskMetrics(taskNamed("cb"), [], { kind: "classes", predictions: [0] }),
    "answers: expected length 0",
  );
  throwsWith(
    () => taskMetrics(taskNamed("multirc"), [example(0)], { kind: "classes", predictions: [0] }),
    "x line 1, group: expected a group",
  );
  throwsWith(() => groupExactMatch([], [], []), "labels: expected at least one example");
});

test.run();
