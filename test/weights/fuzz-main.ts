import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nonNegativeInteger, positiveInteger } from "../../src/check/check";
import { commandLine } from "../../src/notebook/command-line";
import { attempt, complaint, damaged, READERS, type Reader } from "../support/fuzz";
import { residentMemory } from "../bench/memory";

const usage = `usage: npm run fuzz -- [--runs 100000] [--seed 1] [--dry]
Sends damaged weights, configurations, tokenizers and adapters through their readers, in child processes that are watched from outside.
Writes the counts to test/weights/fuzz-results.md and each file that found a problem to test/fixtures/weights/fuzz; --dry writes no counts.`;

interface Counts {
  readonly read: number;
  readonly refused: number;
  readonly slowestMs: number;
  readonly peakMiB: number;
  readonly problems: readonly { readonly index: number; readonly why: string }[];
}

const CHUNK = 5000;
const CHUNK_LIMIT_MS = 300_000;
const SLOW_MS = 3000;
const PEAK_MIB = 500;
const CORPUS = "test/fixtures/weights/fuzz";

/** In the child: the files [from, from + count). The number at hand is on standard error, should it never come back. */
function chunk(reader: Reader, seed: number, from: number, count: number): Counts {
  const folder = mkdtempSync(join(tmpdir(), "adazeta-fuzz-"));
  const path = join(folder, `file.${reader}`);
  const problems: { index: number; why: string }[] = [];
  let [read, refused, slowestMs] = [0, 0, 0];
  try {
    for (let index = from; index < from + count; index++) {
      if (index % 100 === 0) process.stderr.write(`${index}\n`);
      writeFileSync(path, damaged(reader, seed, index));
      const started = performance.now();
      const error = attempt(reader, path);
      const took = performance.now() - started;
      slowestMs = Math.max(slowestMs, took);
      if (error === null) read++;
      else refused++;
      const why = complaint(error) ?? (took > SLOW_MS ? `took ${Math.round(took)} ms` : null);
      if (why !== null) problems.push({ index, why });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const peakMiB = residentMemory().peak;
  if (peakMiB > PEAK_MIB) problems.push({ index: from, why: `resident memory of ${Math.round(peakMiB)} MiB` });
  return { read, refused, slowestMs, peakMiB, problems };
}

/** A chunk in a process of its own, with little memory: a crash or a hang is a problem of the file that was at hand. */
function watched(reader: Reader, seed: number, from: number, count: number): Promise<Counts> {
  return new Promise((resolve) => {
    const self = fileURLToPath(import.meta.url);
    const child = spawn(
      process.execPath,
      [
        "--max-old-space-size=256",
        "--import",
        "tsx",
        self,
        "--chunk",
        reader,
        String(seed),
        String(from),
        String(count),
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let [output, last] = ["", ""];
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (last = text.toString()));
    const timer = setTimeout(() => child.kill("SIGKILL"), CHUNK_LIMIT_MS);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (status === 0) return resolve(JSON.parse(output) as Counts);
      const why = `the process ended with ${signal ?? status} near ${last.trim().slice(0, 300)}`;
      resolve({ read: 0, refused: 0, slowestMs: 0, peakMiB: 0, problems: [{ index: from, why }] });
    });
  });
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      dry: { type: "boolean", default: false },
    },
  });
  const runs = positiveInteger("--runs", Number(values.runs));
  const seed = nonNegativeInteger("--seed", Number(values.seed));
  const rows: string[] = [];
  let failures = 0;
  for (const reader of READERS) {
    let [read, refused, slowestMs, peakMiB, problems] = [0, 0, 0, 0, 0];
    for (let from = 0; from < runs; from += CHUNK) {
      const counts = await watched(reader, seed, from, Math.min(CHUNK, runs - from));
      read += counts.read;
      refused += counts.refused;
      slowestMs = Math.max(slowestMs, counts.slowestMs);
      peakMiB = Math.max(peakMiB, counts.peakMiB);
      for (const { index, why } of counts.problems) {
        problems++;
        console.log(`${reader} seed ${seed} file ${index}: ${why}`);
        mkdirSync(CORPUS, { recursive: true });
        if (problems <= 5) writeFileSync(join(CORPUS, `${seed}-${index}.${reader}`), damaged(reader, seed, index));
      }
    }
    failures += problems;
    rows.push(
      `| ${reader} | ${read + refused} | ${refused} | ${read} | ${problems} | ${Math.ceil(slowestMs)} | ${Math.ceil(peakMiB)} |`,
    );
    console.log(rows.at(-1));
  }
  const text = [
    "# Damaged files through the readers",
    "",
    `Made by \`npm run fuzz -- --runs ${runs} --seed ${seed}\`, node ${process.version}. A problem is a crash, a file that takes more than`,
    `${SLOW_MS} ms, a process beyond ${PEAK_MIB} MiB, or an error that is not made for people. "Read" files had damage that no reader can see.`,
    "",
    "| reader | files | refused | read | problems | slowest file, ms | peak memory, MiB |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  if (!values.dry) writeFileSync("test/weights/fuzz-results.md", text);
  return failures === 0 ? 0 : 1;
}

const [first, reader, ...numbers] = process.argv.slice(2);
if (first === "--chunk") {
  const [seed, from, count] = numbers.map(Number) as [number, number, number];
  console.log(JSON.stringify(chunk(reader as Reader, seed, from, count)));
} else commandLine({ usage, main });
