import { createContext, Script } from "node:vm";

/** Says that something was ended since it took too much. */
export class Overrun extends Error {}

/**
 * Makes a caller of functions that ends each after so many milliseconds, also where it loops for ever and lets nothing else run.
 * For example `timed(1000)(() => 2)`: 2. A call throws `Overrun` when the time is over, else what the function throws.
 */
export function timed(milliseconds: number): <T>(run: () => T) => T {
  const place = createContext({ run: null as (() => unknown) | null });
  const script = new Script("run()");
  return <T>(run: () => T): T => {
    place["run"] = run;
    try {
      return script.runInContext(place, { timeout: milliseconds }) as T;
    } catch (error) {
      if ((error as { readonly code?: unknown } | null)?.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      throw new Overrun(`more than ${milliseconds / 1000} seconds`);
    } finally {
      place["run"] = null;
    }
  };
}
