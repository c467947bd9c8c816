/** What a uvu suite is to a test that may be skipped. */
type Suite = (name: string, body: () => void | Promise<void>) => void;

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
  // Not uvu's own skip: the line is what is counted (scripts/count-tests.mjs), and both would count twice.
  return (suite, name, body) => suite(name, condition ? body : () => console.log(`SKIP: ${name}: ${reason}`));
}
