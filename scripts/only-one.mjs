// How the scripts keep out of each other's way: what installs into a folder does so alone, and a second one waits for the first.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { say } from "./report.mjs";

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
};

const read = (lock) => {
  try {
    return fs.readFileSync(lock, "utf8");
  } catch {
    return undefined;
  }
};

/** Makes the file with its content, or says that it is there. */
function placed(lock, mine) {
  const beside = `${lock}.${process.pid}`;
  fs.writeFileSync(beside, mine);
  try {
    fs.linkSync(beside, lock);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP", "EMLINK"].includes(error.code)) throw error;
  } finally {
    fs.rmSync(beside, { force: true });
  }
  // A disk without links: the file is empty for a moment.
  try {
    fs.writeFileSync(lock, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

const isFresh = (lock) => Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 2000;

/**
 * Does what nobody else may do at the same time, by a lock file with the number of the process that holds it. It waits for one that is at
 * work, says so once, and takes over from one that was killed.
 */
export async function onlyOne(lock, what, work) {
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}\n`;
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  for (let waited; !placed(lock, mine);) {
    const found = read(lock);
    if (found === undefined) continue;
    const pid = Number.parseInt(found, 10);
    if (found === "" ? !isFresh(lock) : !(pid > 0 && isAlive(pid))) {
      if (read(lock) === found) fs.rmSync(lock, { force: true });
      continue;
    }
    if (found !== "" && waited !== pid)
      say(`process ${pid} is ${what}: waiting for it (where no such process runs, delete ${lock})`);
    waited = pid;
    await new Promise((later) => setTimeout(later, 200));
  }
  try {
    return await work();
  } finally {
    if (read(lock) === mine) fs.rmSync(lock, { force: true });
  }
}
