import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runMaker } from "../../src/cluster/run-maker";
import { readRunReply, writeRunMessage, type RunRequest } from "../../src/cluster/run-messages";
import { claimTrajectory } from "../../src/train/claim";
import { cells, smallCell } from "../support/analytic-grid";
import { scratch } from "../support/scratch";

const test = suite("cluster/run-maker");
const files = scratch();
test.after(() => files.remove());

const [cell, other] = [cells[0]!, cells[1]!];
const forgotten: string[] = [];
const maker = (delayMs = 0, patienceMs = 60_000) => {
  const answer = runMaker({
    cellOf: (order) => cells.find(({ key }) => key === order) ?? null,
    fingerprint: async () => ({ code: "1", absent: undefined }),
    runCell: smallCell(delayMs),
    partialPath: (key) => files.file(`${key}.jsonl`),
    forget: (key) => void forgotten.push(key),
    machine: "here",
    date: () => "2026-01-01T00:00:00.000Z",
    patienceMs,
  });
  return async (request: RunRequest) => readRunReply((await answer(writeRunMessage(request)))!)!;
};
const note = { commit: "0123abc", machine: "there", command: "test", startedAt: "2026-01-01T00:00:00.000Z" };
const make = (run: string, changes = {}): RunRequest => ({ kind: "make", ticket: 1, run, order: run, fingerprint: { code: "1" }, note, forMs: 5, ...changes }); // prettier-ignore
const watch = (run: string, stop = false, forMs = 20_000): RunRequest => ({ kind: "watch", ticket: 2, run, forMs, stop }); // prettier-ignore

test("a run is begun, said to be running, and ends in its record; then it is forgotten", async () => {
  const ask = maker(3);
  const first = await ask(make(cell.key));
  assert.equal([first.kind, first.ticket, first.run], ["running", 1, cell.key]);
  const last = await ask(watch(cell.key));
  if (last.kind !== "ended") return assert.unreachable(last.kind);
  const record = JSON.parse(last.line) as Readonly<Record<string, unknown>>;
  assert.equal([record["key"], record["machine"], record["command"]], [cell.key, "here", "test"]);
  assert.is((await ask(watch(cell.key))).kind, "ended", "an answer that was lost is given again");
  await ask({ kind: "forget", ticket: 3, run: cell.key });
  assert.equal(forgotten, [cell.key]);
  assert.is((await ask(watch(cell.key))).kind, "unknown");
});

test("a stop ends the run after its step, and it goes on when it is asked for again", async () => {
  const ask = maker(10);
  await ask(make(other.key, { forMs: 60 }));
  assert.is((await ask(watch(other.key, true))).kind, "stopped");
  const again = maker();
  const { kind } = await again(make(other.key, { forMs: 20_000 }));
  assert.is(kind, "ended");
});

test("one that was given away ends before the next begins", async () => {
  const ask = maker(10);
  await ask(make(cells[2]!.key, { forMs: 40 }));
  assert.is((await ask(make(cells[3]!.key, { forMs: 20_000 }))).kind, "ended");
  assert.is((await ask(watch(cells[2]!.key))).kind, "unknown");
});

test("another run than the coordinator's is refused, saying what differs", async () => {
  const ask = maker();
  const unknown = await ask(make("0000000000000000"));
  assert.equal(unknown.kind === "refused" && unknown.differing, ["run: this machine's code plans no such run"]);
  const code = await ask(make(cell.key, { fingerprint: { code: "2" } }));
  assert.equal(code.kind === "refused" && code.differing, ['run.code: recorded "2", now "1"']);
});

test("a trajectory that another still writes is waited for, and not for ever", async () => {
  const held = claimTrajectory(files.file(`${cells[4]!.key}.jsonl`));
  const failed = await maker(0, 0)(make(cells[4]!.key, { forMs: 20_000 }));
  assert.match(failed.kind === "failed" ? failed.message : failed.kind, "nothing else works on it");
  const ask = maker();
  assert.is((await ask(make(cells[4]!.key))).kind, "running");
  held.release();
  assert.is((await ask(watch(cells[4]!.key))).kind, "ended");
});

test("what is no request has no answer, and a wrong field is named", async () => {
  const answer = runMaker({ cellOf: () => null, fingerprint: async () => ({}), runCell: smallCell(0), partialPath: String, forget: () => undefined, machine: "", date: () => "" }); // prettier-ignore
  for (const line of ["", "{}", "rubbish", '{"adazeta":1,"kind":']) assert.is(await answer(line), null);
  const wrong = async (changes: object) => readRunReply((await answer(writeRunMessage({ ...make(cell.key), ...changes } as RunRequest)))!); // prettier-ignore
  const messages: Readonly<Record<string, object>> = {
    'request: kind: expected "make", "watch" or "forget"': { kind: "eval" },
    "request: run: expected the key of a run": { run: "../../secret" },
    "request: forMs": { forMs: -1 },
    "request: note: expected an origin": { note: null },
    "request: fingerprint: expected an object": { fingerprint: "x" },
    "request: ticket": { ticket: 0.5 },
  };
  for (const [message, changes] of Object.entries(messages)) {
    const reply = await wrong(changes);
    assert.match(reply?.kind === "failed" ? reply.message : "", message);
  }
});

test.run();
