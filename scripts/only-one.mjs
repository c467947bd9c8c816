// How the scripts keep out of each other's way: what installs into a folder does so alone, and a second one waits for the first.
// The lock of runs (src/disk/lock.ts) knows more of its holder, and is TypeScript: before the packages are there it cannot be used.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Problem, say } from "./report.mjs";

/** How long a file that says nothing may be there: its writer is just about to write its number. */
const EMPTY_MS = 2000;
const WAIT_MS = 200;
/** How often a lock may be neither made nor found. */
const TRIES = 10;

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** The lock's text; undefined where there is none (any more). */
function read(lock) {
  try {
    return fs.readFileSync(lock, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw new Problem(
      `${lock}: expected a file of this user's, got ${error.code}. Delete it where nothing is being installed.`,
    );
  }
}

/** Makes the file with its content, or says that something is there. */
function placed(lock, mine) {
  try {
    fs.mkdirSync(path.dirname(lock), { recursive: true });
    fs.writeFileSync(lock, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST" && fs.statSync(path.dirname(lock), { throwIfNoEntry: false })?.isDirectory())
      return false;
    throw notWritten(lock, error);
  }
}

function notWritten(lock, error) {
  return new Problem(
    `${path.dirname(lock)}: expected a folder that can be written, got ${error.code}. Mend that, then start again.`,
  );
}

function remove(lock) {
  try {
    fs.unlinkSync(lock);
  } catch (error) {
    if (error.code !== "ENOENT") throw notWritten(lock, error);
  }
}

const isFresh = (lock) => Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < EMPTY_MS;

/**
 * Does what nobody else may do at the same time, by a lock file with the number of the process that holds it. It waits for one that is at
 * work, says so once, and takes over from one that was killed.
 */
export async function onlyOne(lock, what, work) {
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}\n`;
  let [waited, tries] = [undefined, 0];
  while (!placed(lock, mine)) {
    const found = read(lock);
    tries = found === undefined ? tries + 1 : 0;
    if (tries > TRIES)
      throw new Problem(`${lock}: expected a lock that can be made or read, got neither. Delete what is there.`);
    const pid = Number.parseInt(found ?? "", 10);
    if (pid > 0 && isAlive(pid)) {
      if (waited !== pid) say(`process ${pid} is ${what}: waiting for it (where no such process runs, delete ${lock})`);
      waited = pid;
    } else if (found !== undefined && (found !== "" || !isFresh(lock))) {
      if (read(lock) === found) remove(lock);
      continue;
    }
    await new Promise((later) => setTimeout(later, WAIT_MS));
  }
  try {
    return await work();
  } finally {
    if (read(lock) === mine) remove(lock);
  }
}
