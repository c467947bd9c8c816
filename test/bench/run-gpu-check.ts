import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { fail, positiveNumber } from "../../src/check/check";
import { writeWhole } from "../../src/disk/whole-file";
import { providerOf } from "../../src/engine/onnx/providers";
import { commandLine } from "../../src/notebook/command-line";
import { gpuCheck, isWrong, SIZES } from "./gpu-check";
import type { ProviderReport, Size } from "./gpu-check";

const usage = `usage: npm run gpu:check -- [--providers webgpu,cuda] [--size full] [--minutes 9] [--threads N] [--out gpu-check.json]
Checks a GPU, in at most ten minutes: its numbers against the CPU's, then its tokens a second; the results are one JSON file.
Ends with status 0 when every provider opened and computed right, 1 when not.`;

function lines({ provider, told, correctness, speed, left, seconds }: ProviderReport): readonly string[] {
  const rate = (value: number): string => `${value.toFixed(0)} tokens/s`;
  const worst = (quantity: "features" | "tangents" | "gradient"): string =>
    Math.max(...correctness.map((cell) => cell[quantity] ?? 0)).toExponential(1);
  return [
    `${provider}: ${told ?? "did not open"} (${seconds.toFixed(0)} s)`,
    ...(correctness.length === 0
      ? []
      : [
          `  ${correctness.length} cells against the CPU: features ${worst("features")}, tangents ${worst("tangents")}, gradients ${worst("gradient")} at most`,
        ]),
    ...(speed === null
      ? []
      : [
          `  plain ${rate(speed.plain)}; ${speed.steps.map(({ queries, tokensPerSecond }) => `Q ${queries} ${rate(tokensPerSecond)}`).join(", ")}`,
        ]),
    ...left.map((line) => `  not done: ${line}`),
  ];
}

/** Minutes that the last measurement may take beyond its time. */
const GRACE = 0.75;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      providers: { type: "string", default: "webgpu" },
      size: { type: "string", default: "full" },
      minutes: { type: "string", default: "9" },
      threads: { type: "string", default: String(availableParallelism()) },
      out: { type: "string", default: "gpu-check.json" },
    },
  });
  const { out } = values;
  if (!Object.hasOwn(SIZES, values.size)) fail("--size", `one of ${Object.keys(SIZES).join(", ")}`, values.size);
  const minutes = positiveNumber("--minutes", Number(values.minutes));
  // A driver that hangs leaves what was saved until then.
  const late = setTimeout(
    () => {
      console.error(`stopped: not done ${GRACE} minutes after its time; what was measured until then is in ${out}`);
      process.exit(1);
    },
    60_000 * (minutes + GRACE),
  );
  late.unref();
  const report = await gpuCheck({
    providers: values.providers.split(",").map(providerOf),
    size: values.size as Size,
    minutes,
    threads: positiveNumber("--threads", Number(values.threads)),
    save: (now) => writeWhole(out, `${JSON.stringify(now, null, 2)}\n`),
  });
  for (const line of report.providers.flatMap(lines)) console.log(line);
  console.log(`written: ${out}`);
  return report.providers.every(({ told, correctness }) => told !== null && !correctness.some(isWrong)) ? 0 : 1;
}

commandLine({ usage, main });
