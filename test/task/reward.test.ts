import { suite } from "uvu";
import * as assert from "uvu/assert";
import { NotMeasured } from "../../src/estimator/objective";
import { squad } from "../../src/task/defs/squad";
import { sst2 } from "../../src/task/defs/sst2";
import { isReward, ownReward, rewardSpec, rewardsOf, writtenFor } from "../../src/task/reward";
import type { RewardDefinition, RewardFunction } from "../../src/task/reward";
import type { Task } from "../../src/task/task";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("task/reward");
const asked = (answer: string, row = {}) => ({ prompt: "Say it:", answer, row });
const made = (reward: RewardFunction, more: Partial<RewardDefinition> = {}) =>
  ownReward({ name: "own", reward, ...more });

test("a function's numbers, promised or not, in the answers' order", async () => {
  const answers = ["one", "", "three"].map((answer) => asked(answer));
  assert.equal(
    await rewardsOf(
      made(({ answer }) => answer.length),
      answers,
    ),
    [3, 0, 5],
  );
  const slow = made(
    ({ answer }) => new Promise((resolve) => setTimeout(() => resolve(answer.length), 20 - 4 * answer.length)),
  );
  assert.equal(await rewardsOf(slow, answers), [3, 0, 5]);
});

test("what fails ends the run by name, or has the chosen score", async () => {
  const failing: readonly (readonly [RewardFunction, string])[] = [
    [() => { throw new Error("no dictionary"); }, "no dictionary"], // prettier-ignore
    [() => Promise.reject(new Error("no network")), "no network"],
    [() => "good" as never, 'value: expected a finite number, got "good"'],
    [() => NaN, "value: expected a finite number, got NaN"],
    [() => Promise.resolve(Infinity), "value: expected a finite number, got Infinity"],
    [() => undefined as never, "value: expected a finite number, got undefined"],
    [() => null as never, "value: expected a finite number, got null"],
    [() => new Promise(() => undefined), "expected within 20 ms, got nothing"],
  ];
  for (const [reward, why] of failing) {
    const stops = rewardsOf(made(reward, { timeLimit: 20 }), [asked("it")]);
    await rejectsWith(stops, why);
    await stops.catch((error: unknown) => {
      assert.instance(error, NotMeasured);
      assert.match((error as Error).message, 'reward "own" of the answer "it" to "Say it:"');
    });
    assert.equal(await rewardsOf(made(reward, { timeLimit: 20, onError: -1 }), [asked("it")]), [-1]);
  }
});

test("one failing answer does not leave the others' failures unheard", async () => {
  const all = ["a", "b", "c"].map((answer) => asked(answer));
  await rejectsWith(
    rewardsOf(
      made(() => Promise.reject(new Error("no"))),
      all,
    ),
    "no",
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("what a function writes into its row reaches nobody", async () => {
  const row = { word: "tea", answers: ["tea"] };
  const greedy = made(({ row: own }) => {
    const before = (own["answers"] as string[]).length;
    (own["answers"] as string[]).push("coffee");
    (own as Record<string, unknown>)["word"] = "coffee";
    return before;
  });
  assert.equal(await rewardsOf(greedy, [asked("a", row), asked("b", row)]), [1, 1]);
  assert.equal(row, { word: "tea", answers: ["tea"] });
});

test("a record has all of it but the function, whose text has a hash", () => {
  const first = made(() => 1);
  const { source, ...rest } = rewardSpec(first);
  assert.equal(rest, {
    kind: "reward",
    name: "own",
    writing: { newTokens: 32, stop: "\n", temperature: 0, samples: 1 },
    timeLimit: 10_000,
    onError: "stop",
  });
  assert.match(source, /^[0-9a-f]{16}$/);
  assert.is(rewardSpec(made(() => 1)).source, source);
  assert.is.not(rewardSpec(made(() => 2)).source, source);
  assert.equal([isReward(first), isReward(JSON.parse(JSON.stringify(first))), isReward("accuracy")], [true, false, false]); // prettier-ignore
});

test("where a definition leaves it open, an answer ends as its task's own do", () => {
  const ends = (changes: Partial<RewardDefinition>, task: Task): readonly unknown[] => {
    const { newTokens, stop } = writtenFor(
      made(() => 1, changes),
      task,
    ).writing;
    return [newTokens, stop];
  };
  assert.equal(ends({}, squad), [squad.newTokens, squad.stop]);
  assert.equal(ends({ newTokens: 5 }, { ...squad, stop: "." }), [5, "."]);
  assert.equal(ends({ stop: null }, squad), [squad.newTokens, null]);
  assert.equal(ends({ stop: '"', newTokens: 3 }, squad), [3, '"']);
  assert.equal(ends({ newTokens: 5 }, sst2), [5, "\n"]);
  const drawn = made(() => 1, { temperature: 1, samples: 2 });
  const asked = writtenFor(drawn, squad);
  assert.equal(asked.writing, { newTokens: squad.newTokens, stop: squad.stop, temperature: 1, samples: 2 });
  assert.equal([isReward(asked), rewardSpec(asked).source], [true, rewardSpec(drawn).source]);
});

test("settings that make no sense are refused by name", () => {
  const wrong: readonly (readonly [Partial<RewardDefinition>, string | RegExp])[] = [
    [{ name: "" }, "reward.name"],
    [{ reward: "short" as never }, "reward.reward: expected a function"],
    [{ newTokens: 0 }, "reward.newTokens"],
    [{ stop: "" }, "reward.stop"],
    [{ temperature: -1 }, "reward.temperature"],
    [{ temperature: NaN }, "reward.temperature"],
    [{ samples: 2 }, "reward.samples: expected 1 at temperature 0"],
    [{ timeLimit: 0 }, "reward.timeLimit"],
    [{ timeLimit: Infinity }, "reward.timeLimit"],
    [{ onError: NaN }, "reward.onError"],
    [{ onError: "skip" as never }, "reward.onError"],
    [{ temprature: 1 } as never, /^reward: expected the options name, .*; nearest: temperature, got "temprature"/],
  ];
  for (const [changes, message] of wrong) throwsWith(() => made(() => 0, changes), message);
  for (const none of [undefined, null, () => 1])
    throwsWith(() => ownReward(none as never), "reward: expected an object of options, name, reward");
});

test.run();
