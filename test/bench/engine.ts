import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { compile } from "../../src/engine/onnx/compile";
import { feedsFor } from "../../src/engine/onnx/feeds";
import { packBatch } from "../../src/engine/onnx/geometry";
import type { BenchOptions } from "./options";
import { bareRun, engineOptions, products } from "./products";
import type { Product, Run } from "./products";
import type { Report, Table } from "./report";
import { llamaTrain, smollm2Texts, THREADS } from "./subject";
import type { Texts } from "./subject";
import { alternate, median, seconds, timed } from "./timing";

const BATCH = 16;
const CACHE = ".cache/onnx";

/** Where a forward pass's time goes inside ONNX Runtime, and which share of the machine's matrix product rate it reaches. */
export async function engineBench({ rounds = 15, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const { model } = texts.loaded;
  const geometry = packBatch(texts.batch(0).input);
  const frozen = products(model, geometry.tokens, BATCH);
  const single = (rows: number, inputs: number, outputs: number): Product => ({
    name: `one product, ${rows} x ${inputs} x ${outputs}`,
    rows,
    inputs,
    outputs,
  });
  const singles = [single(1024, 1024, 4096), single(512, 2048, 2048), single(256, 4096, 1024)];
  const work = (list: readonly Product[]): number =>
    list.reduce((sum, { rows, inputs, outputs }) => sum + 2e-9 * rows * inputs * outputs, 0);

  const rows: { readonly name: string; readonly operations: number; readonly run: Run }[] = [
    ...(await Promise.all(
      singles.map(async (product) => ({
        name: product.name,
        operations: work([product]),
        run: await bareRun([product]),
      })),
    )),
    { name: "the model's frozen products alone", operations: work(frozen), run: await bareRun(frozen) },
    { name: "forward pass, no adapter", operations: work(frozen), run: (await forward(texts, false, false)).run },
    {
      name: "forward pass, tensor-train adapters",
      operations: work(frozen),
      run: (await forward(texts, true, false)).run,
    },
  ];
  const times = await alternate(
    rows.map(({ name, run }) => ({ name, run: () => timed(run) })),
    { rounds, warmUps: 3, minutes },
  );
  const rate = ({ name, operations }: (typeof rows)[number]): number => (1000 * operations) / median(times.get(name)!);
  const profiled = await profile(texts);
  const inside = (1000 * work(frozen)) / profiled.productMilliseconds;
  const best = Math.max(...rows.map(rate));
  const [alone, , whole] = rows.slice(singles.length).map(rate);
  return {
    title: "Inside the engine",
    tables: [
      {
        caption:
          `SmolLM2-135M, ${BATCH} SST-2 phrases, ${geometry.tokens} tokens, one point, fp32, ${THREADS} threads, ${times.get(rows[0].name)!.length} rounds in turn after 3 warm-ups. ` +
          "The rate counts the frozen linear layers' operations only; adapters, attention and norms add time but no operations.",
        head: ["what", "GFLOP", "seconds", "GFLOP/s", "of the best rate"],
        rows: rows.map((row) => [
          row.name,
          row.operations.toFixed(1),
          seconds(times.get(row.name)!, 3),
          rate(row).toFixed(0),
          `${((100 * rate(row)) / best).toFixed(0)} %`,
        ]),
      },
      profiled.table,
    ],
    notes: [
      `By the profile the frozen products alone run at ${inside.toFixed(0)} GFLOP/s inside the pass; the whole pass with adapters ` +
        `at ${whole.toFixed(0)}, ${((100 * whole) / inside).toFixed(0)} % of it. The rest is attention, adapters, norms, and moving values.`,
      `The graph of products alone (${alone.toFixed(0)} GFLOP/s) keeps all results in memory until they are summed, which the pass does not. ` +
        "It and the single products are lower bounds of what the machine can do, not its peak.",
      "The second table is ONNX Runtime's own profile of single operations; profiling itself slows small operations.",
    ],
  };
}

async function forward(
  { loaded, batch }: Texts,
  adapted: boolean,
  profiled: boolean,
  prefix = "",
): Promise<{ readonly run: Run; readonly session: InferenceSession }> {
  const { model } = loaded;
  const adapter = makeAdapter(adapted ? llamaTrain : { kind: "none" }, model);
  const compiled = await compile(model, adapter, "plain", resolve(CACHE), { fused: true });
  const profiling = profiled ? { enableProfiling: true, profileFilePrefix: prefix } : {};
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

/** Time of each kind of operation, from ONNX Runtime's own profile of 10 forward passes. */
async function profile(texts: Texts): Promise<{ readonly table: Table; readonly productMilliseconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), "adazeta-profile-"));
  try {
    const { run, session } = await forward(texts, true, true, join(folder, "profile"));
    for (let i = 0; i < 10; i++) await run();
    session.endProfiling();
    const [file] = readdirSync(folder);
    const events = JSON.parse(readFileSync(join(folder, file), "utf8")) as readonly ProfileEvent[];
    const kinds = new Map<string, { count: number; time: number }>();
    for (const { cat, name, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
      const kind = args?.op_name ?? "unknown";
      const { count, time } = kinds.get(kind) ?? { count: 0, time: 0 };
      kinds.set(kind, { count: count + 1, time: time + dur });
    }
    const total = [...kinds.values()].reduce((sum, { time }) => sum + time, 0);
    const table = {
      caption: "One forward pass with tensor-train adapters by operation, mean of 10, in ONNX Runtime's own profile.",
      head: ["operation", "how many", "milliseconds", "share"],
      rows: [...kinds]
        .sort(([, a], [, b]) => b.time - a.time)
        .slice(0, 14)
        .map(([kind, { count, time }]) => [
          kind,
          String(count / 10),
          (time / 1e4).toFixed(2),
          `${((100 * time) / total).toFixed(1)} %`,
        ]),
    };
    return { table, productMilliseconds: (kinds.get("FusedMatMul")?.time ?? NaN) / 1e4 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
