import type { Adapter } from "../../adapter/adapter";
import { fail } from "../../check/check";
import type { Model } from "../../model/model";
import type { FrozenMatrix } from "../../ops/ops";
import type { Recording } from "../../ops/program";
import type { Gradient } from "../../ops/reverse";
import { keepOf } from "../keep-factors";
import { addStack } from "../gradient-parts";
import { packBatch } from "../onnx/geometry";
import { cotangentOf, givenGradient } from "../given";
import { byOffset, recordGradient, recordHidden, recordModel } from "../record-model";
import type { GradientForm } from "../record-model";
import { findHidden } from "../find-hidden";
import type { ComputeHidden } from "../find-hidden";
import { readThrough } from "../row-blocks";
import { checkTokens, repeated, stackRows, withoutTangents } from "../rows";
import type { Features, ModelSession, TokenBatch } from "../session";
import { WorkerThread } from "../worker-thread";
import { backendNames, embeddingKey } from "./protocol";
import type {
  BackendName,
  EmbeddingRows,
  PassInput,
  ProgramKind,
  Rows,
  SentKind,
  TfReply,
  TfRequest,
} from "./protocol";

export interface TfjsOptions {
  /** Backends to try, in order; default: tfjs-node-gpu, tfjs-node, wasm, cpu. */
  readonly backends?: readonly BackendName[];
}

export interface TfjsSession extends ModelSession {
  readonly gradient: NonNullable<ModelSession["gradient"]>;
  readonly backend: BackendName;
  /** One line: which backend computes, and why those before it do not. */
  readonly told: string;
  /** Tensors on the backend now: the frozen weights alone, while nothing is being computed. */
  tensors(): Promise<number>;
}

function gradientKind({ classes, offset }: GradientForm): ProgramKind {
  return `gradient ${classes} ${offset}`;
}

/**
 * Opens a model and its adapter on TensorFlow.js, fp32, in a worker thread: features, tangents and gradients.
 * Frozen weights are uploaded once, when the model is opened.
 * For example `const { told } = await tfjsSession(model, adapter)`: "TensorFlow.js computes on wasm (tfjs-node-gpu: ...)".
 * @throws when no backend loads, with each one's reason
 */
export async function tfjsSession(model: Model, adapter: Adapter, options: TfjsOptions = {}): Promise<TfjsSession> {
  const { backends = backendNames } = options;
  const { layout } = adapter;
  // The worker loads TypeScript by itself; what loads it here (a test's --import) is not handed on.
  const worker = new WorkerThread("src/engine/tfjs/worker.cjs", "TensorFlow.js", { execArgv: [] });
  const ask = (request: TfRequest): Promise<TfReply> => worker.request(request);
  const recordings = new Map<ProgramKind, Promise<Recording>>();
  const uploaded = new Set<string>();
  let passes = 0;

  const recorded = new Map<ProgramKind, Gradient>();
  const backwards = (form: GradientForm): Gradient => {
    const made = recorded.get(gradientKind(form)) ?? recordGradient(model, adapter, form);
    recorded.set(gradientKind(form), made);
    return made;
  };
  const program = (kind: ProgramKind, record: () => Recording): Promise<Recording> => {
    const known = recordings.get(kind);
    if (known) return known;
    const sending = send(kind, record());
    recordings.set(kind, sending);
    return sending;
  };
  const send = async (kind: SentKind, recording: Recording): Promise<Recording> => {
    const read = recording.program.instructions.filter(({ op }) => ["frozen", "vector", "frozenBack"].includes(op));
    for (const arg of read.flatMap(({ args }) => args)) {
      if (arg.kind !== "frozen" || uploaded.has(arg.name)) continue;
      uploaded.add(arg.name);
      const weight = recording.frozen.get(arg.name)!;
      await ask({ action: "weight", name: arg.name, shape: weight.shape, data: weight.read() });
    }
    await ask({ action: "program", kind, program: recording.program });
    return recording;
  };

  const passInput = async (
    recording: Promise<Recording>,
    points: readonly Float32Array[],
    directions: readonly Float32Array[],
    batch: TokenBatch,
  ): Promise<PassInput> => {
    checkTokens(batch, model);
    keepOf(batch, adapter);
    const [theta, zs] = [stackRows("points", points, layout.size), stackRows("directions", directions, layout.size)];
    const { keep } = batch;
    return { ...batchInput(await recording, batch), points: theta, directions: zs, ...(keep && { keep }) };
  };
  const batchInput = (
    { program: { instructions }, frozen }: Recording,
    batch: TokenBatch,
  ): Pick<PassInput, "geometry" | "embeddings"> => {
    const geometry = packBatch(batch);
    const embeddings = new Map<string, EmbeddingRows>();
    for (const { op, args } of instructions) {
      const [table, by] = args;
      if (op !== "embed" || table.kind !== "frozen" || by.kind !== "data") continue;
      const rows = by.data === "token" ? geometry.ids : by.data === "position" ? geometry.positions : [0];
      const { rows: readRows, shape } = frozen.get(table.name) as FrozenMatrix;
      embeddings.set(embeddingKey(table.name, String(by.data)), { data: readRows(rows), width: shape[1] });
    }
    return { geometry, embeddings };
  };

  const asFeatures = (found: Rows | undefined): Features => {
    const { data, shape } = found ?? fail("features", "an output", "none");
    return { data, points: shape[0], texts: shape[1], width: shape[2] };
  };

  const plain = (): Promise<Recording> => program("plain", () => recordModel(model, adapter, "plain"));

  const features = async (points: readonly Float32Array[], batch: TokenBatch): Promise<Features> => {
    if (points.length === 0) fail("points", "at least one point", 0);
    const input = await passInput(plain(), points, [], batch);
    const { outputs } = await ask({ action: "run", kind: "plain", input });
    return repeated(asFeatures(outputs?.[0]), points.length);
  };

  /** One program of hidden states is kept: of those that were asked for last. */
  let states: { readonly of: string; readonly recording: Recording } | null = null;
  const hidden: ComputeHidden = async (places, rows, batch) => {
    const of = `${places.join()} ${rows}`;
    if (states?.of !== of) states = { of, recording: await send("hidden", recordHidden(model, places, rows)) };
    const input = batchInput(states.recording, batch);
    const none = { points: new Float32Array(0), directions: new Float32Array(0) };
    const { outputs = [] } = await ask({ action: "run", kind: "hidden", input: { ...input, ...none } });
    return outputs.map(({ data, shape }) => ({ data, rows: shape[1], width: shape[2] }));
  };

  let opened: TfReply;
  try {
    opened = await ask({ action: "open", layout, backends });
    const {
      program: { instructions },
      frozen,
    } = await plain();
    // Their rows are read when a text needs them.
    for (const { op, args } of instructions)
      if (op === "embed" && args[0].kind === "frozen") readThrough(frozen.get(args[0].name) as FrozenMatrix);
    if (model.head !== null) readThrough(model.head.weight);
  } catch (error) {
    await worker.end();
    throw error;
  }
  const { name = "cpu", told = "" } = opened;
  return {
    id: `${model.id}|${JSON.stringify(adapter.spec)}|tfjs fp32 ${name}`,
    layout,
    width: model.width,
    backend: name,
    told,
    features,
    hidden: findHidden(model, 0, hidden),
    async tangents(point, directions, batch) {
      if (directions.length === 0) fail("directions", "at least one direction", 0);
      if (layout.size === 0) return withoutTangents(await features([point], batch), directions.length);
      const dual = program("dual", () => recordModel(model, adapter, "dual"));
      const input = await passInput(dual, [point], directions, batch);
      const { outputs } = await ask({ action: "run", kind: "dual", input });
      return { primal: asFeatures(outputs?.[0]), tangents: asFeatures(outputs?.[1]) };
    },
    async gradient(point, batch, loss, offset) {
      checkTokens(batch, model);
      const { form, values, cotangent: known } = givenGradient(model, batch, loss, offset);
      const kind = gradientKind(form);
      const { derivatives, results } = backwards(form);
      const input = {
        ...(await passInput(
          program(kind, () => backwards(form)),
          [point],
          [],
          batch,
        )),
        given: new Map([...values].map(([name, { data, shape }]) => [name, { data: Float32Array.from(data), shape }])),
        ...(known && { cotangent: Float32Array.from(known) }),
      };
      const gathered = (parts: readonly Rows[]) => {
        const gradient = new Float32Array(form.offset === "offset" ? 0 : layout.size);
        let offsetGradient: Float32Array | null = byOffset(form) ? new Float32Array(offset!.rows.length) : null;
        derivatives.forEach(({ names }, i) => {
          if (names === null) offsetGradient = parts[i].data;
          else addStack(layout, names, parts[i].data, gradient);
        });
        return { gradient, ...(offsetGradient && { offsetGradient }) };
      };
      if (typeof loss !== "function") {
        const { outputs = [] } = await ask({ action: "run", kind, input });
        const losses = outputs[0]!.data;
        return {
          features: asFeatures(outputs[results.length - 1]),
          losses,
          ...gathered(outputs.slice(results.length)),
        };
      }
      const pass = passes++;
      const { outputs } = await ask({ action: "forward", kind, pass, input });
      try {
        const found = asFeatures(outputs?.[0]);
        const { outputs: parts = [] } = await ask({ action: "pullBack", pass, cotangent: cotangentOf(loss, found) });
        return { features: found, ...gathered(parts) };
      } catch (error) {
        await ask({ action: "release", pass }).catch(() => undefined);
        throw error;
      }
    },
    embeddingWidth: model.embeddingWidth,
    tensors: async () => (await ask({ action: "tensors" })).tensors ?? 0,
    hasEnded: () => worker.hasEnded(),
    dispose: () => worker.end(),
  };
}
