import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { compile } from "../../src/engine/onnx/compile";
import { feedsFor } from "../../src/engine/onnx/feeds";
import { packBatch } from "../../src/engine/onnx/geometry";
import { parsePrecision, precisionName } from "../../src/engine/onnx/precision";
import type { Precision } from "../../src/engine/onnx/precision";
import type { BenchOptions } from "./options";
import { bareRun, engineOptions, products } from "./products";
import type { OpenGraph, Product } from "./products";
import type { Report, Table } from "./report";
import { llamaTrain, smollm2Texts, THREADS } from "./subject";
import type { Texts } from "./subject";
import { alternate, median, seconds, timed } from "./timing";
import type { Times } from "./timing";

const BATCH = 16;
const CACHE = ".cache/onnx";
const GOAL = 0.75;

/** fp32; 8 and 4 bits computed in fp32; then activations in 8 bits, by each of the two kernels. */
const precisions = ["fp32", "int8", "int4:32z", "int8-activations:7", "int4-activations:32z"].map(parsePrecision);

/** What runs alone, the machine's rate, comes before what is judged by it. */
const PARTS = [
  "one product, 1024 x 1024 x 4096",
  "the model's frozen products alone",
  "forward pass, no adapter",
  "forward pass, tensor-train adapters",
] as const;
const [, ALONE, , ADAPTED] = PARTS;

/** What was found at one precision. */
interface Found {
  readonly precision: string;
  readonly times: Times;
  /** Milliseconds of a pass with adapters by kind of operation. */
  readonly profile: ReadonlyMap<string, number>;
}

/**
 * Which share of the machine's matrix product rate a forward pass reaches, by precision, and where its time goes inside ONNX Runtime.
 * Everything of one precision is timed in turn, then closed: the shares compare what met the machine in the same state.
 */
export async function engineBench({ rounds = 15, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const { tokens } = packBatch(texts.batch(0).input);
  const frozen = products(texts.loaded.model, tokens, BATCH);
  const single: Product = { name: "single", rows: 1024, inputs: 1024, outputs: 4096 };
  const work = (list: readonly Product[]): number =>
    list.reduce((sum, { rows, inputs, outputs }) => sum + 2e-9 * rows * inputs * outputs, 0);
  const operations = (part: string): number => (part === PARTS[0] ? work([single]) : work(frozen));

  const found: Found[] = [];
  for (const precision of precisions) {
    console.error(precisionName(precision));
    const open = [
      await bareRun([single], precision),
      await bareRun(frozen, precision),
      await forward(texts, precision, false),
      await forward(texts, precision, true),
    ];
    const subjects = PARTS.map((name, i) => ({
      name,
      run: async () => {
        await open[i].run();
        return timed(open[i].run);
      },
    }));
    const times = await alternate(subjects, { rounds, warmUps: 2, minutes: minutes && minutes / precisions.length });
    for (const { session } of open) await session.release();
    found.push({ precision: precisionName(precision), times, profile: await profile(texts, precision) });
  }

  const rate = ({ times }: Found, part: string): number => (1000 * operations(part)) / median(times.get(part)!);
  /** Of the rate of the products alone, round by round. */
  const share = ({ times }: Found, part: string): number => {
    const alone = times.get(ALONE)!;
    return median(times.get(part)!.map((time, i) => (operations(part) / time) * (alone[i] / operations(ALONE))));
  };
  const reached = found.filter((each) => share(each, ADAPTED) >= GOAL).map(({ precision }) => precision);
  const missed = found.filter((each) => share(each, ADAPTED) < GOAL).map(({ precision }) => precision);
  return {
    title: "Inside the engine",
    tables: [
      {
        caption:
          `SmolLM2-135M, ${BATCH} SST-2 phrases, ${tokens} tokens, one point, ${THREADS} threads; by precision ${found[0].times.get(ALONE)!.length} rounds ` +
          "in turn after 2 warm-ups, each run after one that is not counted. The rate counts the frozen linear layers' operations only; adapters, " +
          "attention and norms add time but no operations. The share is of the products' rate alone at the same precision, the median of the rounds'.",
        head: ["precision", "what", "GFLOP", "seconds", "GFLOP/s", "share"],
        rows: found.flatMap((each) =>
          PARTS.map((part) => [
            each.precision,
            part,
            operations(part).toFixed(1),
            seconds(each.times.get(part)!, 3),
            rate(each, part).toFixed(0),
            `${(100 * share(each, part)).toFixed(0)} %`,
          ]),
        ),
      },
      profileTable(found),
    ],
    notes: [
      `Goal: ${100 * GOAL} % with adapters. Reached: ${reached.join(", ") || "none"}. Missed: ${missed.join(", ") || "none"}.`,
      "int8 and int4 are computed in fp32; with -activations the rows of activations are rounded to 8 bits as well, and the products alone do that too, " +
        "once where several products take the same value. The products are of the same operations as the engine's and have the model's shapes, with generated weights.",
      "The graph of products alone is a lower bound of what the machine can do, not its peak; a single product has other shapes than the model's.",
      "The second table is ONNX Runtime's own profile of single operations; profiling itself slows small operations.",
    ],
  };
}

async function forward(
  { loaded, batch }: Texts,
  precision: Precision,
  adapted: boolean,
  profiling: Pick<InferenceSession.SessionOptions, "enableProfiling" | "profileFilePrefix"> = {},
): Promise<OpenGraph> {
  const { model } = loaded;
  const adapter = makeAdapter(adapted ? llamaTrain : { kind: "none" }, model);
  const compiled = await compile(model, adapter, "plain", resolve(CACHE), { fused: true, precision });
  const session = await InferenceSession.create(compiled.path, { ...engineOptions, ...profiling });
  const found = feedsFor(compiled.inputs, compiled.feeds, packBatch(batch(0).input), 1);
  const feeds: Record<string, Tensor> = {};
  for (const [name, { type, data, dims }] of found) feeds[name] = new Tensor(type, data, dims);
  if (compiled.inputs.has("theta"))
    feeds["theta"] = new Tensor("float32", adapter.initial(0), [1, adapter.layout.size]);
  return { run: () => session.run(feeds), session };
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const PASSES = 10;

/** Milliseconds of each kind of operation in a forward pass with adapters, by ONNX Runtime's own profile. */
async function profile(texts: Texts, precision: Precision): Promise<ReadonlyMap<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "adazeta-profile-"));
  try {
    const profiling = { enableProfiling: true, profileFilePrefix: join(folder, "profile") };
    const { run, session } = await forward(texts, precision, true, profiling);
    for (let i = 0; i < PASSES; i++) await run();
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    const events = JSON.parse(readFileSync(join(folder, file), "utf8")) as readonly ProfileEvent[];
    const kinds = new Map<string, number>();
    for (const { cat, name, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
      const kind = args?.op_name ?? "unknown";
      kinds.set(kind, (kinds.get(kind) ?? 0) + dur / 1000 / PASSES);
    }
    return kinds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Operations that only frozen products are made of. A product with int8 activations also has a Mul by the rows' scales. */
const PRODUCT = new Set([
  "FusedMatMul",
  "DequantizeLinear",
  "MatMulNBits",
  "MatMulIntegerToFloat",
  "Abs",
  "ReduceMax",
  "Max",
  "Div",
  "QuantizeLinear",
]);

function profileTable(found: readonly Found[]): Table {
  const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
  const kinds = [...new Set(found.flatMap(({ profile }) => [...profile.keys()]))];
  const most = (kind: string): number => Math.max(...found.map(({ profile }) => profile.get(kind) ?? 0));
  const inProducts = ({ profile }: Found): number =>
    sum([...profile].map(([kind, time]) => (PRODUCT.has(kind) ? time : 0)));
  const row = (name: string, show: (found: Found) => string): readonly string[] => [name, ...found.map(show)];
  return {
    caption: `Milliseconds of a forward pass with tensor-train adapters by operation, mean of ${PASSES}, in ONNX Runtime's own profile.`,
    head: ["operation", ...found.map(({ precision }) => precision)],
    rows: [
      ...kinds
        .sort((a, b) => most(b) - most(a))
        .slice(0, 18)
        .map((kind) => row(kind, ({ profile }) => profile.get(kind)?.toFixed(2) ?? "-")),
      row("all", ({ profile }) => sum(profile.values()).toFixed(2)),
      row(
        "of it in frozen products' operations",
        (each) => `${((100 * inProducts(each)) / sum(each.profile.values())).toFixed(0)} %`,
      ),
    ],
  };
}
