import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkSpread } from "../../src/cluster/spread";
import { isExact } from "../../src/optimizer/method";
import { mezo, recipes } from "../../src/optimizer/recipes";
import { eggroll } from "../../src/optimizer/recipes/eggroll";
import { composedMethods } from "../support/composed-methods";
import { alone, decided, nearWorkers, orderedRun, spreadMethod } from "../support/cluster";
import { matrices } from "../support/method-problems";
import { formsOf, rowsOf } from "../support/method-runs";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("cluster/crew");

const methods = [...rowsOf(recipes), ...rowsOf(composedMethods)].flatMap((row) =>
  formsOf(row, matrices.layout)
    .slice(1)
    .map(({ what, method }) => ({ name: `${row.name}, ${what}`, method })),
);

for (const { name, method } of methods)
  if (isExact(method))
    test(`${name}: a whole gradient is refused before any work`, async () => {
      throwsWith(() => checkSpread(method), "method.probe: expected losses or directional derivatives");
      await rejectsWith(spreadMethod(method, nearWorkers(1)), "method.probe: expected losses");
    });
  else
    test(`${name}: the same run with 1, 2 and 7 workers`, async () => {
      const expected = decided(await alone(method));
      for (const workers of [1, 2, 7]) {
        const { result, counts, told } = await spreadMethod(method, nearWorkers(workers), { count: workers });
        assert.equal(decided(result), expected);
        assert.equal([counts.own, told], [0, []], `${workers} workers`);
        assert.ok(counts.remote > 0);
      }
    });

test("a metric, and members that are compared on each text, are refused before any work", async () => {
  const { settings } = orderedRun({ method: mezo(), steps: 1 });
  const changes = { settings: { ...settings, objective: { kind: "metric", metric: "accuracy" } } } as const;
  await rejectsWith(spreadMethod(mezo(), nearWorkers(1), { changes }), "objective: expected the task's loss");
  throwsWith(() => checkSpread(eggroll({ groups: "z-score" })), "method.rounds.groups: expected none");
});

const four = mezo({ queries: 4, learningRate: 2e-3, perturbationScale: 1e-2 });

test("workers that were there before the run open it when it begins", async () => {
  const { result, counts, told } = await spreadMethod(four, nearWorkers(2), { count: 2, early: true });
  assert.equal(decided(result), decided(await alone(four)));
  assert.equal([counts.own, told], [0, []]);
});

test("workers that die in mid-step lose no query, and are asked again when they come back", async () => {
  const expected = decided(await alone(four));
  for (const every of [2, 3, 5]) {
    const { result, told, counts } = await spreadMethod(four, nearWorkers(3, (reply, { nth }) => (nth > 3 && nth % every === 0 ? "dies" : [reply])), { count: 3 }); // prettier-ignore
    assert.equal(decided(result), expected);
    assert.ok(told.some((line) => line.includes("is gone: the test ends it")));
    assert.ok(counts.lost > 0 && counts.remote > 0);
  }
});

test("with no worker left the coordinator computes itself, and says so", async () => {
  const { result, told, counts } = await spreadMethod(
    four,
    nearWorkers(2, (reply, { nth }) => (nth > 5 ? "dies" : [reply]), null),
    { count: 2 },
  );
  assert.equal(decided(result), decided(await alone(four)));
  assert.ok(told.includes("no worker is there: the numbers are computed here until one comes"), told.join("\n"));
  assert.ok(counts.own > 0 && counts.remote > 0);
});

test("without any worker at all the run is the same", async () => {
  const { result, counts } = await spreadMethod(four, nearWorkers(0), { count: 0 });
  assert.equal(decided(result), decided(await alone(four)));
  assert.is(counts.remote, 0);
});

test("late and double answers, rubbish, half lines and answers to other questions count for nothing", async () => {
  const expected = decided(await alone(four));
  let last = "";
  const strange: readonly ((reply: string) => readonly string[])[] = [
    (reply) => [reply, reply],
    (reply) => ["rubbish", reply],
    (reply) => [reply.slice(0, reply.length / 2), reply],
    (reply) => [last, reply],
    (reply) => ['{"adazeta":1,"kind":"answer","ticket":-1}', '{"adazeta":1,', '{"kind":"answer"}', reply],
    (reply) => [reply.replace(/"step":\d+/, '"step":99')],
    (reply) => [reply.replace(/"answers":\[.*?\]\]/, '"answers":[[1]]')],
    (reply) => [reply.replace(/"answers":\[\[[^\]]*\]/, '"answers":[["no number"]'), reply],
    (reply) => [reply.replace(/"run":"\w+"/, '"run":"another"'), reply],
  ];
  const { result, counts } = await spreadMethod(
    four,
    nearWorkers(3, (reply, { nth }) => {
      const said = nth < 6 ? [reply] : strange[nth % strange.length](reply);
      last = reply;
      return said;
    }),
    { count: 3 },
  );
  assert.equal(decided(result), expected);
  assert.ok(counts.dropped > 5, `${counts.dropped} dropped`);
});

test("a worker that says nothing is replaced after its limit, and its queries are given away", async () => {
  const { result, told, counts } = await spreadMethod(
    four,
    nearWorkers(2, (reply, { nth }) => (nth === 6 || nth === 11 ? [] : [reply])),
    { count: 2, limitMs: 600 },
  );
  assert.equal(decided(result), decided(await alone(four)));
  assert.ok(
    told.some((line) => line.includes("has not answered in")),
    told.join("\n"),
  );
  assert.is(counts.lost, 2);
});

test("a worker that always fails is given up, and its message is told", async () => {
  const failing = (reply: string): readonly string[] => {
    const { ticket, run, kind } = JSON.parse(reply) as { ticket: number; run: string; kind: string };
    return kind === "opened"
      ? [reply]
      : [`{"adazeta":1,"kind":"failed","ticket":${ticket},"run":"${run}","message":"out of room"}`];
  };
  const { result, told } = await spreadMethod(four, nearWorkers(2, (reply, { worker }) => (worker === 0 ? failing(reply) : [reply])), { count: 2 }); // prettier-ignore
  assert.equal(decided(result), decided(await alone(four)));
  assert.ok(
    told.some((line) => line.includes("failed 3 times and is not asked again: out of room")),
    told.join("\n"),
  );
});

test("a worker that would work on another run is refused with what differs", async () => {
  const other = { method: { ...four, learningRate: { kind: "constant", value: 1 } }, model: "another" };
  const { result, told, counts } = await spreadMethod(four, nearWorkers(2), { order: other, count: 0 });
  assert.equal(decided(result), decided(await alone(four)));
  assert.is(counts.remote, 0);
  const refusal = told.find((line) => line.includes("is refused"));
  assert.match(refusal ?? told.join("\n"), 'run.model: recorded "matrices", now "another"');
});

test("a worker with another arithmetic is told with how far apart it is; one too far apart is refused", async () => {
  const shifted = (by: number) =>
    nearWorkers(1, (reply) => {
      const found = JSON.parse(reply) as { kind: string; loss: number };
      return found.kind === "opened" ? [JSON.stringify({ ...found, loss: found.loss * (1 + by) })] : [reply];
    });
  const near = await spreadMethod(four, shifted(1e-7));
  assert.match(near.told.join("\n"), "computes with another arithmetic: the same loss differs by 1.0e-7 of it");
  assert.ok(near.counts.remote > 0);
  const far = await spreadMethod(four, shifted(1e-2), { count: 0 });
  assert.match(far.told.join("\n"), "is refused, it computes with another arithmetic");
  assert.is(far.counts.remote, 0);
});

test("losses that are no numbers, infinite or -0 arrive as they are", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const { result } = await spreadMethod(
      four,
      nearWorkers(2, (reply) => [reply.includes('"step":2,') ? reply.replace(/\[\[[^\]]*\]/, `[["${value}"]`) : reply]),
      { count: 2 },
    );
    assert.is(result.end.reason, "not-finite");
    assert.is(result.end.step, 2);
  }
});

test("two coordinators beside each other do not disturb each other", async () => {
  const others = mezo({ queries: 3, learningRate: 1e-3, perturbationScale: 1e-2 });
  const [a, b] = await Promise.all([spreadMethod(four, nearWorkers(2)), spreadMethod(others, nearWorkers(2))]);
  assert.equal([decided(a!.result), decided(b!.result)], [decided(await alone(four)), decided(await alone(others))]);
});

test.run();
