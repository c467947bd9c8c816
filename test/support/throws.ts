import * as assert from "uvu/assert";

/** Asserts that the call throws an error whose message contains the text, or matches the pattern (`assert.throws` takes a text as its own message and compares nothing). */
export function throwsWith(run: () => unknown, expected: string | RegExp): void {
  assert.throws(run, (error: Error) => says(error.message, expected));
}

/** Asserts that the promise is rejected with an error whose message contains the text, or matches the pattern. */
export async function rejectsWith(run: Promise<unknown>, expected: string | RegExp): Promise<void> {
  const message = await run.then(
    () => null,
    (error: Error) => error.message,
  );
  if (message === null) assert.unreachable(`expected an error with: ${expected}`);
  else says(message, expected);
}

function says(message: string, expected: string | RegExp): true {
  const found = typeof expected === "string" ? message.includes(expected) : expected.test(message);
  assert.ok(
    found,
    `the message\n  ${message}\ndoes not ${typeof expected === "string" ? "contain" : "match"}\n  ${expected}`,
  );
  return true;
}
