import { messageOf } from "../check/error-words";
import type { Walked } from "../train/replay";
import { readReply, wireAnswer, wireStep, writeRequest } from "./messages";
import type { Answer, Reply } from "./messages";
import type { RunFingerprint } from "./run-fingerprint";
import type { OpenTransport } from "./transport";
import { fingerprintData } from "../train/fingerprint";

/** A run that a crew works on. */
export interface CrewRun {
  readonly order: unknown;
  readonly fingerprint: RunFingerprint;
  /** The loss of the first batch at the start, as the coordinator computes it. */
  readonly loss: number;
}

export interface CrewOptions {
  readonly transport: OpenTransport;
  /** Hears of workers that come, go, are refused or late, a line each. */
  readonly tell: (line: string) => void;
  /** Milliseconds after which a worker that has not answered is replaced and its queries are given away; default two minutes. */
  readonly limitMs?: number;
  /** The same for opening a run, which may fetch a model; default ten minutes. */
  readonly openLimitMs?: number;
  /** Milliseconds from any origin. */
  readonly clock: () => number;
}

/** What a crew did, counted. */
export interface CrewCounts {
  /** Bytes of lines to workers, and from them. */
  readonly sent: number;
  readonly received: number;
  /** Requests that were answered. */
  readonly asks: number;
  /** Steps of which some numbers came from workers. */
  readonly steps: number;
  /** Numbers that workers computed, and that the coordinator had to. */
  readonly remote: number;
  readonly own: number;
  /** Lines that were no answer to anything asked: late, double, or rubbish. */
  readonly dropped: number;
  /** Workers that were lost or replaced while they had something to do. */
  readonly lost: number;
  /** Milliseconds that workers computed, and that their answers took besides. */
  readonly computing: number;
  readonly waiting: number;
  /** Where workers ran, each once. */
  readonly machines: readonly string[];
}

/** Numbers of one step that do not depend on each other. */
export interface Block {
  readonly so: Walked;
  /** What earlier blocks of the step answered. */
  readonly known: readonly Answer[];
  /** How many numbers each query has, from `known.length` on. */
  readonly queries: readonly number[];
}

/** Workers that compute a run's numbers. */
export interface Crew {
  /** Begins with a run; what was asked for another is forgotten. */
  begin(run: CrewRun): void;
  /** Begins with the numbers of a block; those of the block before are forgotten. */
  ask(block: Block): void;
  /** Gives an answer of the block; null: it is not there. */
  answerOf(number: number): Answer | null;
  /** Resolves when all of these are there, or when no worker is left that could compute what is not. */
  wait(numbers: readonly number[]): Promise<"there" | "alone">;
  /** Puts in what the coordinator computed itself. */
  settle(number: number, answer: Answer): void;
  /**
   * Resolves when so many workers are ready, or all were refused, or after some milliseconds; to how many there are.
   * @throws when none was ever there and none will come, saying why
   */
  ready(count: number, patienceMs: number): Promise<number>;
  counts(): CrewCounts;
  close(): Promise<void>;
}

interface Seat {
  readonly id: string;
  place: string;
  /** Steps of the run that it has; -1: it has not opened it. */
  has: number;
  state: "idle" | "opening" | "ready" | "asked" | "refused" | "gone";
  /** What it was asked last, and when. */
  ticket: number;
  since: number;
  numbers: readonly number[];
  /** Which block that was of. */
  asked: Block | null;
  /** How many steps it was thought to have then. */
  from: number;
  /** Times that it failed to do what it was asked. */
  failures: number;
}

/** How far a worker's loss may be from the coordinator's, of it: single precision summed in another order differs by 1e-6 or less. */
const TOLERANCE = 1e-4;
/** Failures in a row after which a worker is not asked again. */
const FAILURES = 3;
const LIMIT_MS = 120_000;
const OPEN_LIMIT_MS = 600_000;

/**
 * Opens a crew of workers. Queries are spread over those that are ready; a worker that dies, fails or is late loses its queries to others; the first
 * answer to a query counts, every other is dropped. All numbers of a step are the same whoever computes them.
 */
export function openCrew({
  transport,
  tell,
  limitMs = LIMIT_MS,
  openLimitMs = OPEN_LIMIT_MS,
  clock,
}: CrewOptions): Crew {
  const seats = new Map<string, Seat>();
  const machines = new Set<string>();
  const counts = {
    sent: 0,
    received: 0,
    asks: 0,
    steps: 0,
    remote: 0,
    own: 0,
    dropped: 0,
    lost: 0,
    computing: 0,
    waiting: 0,
  };
  let run: (CrewRun & { readonly name: string }) | null = null;
  let block: Block | null = null;
  let lastStep = -1;
  /** Queries of the block that nobody works on: their numbers. */
  let open: (readonly number[])[] = [];
  let answers = new Map<number, Answer>();
  let tickets = 0;
  let closed = false;
  let waiters: (() => void)[] = [];
  let aloneTold = false;
  let failed: string | null = null;

  const wake = (): void => {
    const all = waiters;
    waiters = [];
    for (const waiter of all) waiter();
  };
  const active = (): readonly Seat[] =>
    [...seats.values()].filter(({ state }) => state === "ready" || state === "asked");

  const send = (seat: Seat, request: Parameters<typeof writeRequest>[0]): void => {
    const line = writeRequest(request);
    counts.sent += Buffer.byteLength(line) + 1;
    seat.ticket = request.ticket;
    seat.since = clock();
    wire.send(seat.id, line);
  };
  const openRun = (seat: Seat): void => {
    if (run === null) return;
    seat.state = "opening";
    seat.has = -1;
    seat.numbers = [];
    const { name, order, fingerprint } = run;
    send(seat, { kind: "open", ticket: ++tickets, run: name, order, fingerprint });
  };
  /** Takes back what a worker was asked and has not answered. */
  const takeBack = (seat: Seat): void => {
    const left = new Set(seat.numbers.filter((number) => !answers.has(number)));
    seat.numbers = [];
    if (left.size === 0 || block === null) return;
    for (const query of queriesOf(block)) {
      const rest = query.filter((number) => left.has(number));
      if (rest.length > 0) open.push(rest);
    }
  };
  const pump = (): void => {
    if (closed || run === null || block === null) return;
    open = open.map((query) => query.filter((number) => !answers.has(number))).filter(({ length }) => length > 0);
    const free = [...seats.values()].filter(({ state }) => state === "ready");
    for (const [i, seat] of free.entries()) {
      if (open.length === 0) break;
      const share = Math.ceil(open.length / (free.length - i));
      seat.numbers = open.slice(0, share).flat();
      open = open.slice(share);
      ask(seat, block, run.name);
    }
    wake();
  };
  const ask = (seat: Seat, { so, known }: Block, name: string): void => {
    const from = seat.has;
    const step = so.steps.length;
    seat.state = "asked";
    seat.asked = block;
    seat.from = from;
    seat.has = step;
    send(seat, {
      kind: "query",
      ticket: ++tickets,
      run: name,
      from,
      steps: so.steps.slice(from).map(wireStep),
      changes: so.changes,
      step,
      known: known.map(wireAnswer),
      wanted: seat.numbers,
    });
  };
  const fail = (seat: Seat, message: string): void => {
    takeBack(seat);
    seat.failures++;
    if (seat.failures >= FAILURES) {
      seat.state = "refused";
      tell(`worker ${seat.id} (${seat.place}) failed ${FAILURES} times and is not asked again: ${message}`);
    } else openRun(seat);
  };
  const heard = (seat: Seat, reply: Reply): void => {
    switch (reply.kind) {
      case "opened": {
        seat.has = 0;
        seat.state = "ready";
        machines.add(reply.machine);
        const apart = Math.abs(reply.loss - run!.loss) / Math.abs(run!.loss);
        if (Object.is(reply.loss, run!.loss)) return;
        if (!(apart <= TOLERANCE)) seat.state = "refused";
        tell(`worker ${seat.id} (${reply.machine}) ${otherArithmetic(apart)}`);
        return;
      }
      case "refused":
        seat.state = "refused";
        tell(
          `worker ${seat.id} (${seat.place}) is refused, it would work on another run: ${reply.differing.join("; ")}`,
        );
        return;
      case "behind":
        takeBack(seat);
        if (reply.has < 0 || reply.has >= seat.from) openRun(seat);
        else {
          seat.has = reply.has;
          seat.state = "ready";
        }
        return;
      case "failed":
        fail(seat, reply.message);
        return;
      case "answer": {
        if (seat.asked !== block) {
          // Of a block that is over: others were quicker.
          counts.dropped++;
          seat.state = "ready";
          return;
        }
        if (reply.step !== block?.so.steps.length || reply.answers.length !== seat.numbers.length) {
          fail(seat, "an answer to another question");
          return;
        }
        seat.failures = 0;
        seat.state = "ready";
        counts.asks++;
        counts.computing += reply.milliseconds;
        counts.waiting += Math.max(clock() - seat.since - reply.milliseconds, 0);
        seat.numbers.forEach((number, i) => {
          if (answers.has(number)) return;
          answers.set(number, reply.answers[i]);
          counts.remote++;
          if (lastStep !== reply.step) counts.steps++;
          lastStep = reply.step;
        });
        seat.numbers = [];
      }
    }
  };

  const wire = transport({
    up(id, place) {
      if (closed) return;
      const before = seats.get(id);
      if (before !== undefined && before.state !== "gone") {
        if (before.numbers.length > 0) counts.lost++;
        takeBack(before);
        tell(`worker ${id} (${before.place}) is gone, and there again: ${place}`);
      }
      const failures = before?.failures ?? 0;
      const seat: Seat = {
        id,
        place,
        has: -1,
        state: "idle",
        ticket: 0,
        since: 0,
        numbers: [],
        asked: null,
        from: 0,
        failures,
      };
      seats.set(id, seat);
      if (run !== null) openRun(seat);
      pump();
    },
    line(id, line) {
      if (closed) return;
      counts.received += Buffer.byteLength(line) + 1;
      const seat = seats.get(id);
      const reply = readReply(line);
      const awaited = seat !== undefined && (seat.state === "opening" || seat.state === "asked");
      if (reply === null || !awaited || reply.ticket !== seat.ticket || reply.run !== run?.name) {
        counts.dropped++;
        return;
      }
      heard(seat, reply);
      pump();
    },
    lost(id, why) {
      const seat = seats.get(id);
      if (closed || seat === undefined || seat.state === "gone") return;
      if (seat.numbers.length > 0 || seat.state === "opening") counts.lost++;
      seat.state = "gone";
      takeBack(seat);
      tell(`worker ${id} (${seat.place}) is gone: ${why}`);
      pump();
    },
    failed(why) {
      failed = why;
      if (seats.size > 0) tell(`no worker will come any more: ${why}`);
    },
    tell,
  });

  const watch = setInterval(
    () => {
      for (const seat of seats.values()) {
        const limit = seat.state === "opening" ? openLimitMs : seat.state === "asked" ? limitMs : Infinity;
        if (clock() - seat.since < limit) continue;
        counts.lost++;
        seat.state = "gone";
        takeBack(seat);
        tell(`worker ${seat.id} (${seat.place}) has not answered in ${Math.round(limit / 1000)} s: it is replaced`);
        wire.replace(seat.id);
        pump();
      }
    },
    Math.max(20, Math.min(limitMs, openLimitMs, 4_000) / 4),
  );

  return {
    begin(next) {
      run = { ...next, name: fingerprintData(next.fingerprint) };
      block = null;
      open = [];
      answers = new Map();
      aloneTold = false;
      for (const seat of seats.values()) {
        seat.failures = 0;
        if (seat.state !== "gone") openRun(seat);
      }
    },
    ask(next) {
      block = next;
      answers = new Map();
      // Who is still at a question of before is asked again when that is answered.
      for (const seat of seats.values()) seat.numbers = [];
      open = [...queriesOf(next)];
      pump();
    },
    answerOf: (number) => answers.get(number) ?? null,
    async wait(numbers) {
      for (;;) {
        if (closed) throw new Error("the crew is closed: nothing is asked of it any more");
        if (numbers.every((number) => answers.has(number))) return "there";
        if (active().length === 0) {
          if (!aloneTold) tell("no worker is there: the numbers are computed here until one comes");
          aloneTold = true;
          return "alone";
        }
        aloneTold = false;
        await new Promise<void>((resolve) => waiters.push(resolve));
      }
    },
    settle(number, answer) {
      if (answers.has(number)) return;
      answers.set(number, answer);
      counts.own++;
    },
    async ready(count, patienceMs) {
      const until = clock() + patienceMs;
      // Before there is a run, who is there is ready to open one.
      const there = (): number =>
        (run === null ? [...seats.values()].filter(({ state }) => state === "idle") : active()).length;
      while (!closed && there() < count && clock() < until) {
        if (failed !== null && seats.size === 0) throw new Error(failed);
        if (seats.size > 0 && [...seats.values()].every(({ state }) => state === "refused")) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return there();
    },
    counts: () => ({ ...counts, machines: [...machines].sort() }),
    async close() {
      closed = true;
      clearInterval(watch);
      wake();
      try {
        await wire.close();
      } catch (error) {
        tell(`workers could not all be ended: ${messageOf(error)}`);
      }
    },
  };
}

/** The numbers of each query of a block. */
function queriesOf({ known, queries }: Block): readonly (readonly number[])[] {
  let next = known.length;
  return queries.map((count) => Array.from({ length: count }, () => next++));
}

/** What is to be told of a worker whose loss at the start is not the coordinator's to the bit. @param apart by how much of it */
function otherArithmetic(apart: number): string {
  const differs = `computes with another arithmetic: the same loss differs by ${apart.toPrecision(2)} of it`;
  return apart <= TOLERANCE
    ? `${differs}. The record holds the numbers that were used; made again on other machines, the run may differ by as much`
    : `is refused, it ${differs}, more than ${TOLERANCE}`;
}
