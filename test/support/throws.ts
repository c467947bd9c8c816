import * as assert from "uvu/assert";

/** Asserts that the call throws an error whose message contains the text (`assert.throws` does not compare a string). */
export function throwsWith(run: () => unknown, text: string): void {
  assert.throws(run, (error: Error) => contains(error.message, text));
}

/** The same for a promise. */
export async function rejectsWith(run: Promise<unknown>, text: string): Promise<void> {
  const message = await run.then(
    () => null,
    (error: Error) => error.message,
  );
  if (message === null) assert.unreachable(`expected an error with: ${text}`);
  else contains(message, text);
}

function contains(message: string, text: string): true {
  assert.ok(message.includes(text), `the message\n  ${message}\ndoes not contain\n  ${text}`);
  return true;
}
