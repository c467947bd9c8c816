import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "../check/error-words";
import { readText } from "./read-text";

/** Who holds a lock or writes a file: enough to tell later whether that process still lives. */
export interface Holder {
  readonly pid: number;
  /** When the process started, in the system's own units; null where it does not tell. */
  readonly processStart: string | null;
  readonly host: string;
  /** Where process numbers mean the same: this boot of this computer, and this container; absent in older files. */
  readonly place?: string;
}

/** Describes this process as a holder. */
export function thisProcess(): Holder {
  return { pid: process.pid, processStart: processStart(process.pid), host: hostname(), place: placeHere() };
}

/** Says whether a holder is this very process. */
export function isThisProcess({ pid, processStart: start, ...at }: Holder): boolean {
  return pid === process.pid && isHere(at) && (start === null || start === processStart(pid));
}

/** Says whether a holder's process number means something here; elsewhere only signs of life tell whether it lives. */
export function isHere({ host, place }: Pick<Holder, "host" | "place">): boolean {
  return place === undefined ? host === hostname() : place === placeHere();
}

/** Says whether a process of this place lives: by its number and when it started, as a number is given out again. */
export function livesHere({ pid, processStart: start }: Pick<Holder, "pid" | "processStart">): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  const fields = statFields(pid);
  if (fields === null) return true;
  // A process that has ended and that its parent has not fetched yet writes no more.
  return fields[0] !== "Z" && (start === null || fields[19] === start);
}

/** Gives a part of a temporary file's name that says who writes it, and that no other name has. */
export function writerMark(): string {
  return `${process.pid}-${processStart(process.pid) ?? ""}-${shortPlace()}-${randomBytes(4).toString("hex")}`;
}

const MARK = /^(\d+)-(\d*)-([0-9a-f]{8})-[0-9a-f]{8}$/;

/** How long nothing is written by a writer of another place, whose number says nothing here, before it counts as dead. */
const SILENT_MS = 3_600_000;

/**
 * Says whether the writer of a temporary file is gone.
 * @param mark what `writerMark` gave; another text counts as a writer of another place
 * @param silentMs milliseconds since the file was last written
 */
export function isDeadWriter(mark: string, silentMs: number): boolean {
  const [, pid, start, place] = MARK.exec(mark) ?? [];
  if (pid === undefined || place !== shortPlace()) return silentMs > SILENT_MS;
  return !livesHere({ pid: Number(pid), processStart: start === "" || start === undefined ? null : start });
}

function placeHere(): string {
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim();
  return boot === undefined ? hostname() : `${boot} ${linkOf("/proc/self/ns/pid") ?? hostname()}`;
}

function shortPlace(): string {
  return createHash("sha256").update(placeHere()).digest("hex").slice(0, 8);
}

function processStart(pid: number): string | null {
  return statFields(pid)?.[19] ?? null;
}

/** The fields of /proc/PID/stat from the third on (0: its state, 19: its start), after the name, which may hold anything. */
function statFields(pid: number): readonly string[] | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? null;
}

function linkOf(path: string): string | null {
  try {
    return fs.readlinkSync(path);
  } catch {
    return null;
  }
}
