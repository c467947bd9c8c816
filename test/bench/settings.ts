import type { OnnxOptions, OnnxTuning } from "../../src/engine/onnx/session";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { llamaTrain, openStepper, smollm2Texts, THREADS } from "./subject";
import type { Stepper } from "./subject";
import { alternate, ratio, seconds } from "./timing";

const BATCH = 16;
const QUERIES = 4;

/** One setting of a session that is not the default. */
interface Setting {
  readonly name: string;
  readonly options: OnnxOptions;
}

const tuned = (tuning: OnnxTuning): OnnxOptions => ({ tuning });
const SETTINGS: readonly Setting[] = [
  { name: "one thread", options: { threads: 1 } },
  { name: "threads never spin", options: tuned({ spinning: "never" }) },
  { name: "threads spin on after a run", options: tuned({ spinning: "always" }) },
  { name: "no arena", options: tuned({ arena: false }) },
  { name: "memory pattern", options: tuned({ memoryPattern: true }) },
  { name: "no packed weights", options: tuned({ prepack: false }) },
];
const REWRITES = ["disabled", "basic", "extended", "all"] as const;

/** What each setting of a session does to a step: why the defaults are what they are. */
export async function settingsBench({ rounds = 5, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const parts = [];
  for (const estimator of ["two-sided", "directional"] as const) {
    const usual = estimator === "two-sided" ? "all" : "basic";
    const settings: readonly Setting[] = [
      { name: "defaults", options: {} },
      ...SETTINGS,
      ...REWRITES.filter((level) => level !== usual).map((optimization) => ({
        name: `graph rewriting ${optimization}, not ${usual}`,
        options: tuned({ optimization }),
      })),
    ];
    const open: Stepper[] = [];
    for (const { options } of settings) open.push(await openStepper(texts, llamaTrain, options));
    const subjects = settings.map(({ name }, i) => ({
      name,
      run: (round: number) => open[i].step({ queries: QUERIES, estimator }, texts.batch(round), round),
    }));
    const times = await alternate(subjects, { rounds, warmUps: 1, minutes: minutes && minutes / 2 });
    for (const { session } of open) await session.dispose();
    const of = (name: string): readonly number[] => times.get(name)!;
    parts.push({
      caption:
        `A step with Q ${QUERIES}, ${estimator}: SmolLM2-135M, ${BATCH} SST-2 phrases, tensor-train adapters, fp32, ${THREADS} threads unless named, ` +
        `${of("defaults").length} rounds in turn after 1 warm-up. All sessions are open at once; their waiting threads sleep.`,
      head: ["setting", "seconds", "times as long as with the defaults"],
      rows: settings.map(({ name }) => [
        name,
        seconds(of(name)),
        name === "defaults" ? "1" : ratio(of("defaults"), of(name)),
      ]),
    });
  }
  return {
    title: "Settings of a session",
    tables: parts,
    notes: [
      "Packed weights, arena and one graph at a time are measured by memory too: memory.md. Rewriting beyond basic makes a dual graph slower to open: creation.md.",
    ],
  };
}
