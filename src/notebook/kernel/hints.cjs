// What to write instead of IPython's own commands, which many have in their fingers. A cell here is TypeScript.

/** @type {readonly (readonly [RegExp, (command: string, below: string) => string])[]} the first that fits a command counts */
const HINTS = [
  [/^%{1,2}(time|timeit)\b/, () => "const started = performance.now(); /* the work */; performance.now() - started"],
  [/^%{1,2}(matplotlib|pylab|config)\b/, () => "figures show themselves, as in showFigure(...)"],
  [/^%{1,2}(load_ext|autoreload|reload_ext)\b/, () => "what a cell imports is read again when its file has changed"],
  [
    /^%{1,2}(pip|conda|npm|yarn)\b/,
    () => "a terminal (File > New > Terminal): npm install NAME, then import it in a cell",
  ],
  [/^%{1,2}(cd|pwd)\b/, () => "process.cwd(); cells work from the project's root"],
  [/^%{1,2}env\b/, () => "process.env"],
  [/^%{1,2}(who|whos|who_ls)\b/, () => "the name of a variable as a cell's last line"],
  [/^%{1,2}(run|load)\b/, () => 'import { name } from "./src/file"'],
  [/^%{1,2}(writefile|save|file)\b/, () => 'import { writeFileSync } from "node:fs"; writeFileSync("name.txt", text)'],
  [
    /^%{1,2}(html|markdown|latex|svg|javascript|js)\b/i,
    () => 'display({ "text/html": "<b>...</b>" }) or showText("...")',
  ],
  [/^%{1,2}(debug|pdb|prun|lprun|memit)\b/, () => "console.log(...), performance.now() or process.memoryUsage()"],
  [/^%{1,2}(reset|reset_selective)\b/, () => "Kernel > Restart Kernel"],
  [/^%{1,2}(bash|sh|script|sx|system)\b|^!/, shell],
];

/**
 * How Node runs a command of the shell: the rest of the line, or what stands below `%%bash`.
 * @param {string} command
 * @param {string} below
 */
function shell(command, below) {
  const written = command.replace(/^(!+|%+\w+\s*)/, "").trim() || below.trim() || "ls";
  return `import { execSync } from "node:child_process"; console.log(String(execSync(${JSON.stringify(written)})))`;
}

/** A line in the way of IPython: a command, a command of the shell, a question about a name. */
const MAGIC = /^\s*(%{1,2}[A-Za-z]\w*.*)$/;
const SHELL = /^\s*(!(?:[A-Za-z./~][\w./~-]*|!?[A-Za-z./~][\w./~-]*\s+[\w./~$"'*-].*))$/;
const QUESTION = /^\s*(?:\?{1,2}\s*([\w$.]+)|([\w$.]+)\s*\?{1,2})\s*;?\s*$/;

/**
 * Sentences for a cell that could not be compiled and has a line in the way of IPython; undefined for any other.
 * @param {string} code
 * @returns {{ readonly text: string, readonly covers: (line: number) => boolean } | undefined}
 * @example hintFor("%time f()") // ["`%time` is a command of IPython's; here a cell is TypeScript. What does it here: const started = ..."]
 */
exports.hintFor = function hintFor(code) {
  const lines = code.split("\n", 1000);
  for (const [at, line] of lines.entries()) {
    const question = QUESTION.exec(line);
    const name = question?.[1] ?? question?.[2];
    /** @param {number} number */
    const isHere = (number) => number === at + 1;
    if (name !== undefined)
      return {
        text:
          `\`${line.trim()}\` asks IPython about a name. Here: put the cursor on ${name} and press Shift+Tab ` +
          `(Contextual Help in the Help menu follows the cursor), or write ${name} as the last line to see its value.`,
        covers: isHere,
      };
    const command = (MAGIC.exec(line) ?? SHELL.exec(line))?.[1];
    if (command === undefined) continue;
    const below = lines.slice(at + 1).join("\n");
    const instead = HINTS.find(([pattern]) => pattern.test(command))?.[1](command, below);
    const kind = command.startsWith("!") ? "a command of the shell, which IPython runs" : "a command of IPython's";
    const word = /^\S+/.exec(command)?.[0] ?? command;
    const here = instead === undefined ? "" : ` What does it here: ${instead}`;
    return {
      text: `\`${word}\` is ${kind}; here a cell is TypeScript.${here}`,
      covers: command.startsWith("%%") ? (/** @type {number} */ number) => number > at : isHere,
    };
  }
  return undefined;
};
