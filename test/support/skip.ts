/** What a uvu suite is to a test that may be skipped. */
interface Suite {
  (name: string, body: () => void | Promise<void>): void;
  skip(name: string, body: () => void | Promise<void>): void;
}

/**
 * Registers a test that needs something this machine may not have. Without it the test is counted as skipped, and one line
 * "SKIP: name: reason" on standard output says so.
 * @example
 * const withModel = skipUnless(files !== null, "SmolLM2 is not installed (npm start installs it)");
 * withModel(test, "the real file opens", () => { ... });
 */
export function skipUnless(
  condition: boolean,
  reason: string,
): (suite: Suite, name: string, body: () => void | Promise<void>) => void {
  return (suite, name, body) => {
    if (condition) {
      suite(name, body);
      return;
    }
    console.log(`SKIP: ${name}: ${reason}`);
    suite.skip(name, body);
  };
}
