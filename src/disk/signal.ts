import { codeOf } from "../check/error-words";

/**
 * Sends a signal to a process, or to a group of processes by its negative number, and says whether it was sent. None is when the process has ended in
 * the meantime; macOS then also says EPERM of a group whose last process was not waited for.
 * @throws what the system says of any other fault, for example of a signal that does not exist
 * @example signalIfThere(process.pid, 0) // true
 */
export function signalIfThere(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH" && codeOf(error) !== "EPERM") throw error;
    return false;
  }
}
