import { messageOf } from "../check/error-words";

/** What a script of the project is, for the terminal. */
export interface CommandLine {
  /** How it is asked, its options and what they do: shown by `--help`, and where it was not asked right. */
  readonly usage: string;
  /** Does what the words ask for. Gives the status to end with; null: the process goes on by itself, as a server does. */
  readonly main: (words: readonly string[]) => Promise<number | null>;
  /** The status after an error that is not one of the words; default 1. */
  readonly failed?: number;
}

/** Where a line goes. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Answers the words of a command line: `--help` or `-h` with the usage and status 0; words that `main` cannot read with what is wrong, the usage and
 * status 2; an error with its message and status `failed`.
 * For example `answer({ usage: "usage: npm run x", main: async () => 0 }, ["--help"], streams)`: 0.
 */
export async function answer(
  { usage, main, failed = 1 }: CommandLine,
  words: readonly string[],
  { out, err }: Streams,
): Promise<number | null> {
  const own = words.slice(0, words.includes("--") ? words.indexOf("--") : undefined);
  if (own.includes("--help") || own.includes("-h")) {
    out(`${usage}\n`);
    return 0;
  }
  try {
    return await main(words);
  } catch (error) {
    if (!isOfTheWords(error)) {
      err(`${messageOf(error)}\n`);
      return failed;
    }
    // Node goes on to say how a value is written that begins with a hyphen.
    err(`${messageOf(error).split(". To specify")[0]}\n\n${usage}\n`);
    return 2;
  }
}

/** Runs a script: `answer` to this process's own words, which then ends with the status. */
export function commandLine(script: CommandLine): void {
  const streams = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
  };
  // Whoever read the lines may stop reading (`| head`): what a script is for, files and records, does not end by that.
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  void answer(script, process.argv.slice(2), streams).then((status) => {
    if (status !== null) process.exit(status);
  });
}

/** Says whether `parseArgs` refused the words. */
function isOfTheWords(error: unknown): boolean {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}
