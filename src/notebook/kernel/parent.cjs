// The process that this kernel was started for, and how the kernel ends without it.
const fs = require("node:fs");

/**
 * What tells a process from a later one with the same number: when it was started, where the system says so. Undefined: it is gone,
 * or only waits to be collected.
 * @param {number} pid
 * @returns {string | undefined}
 */
function identityOf(pid) {
  if (fs.existsSync("/proc/self/stat"))
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return /[ZX]/.test(fields[0] ?? "") ? undefined : fields[19];
    } catch {
      return undefined;
    }
  try {
    process.kill(pid, 0);
    return "there";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM" ? "there" : undefined;
  }
}

/**
 * The parent as a kernel sees it when it starts: the process that JPY_PARENT_PID names, where it names one. A kernel that was started by
 * hand belongs to nobody: undefined. (On Windows the variable holds a handle, so there the process's own parent is meant.)
 * @param {Readonly<Record<string, string | undefined>>} variables
 * @returns {import("./protocol.cjs").Parent | undefined}
 */
exports.parentNow = function parentNow(variables) {
  const named = Number(variables["JPY_PARENT_PID"]);
  if (!Number.isInteger(named) || named <= 0) return undefined;
  const pid = process.platform === "win32" ? process.ppid : named;
  return { pid, identity: identityOf(pid), direct: pid === process.ppid };
};

/**
 * Whether it has ended since. A direct parent is also gone when the process has another one now.
 * @param {import("./protocol.cjs").Parent} parent
 */
exports.isGone = ({ pid, identity, direct }) =>
  identity === undefined || identityOf(pid) !== identity || (direct && process.ppid !== pid);

/**
 * Ends this process at once, whatever its threads are doing, native code included; what it has started and not let go of (its process group,
 * which it leads when Jupyter or the headless runner started it) ends with it.
 */
exports.endHard = function endHard() {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // It leads no group.
  }
  process.kill(process.pid, "SIGKILL");
};
