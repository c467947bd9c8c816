import type { Callback, Test } from "uvu";

/**
 * Registers a test that needs something this machine may not have. Without it the test is counted as skipped, and one line
 * "SKIP: name: reason" on standard output says so.
 * @example
 * const withModel = skipUnless(files !== null, "SmolLM2 is not installed (npm start installs it)");
 * withModel(test, "the real file opens", () => { ... });
 */
export function skipUnless<C>(
  condition: boolean,
  reason: string,
): (test: Test<C>, name: string, body: Callback<C>) => void {
  return (test, name, body) => {
    if (condition) {
      test(name, body);
      return;
    }
    console.log(`SKIP: ${name}: ${reason}`);
    test.skip(name, body);
  };
}
