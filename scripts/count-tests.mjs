// What a test file's output says happened, read from uvu's own summary and from tests that skipped themselves.

const numberAfter = (label, text) => {
  const found = new RegExp(`^\\s*${label}:\\s+(\\d+)\\s*$`, "m").exec(text);
  return found === null ? undefined : Number(found[1]);
};

const withoutColours = (text) => text.replace(/\x1b\[[0-9;]*m/g, "");

/**
 * Counts the tests of one file.
 *   failed = total - passed by uvu, at least 1 when the process failed or never came to its summary
 *   skipped = uvu's own skips + lines "SKIP: why" (each is a test that looked, and passed for uvu, without testing)
 * @example countTests("SKIP: no model\n  Total:     3\n  Passed:    3\n  Skipped:   1\n", 0)
 *   // { passed: 2, failed: 0, skipped: 2 }
 */
export function countTests(output, status) {
  const text = withoutColours(output);
  // uvu writes a suite's name and its dots without a line end, so a reason can follow them.
  const reasons = (text.match(/(?:^|\s)SKIP: /gm) ?? []).length;
  const total = numberAfter("Total", text);
  const passed = numberAfter("Passed", text);
  if (total === undefined || passed === undefined)
    return status === 0 && reasons > 0
      ? { passed: 0, failed: 0, skipped: reasons }
      : { passed: 0, failed: 1, skipped: 0 };
  const failed = Math.max(total - passed, status === 0 ? 0 : 1);
  const selfSkipped = Math.min(reasons, passed);
  return { passed: passed - selfSkipped, failed, skipped: (numberAfter("Skipped", text) ?? 0) + selfSkipped };
}

export const skipReasons = (output) =>
  (withoutColours(output).match(/SKIP: .*$/gm) ?? []).map((line) => line.slice("SKIP: ".length));

export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

export const summary = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
